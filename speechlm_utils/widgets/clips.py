"""Choose a clip or upload a recording, and see what the model hears in it and says about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from ..attribution.edits import list_kept
from ..audio import FORMATS, LONGEST, load_audio, read_upload
from ..clips import Clip
from ..plots.codec import plot_codes, plot_waveform
from ..plots.embeddings import plot_kept_tokens
from ..plots.style import BOTH, show_name
from ..plots.training import plot_probabilities
from .listen import show_players
from .live import live
from .panel import WIDE, Picture, Status, busy, stack
from .training import show_prompt

SIZE, BARS = (9, 4.6), (9, 2.6)  # inches


@dataclass(frozen=True)
class Heard:
    """A recording as it is worked with: the clip with its codes, and its waveform (n_samples,)."""

    clip: Clip
    wav: np.ndarray


def draw_clip(figure: Figure, heard: Heard, classifier) -> str:
    """Draw waveform, codes and kept tokens of a recording above each other; returns it in words."""
    codec, codes = classifier.codec, heard.clip.codes
    kept = list_kept(codes, classifier.tokens, classifier.settings.collapse_repeats)
    wave, image, tokens = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.5, 1.3))
    plot_waveform(wave, heard.wav, codec.spec.sample_rate)
    plot_codes(image, codes, codec.spec)
    frames, layers = [token.frame for token in kept], [token.layer for token in kept]
    plot_kept_tokens(tokens, frames, layers, codes.shape[1], len(codes), codec.spec.frame_rate)
    image.set_title(f"{codes.size:,} codes: a colour stands for a code and means no size")
    tokens.set_title(f"kept: {len(kept)}")
    return f"waveform, {codes.size} codes and {len(kept)} kept tokens"


def draw_prediction(figure: Figure, probabilities: np.ndarray, classifier, truth: str | None = None) -> str:
    """Draw the probability of every class, the true one on a grey band; returns them in words."""
    names = classifier.label_names
    truth = truth if truth in names else None
    plot_probabilities(figure.subplots(), names, {"": probabilities}, {"": BOTH}, truth=truth)
    return ", ".join(f"{show_name(name)} {p:.0%}" for name, p in zip(names, probabilities, strict=True))


def predict_clip(classifier, clip: Clip) -> np.ndarray:
    """Return the probability of each class, float array (n_classes,)."""
    return softmax(classifier.predict([clip])[0])


def _draw_still(classifier, clips: Mapping[str, Clip], explain: Callable | None = None) -> None:
    heard = hear_clip(next(iter(clips.values())), classifier.codec)
    figure = plt.figure(figsize=(SIZE[0], SIZE[1] + BARS[1]))
    above, below = figure.subfigures(2, 1, height_ratios=(SIZE[1], BARS[1]))
    draw_clip(above, heard, classifier)
    shares = predict_clip(classifier, heard.clip)
    draw_prediction(below, shares, classifier, heard.clip.labels.get(classifier.task))


def hear_clip(clip: Clip, codec) -> Heard:
    """Load a clip's sound, and its codes where it has none."""
    wav = load_audio(clip.audio, codec.spec.sample_rate)
    return Heard(
        clip if clip.codes is not None else replace(clip, codes=codec.encode(wav), spec=codec.spec), wav
    )


@live(still=_draw_still)
def explore_clips(
    classifier, clips: Mapping[str, Clip], explain: Callable[[Figure, Heard], str] | None = None
) -> ipywidgets.Widget:
    """Return a menu of clips, an upload and a field for the words, above what the model makes of them.

    Parameters
    ----------
    classifier : SpeechTokenClassifier with its codec
    clips : what the menu shows -> clip
    explain : draws an attribution into an empty figure, called with it and the recording, and returns it in
        words; it may take seconds, so it waits for a button. None: there is no button

    Raises
    ------
    ValueError
        If there is no clip.
    """
    return ClipExplorer(classifier, clips, explain).box


