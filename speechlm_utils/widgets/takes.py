"""Up to three takes of a recording side by side: play, compare what is predicted, save them as a corpus."""

import base64
import csv
import io
import zipfile
from collections.abc import Sequence

import ipywidgets
import numpy as np
import soundfile
from matplotlib.figure import Figure

from ..clips import Clip
from ..plots.style import LABEL_CYCLE, show_name
from ..plots.training import plot_probabilities
from .panel import Picture, show_players
from .recorder import Recorder

MOST, SIZE = 3, (9, 3.4)  # takes; inches
Take = tuple[Clip, np.ndarray, np.ndarray]  # clip, sound (n_samples,), probabilities (n_classes,)


def keep_take(takes: Sequence[Take], take: Take) -> list[Take]:
    """Add a take, or put it in the place of the one of its name; of more than three the first goes."""
    names = [clip.id for clip, _, _ in takes]
    if take[0].id in names:
        return [take if name == take[0].id else one for name, one in zip(names, takes, strict=True)]
    return [*takes, take][-MOST:]


def draw_takes(figure: Figure, takes: Sequence[Take], names: Sequence[str]) -> str:
    """Draw the probability of each class in every take, side by side; returns it in words."""
    shares = {clip.id: probabilities for clip, _, probabilities in takes}
    ax = plot_probabilities(
        figure.subplots(), names, shares, dict(zip(shares, LABEL_CYCLE[: len(shares)], strict=True))
    )
    ax.legend(loc="lower right")
    said = (f"{name}: {show_name(names[int(one.argmax())])} {one.max():.0%}" for name, one in shares.items())
    return "; ".join(said)


def save_takes(takes: Sequence[Take], task: str, label_names: Sequence[str]) -> str:
    """Write takes as a corpus in a ZIP (WAV files and metadata.csv, see `load_corpus`), as a data URI.

    The column of the task holds what was predicted: correct it before you train on it.
    """
    file, table = io.BytesIO(), io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["file_name", "text", "speaker", f"{task}_predicted"])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for clip, wav, probabilities in takes:
            sound, name = io.BytesIO(), clip.id.replace(" ", "_")
            soundfile.write(sound, wav, clip.spec.sample_rate, format="WAV")
            archive.writestr(name, sound.getvalue())
            writer.writerow([name, clip.text, "me", label_names[int(probabilities.argmax())]])
        archive.writestr("metadata.csv", table.getvalue())
    return f"data:application/zip;base64,{base64.b64encode(file.getvalue()).decode()}"


class Takes:
    """A recorder above a clip explorer, and below it what was recorded; `box` is what to show.

    A recording goes the way of an upload, and its words are recognised.
    """

    def __init__(self, explorer):
        self.explorer, self.takes, self.n_recorded = explorer, [], 0
        self.recorder, self.picture = Recorder(), Picture(*SIZE)
        self.players, self.link = ipywidgets.HTML(), ipywidgets.HTML()
        below = [self.players, self.picture.widget, self.link]
        self.box = ipywidgets.VBox([self.recorder, explorer.box, *below])
        self.recorder.observe(lambda _: self.record(), "recording")
        explorer.shown = self.keep

    def record(self) -> None:
        """Take what the microphone has heard."""
        self.n_recorded += 1
        name = f"take {self.n_recorded}.wav"
        self.explorer.take_sound(name, bytes(self.recorder.recording), self.recorder)
        if self.explorer.clip is not None:  # it could be read
            self.explorer.recognise_words()

    def keep(self, clip: Clip, wav: np.ndarray, probabilities: np.ndarray) -> None:
        """Keep what the explorer shows, if it was recorded, and show all takes side by side."""
        if not clip.id.startswith("take "):
            return
        self.takes = keep_take(self.takes, (clip, wav, probabilities))
        names, task = self.explorer.classifier.label_names, self.explorer.classifier.task
        sounds = {f"{one.id}: {one.text}": sound for one, sound, _ in self.takes}
        self.players.value = show_players(sounds, clip.spec.sample_rate).data
        self.picture.draw(lambda figure: draw_takes(figure, self.takes, names))
        address = save_takes(self.takes, task, names)
        text = "Save the takes as a corpus (ZIP: sounds and metadata.csv)"
        self.link.value = f'<a download="takes.zip" href="{address}">{text}</a>'
