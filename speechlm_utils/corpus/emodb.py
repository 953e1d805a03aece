"""Read EmoDB, the Berlin Database of Emotional Speech, from the WAV files that its publishers distribute.

Burkhardt et al., Interspeech 2005: ten actors say the same ten German sentences in seven emotions. A file's
name says all there is to know: `03a01Fa.wav` is speaker 03, sentence a01, F (Freude), version a.
"""

import logging
import re
from pathlib import Path

from ..clips import Clip
from .rows import name_errors

log = logging.getLogger(__name__)

TASK = "emotion"  # the name of the task in `Clip.labels`
N_CLIPS = 535  # of the published database

EMOTIONS = {
    "W": "anger",  # Wut, Ärger
    "L": "boredom",  # Langeweile
    "E": "disgust",  # Ekel
    "A": "fear",  # Angst
    "F": "happiness",  # Freude
    "T": "sadness",  # Trauer
    "N": "neutral",
}
"""Letter in a file's name, the initial of the German word, and the label."""

SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen.",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}

SPLITS = (
    dict.fromkeys(("03", "08", "09", "10", "11"), "train")
    | {"13": "validation"}
    | dict.fromkeys(("12", "14", "15", "16"), "test")
)
"""The split of each speaker. It is ours: the database comes without splits."""


def load_emodb(folder: str | Path) -> list[Clip]:
    """Load EmoDB: one clip a WAV file, by name. Sound files are not looked at.

    A clip's **group is its speaker**, not its sentence. All ten sentences occur with every speaker and in
    every emotion, so words tell nothing and a shared sentence gives nothing away, while a voice that is known
    from training does. By speaker, folds and permutations keep voices whole, and intervals resample voices.

    Parameters
    ----------
    folder : the unpacked archive, whose folder `wav` holds the files, or that folder itself. Names and
        endings may be in either case. Hidden files and files that are no WAV are left out, and a log message
        names them; another says how many clips are missing

    Returns
    -------
    clips : list of Clip. `id` is the name ("03a01Fa"), `labels["emotion"]` a name of `EMOTIONS`, `speaker`
        two digits, `split` that of `SPLITS`

    FileNotFoundError or ValueError names the file, the value and what is expected.
    """
    clips: dict[str, Clip] = {}
    for path in _list_wavs(Path(folder)):
        with name_errors(str(path)):
            clip = _read_name(path)
            if (other := clips.setdefault(clip.id, clip)) is not clip:
                raise ValueError(f"is clip {clip.id}, and so is {other.audio}; keep one")
    if len(clips) != N_CLIPS:
        log.warning("%s: holds %d clips; the published database has %d", folder, len(clips), N_CLIPS)
    return list(clips.values())


def _list_wavs(folder: Path) -> list[Path]:
    """List the WAV files of the folder `wav`, or of this folder, by name; tell what else lies there."""
    expected = "expected EmoDB's folder with wav/03a01Fa.wav and so on, or the folder of these files"
    if folder.is_file():
        raise ValueError(f"{folder}: is a file; unpack the archive: {expected}")
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; {expected}")
    inner = [path for path in folder.iterdir() if path.is_dir() and path.name.lower() == "wav"]
    files = sorted(path for path in (inner[0] if inner else folder).iterdir() if path.is_file())
    wavs = [path for path in files if path.suffix.lower() == ".wav" and not path.name.startswith(".")]
    if not wavs:
        raise ValueError(f"{inner[0] if inner else folder}: holds no WAV file; {expected}")
    if others := [path.name for path in files if path not in wavs]:
        log.warning("%s: hidden files and files that are no WAV are left out: %s", folder, others)
    return wavs


def _read_name(path: Path) -> Clip:
    """Make the clip that a file's name describes."""
    found = re.fullmatch(r"(\d\d)([a-z]\d\d)([a-z])([a-z])", path.stem.lower(), re.ASCII)
    if not found:
        form = "speaker (2 digits), sentence (3 characters), emotion and version (a letter each)"
        raise ValueError(f"{path.stem!r} is no name of the form 03a01Fa: {form}")
    speaker, sentence, emotion, version = found.groups()
    emotion = emotion.upper()
    for what, value, known in (
        ("speaker", speaker, SPLITS),
        ("sentence", sentence, SENTENCES),
        ("emotion", emotion, EMOTIONS),
    ):
        if value not in known:
            raise ValueError(f"{what} {value!r} is none of {sorted(known)}")
    return Clip(
        id=f"{speaker}{sentence}{emotion}{version}",
        text=SENTENCES[sentence],
        audio=path,
        labels={TASK: EMOTIONS[emotion]},
        split=SPLITS[speaker],
        speaker=speaker,
        group=speaker,
    )