class ClipExplorer:
    """The control behind `explore_clips`; `box` is what to show."""

    def __init__(self, classifier, clips: Mapping[str, Clip], explain: Callable | None = None):
        if not clips:
            raise ValueError("clips: none given, the menu would be empty")
        if classifier.codec is None:
            classifier.use_codec()
        self.classifier, self.explain, self.status, self.heard = classifier, explain, Status(), None
        wide = {"layout": WIDE, "style": {"description_width": "6rem"}}
        self.choice = ipywidgets.Dropdown(options=list(clips.items()), description="clip", **wide)
        hint = f"or upload up to {LONGEST:g} s"
        self.upload = ipywidgets.FileUpload(
            accept=",".join(FORMATS), description=hint, layout={"width": "16rem"}, tooltip=hint
        )
        example = next(iter(clips.values())).text
        self.words = ipywidgets.Text(
            description="words", continuous_update=False, placeholder=f"written as in: {example}", **wide
        )
        self.why = ipywidgets.Button(description="Explain the prediction", layout={"width": "16rem"})
        self.player, self.prompt = ipywidgets.HTML(), ipywidgets.HTML()
        self.codes, self.bars = Picture(*SIZE), Picture(*BARS)
        self.reasons = Picture(9, 5)
        self._watch()
        parts = [self.choice, self.upload, self.words, self.status.widget, self.player, self.codes.widget]
        parts += [self.prompt, self.bars.widget]
        parts += [self.why, self.reasons.widget] if explain else []
        self.box = stack(parts)
        self.choose()

    @property
    def controls(self) -> list[ipywidgets.Widget]:
        """All that can be operated."""
        return [self.choice, self.upload, self.words, self.why]

    def _watch(self) -> None:
        self.choice.observe(lambda _: self.choose(), "value")
        self.upload.observe(lambda _: self.take_upload(), "value")
        self.words.observe(lambda _: self.change_words(), "value")
        self.why.on_click(lambda _: self.show_reasons())

    def choose(self) -> None:
        """Take the clip that the menu shows."""
        with busy(self.controls, self.status, "reading the clip", self.choice, self.blank):
            self.show(hear_clip(self.choice.value, self.classifier.codec))

    def take_upload(self) -> None:
        """Take the file that was uploaded, with no words yet."""
        if not self.upload.value:
            return
        file, codec = self.upload.value[0], self.classifier.codec
        with busy(self.controls, self.status, f"reading {file['name']}", self.upload, self.blank):
            self.upload.value = ()  # so that the same file can be chosen again
            wav = read_upload(file["name"], bytes(file["content"]), codec.spec.sample_rate)
            self.show(Heard(Clip(file["name"], "", None, codes=codec.encode(wav), spec=codec.spec), wav))

    def change_words(self) -> None:
        """Predict again with other words."""
        if self.heard is None or self.words.value == self.heard.clip.text:
            return
        with busy(self.controls, self.status, "predicting", self.words):
            self.show(replace(self.heard, clip=replace(self.heard.clip, text=self.words.value)))

    def blank(self) -> None:
        """Show nothing of the recording before."""
        self.heard, self.words.value, self.player.value, self.prompt.value = None, "", "", ""
        for picture in (self.codes, self.bars, self.reasons):
            picture.clear()

    def show(self, heard: Heard) -> None:
        """Show a recording and its prediction."""
        classifier, clip = self.classifier, heard.clip
        shares = predict_clip(classifier, clip)
        self.blank()
        self.heard, self.words.value = heard, clip.text
        self.player.value = show_players({clip.id: heard.wav}, classifier.codec.spec.sample_rate).data
        self.codes.draw(lambda figure: draw_clip(figure, heard, classifier))
        prompt = classifier.encode([clip])[0][0]
        self.prompt.value = show_prompt(classifier.tokenizer, prompt)._repr_html_()
        truth = clip.labels.get(classifier.task)
        self.bars.draw(lambda figure: draw_prediction(figure, shares, classifier, truth))
        self.status.show(self.describe(shares, prompt))

    def describe(self, shares: np.ndarray, prompt) -> str:
        """Say what is most probable, and what it rests on."""
        clip, likely = self.heard.clip, int(shares.argmax())
        said = f"most probable: {show_name(self.classifier.label_names[likely])} ({shares[likely]:.0%})"
        if self.classifier.task in clip.labels:
            said += f", true: {show_name(clip.labels[self.classifier.task])}"
        said += f"; {prompt.n_text} text and {prompt.n_audio} audio tokens are read"
        if prompt.n_text_cut + prompt.n_audio_cut:
            said += f", {prompt.n_text_cut} and {prompt.n_audio_cut} more are cut"
        return said + ("" if clip.text.strip() else "; no words yet: type what is said, then press Enter")

    def show_reasons(self) -> None:
        """Draw which tokens the prediction rests on."""
        with busy(self.controls, self.status, "asking which tokens mattered: some seconds", self.why):
            if self.heard is None:
                raise ValueError("there is no recording to explain: choose a clip or upload one")
            self.reasons.draw(lambda figure: self.explain(figure, self.heard))
            self.status.show("the attribution is below")
