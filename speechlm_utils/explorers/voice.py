"""Record a corpus in a page: sentences, each said in several manners, and saved as a ZIP to load again."""

from collections.abc import Sequence

from .page import Explorer

SECONDS, RATE = 10.0, 16000  # longest recording; Hz of what is kept
FOLDER = "own"  # in the ZIP, and in `data/` for the profile of this name


def record_corpus(sentences: Sequence[str], labels: Sequence[str], sample_rate: int = RATE) -> Explorer:
    """Return a recorder that asks for every sentence under every label; words and labels can be changed.

    Its ZIP holds a folder `own` with WAV files and a metadata.csv (file_name, text, speaker, label), which
    `load_corpus` reads once it is unpacked. No kernel is needed, and nothing leaves the page but by saving.
    """
    data = {"sentences": list(sentences), "labels": list(labels), "folder": FOLDER}
    data |= {"seconds": SECONDS, "sample_rate": sample_rate}
    return Explorer("voice", "Record a corpus", data, ("microphone",))
