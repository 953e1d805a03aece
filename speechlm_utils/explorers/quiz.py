"""The quiz: a person labels test clips blind, and is compared with the language model on the same clips."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from ..audio import load_audio, normalise_rms
from ..clips import Clip, select_clips
from ..corpus.load import read_clips
from ..files import write_text
from ..plots.style import show_name
from ..studies.report import load_study, stack_predictions
from .page import Explorer, render_page
from .sounds import embed_clip, embed_sound

TASK, RATE = "fallacy", 16000  # Hz
MODELS = {"words alone": "text", "words + 75 speech tokens": "lasso"}
"""What the page calls a model -> arm of the stored study; seed 0 of each lies in the repository."""

N_CLIPS, N_EXAMPLES = 20, 2  # test clips; train clips of each class to learn from
MELODY_HZ, MELODY_DBFS = 400, -26.0  # below it one hears pitch and loudness, and no words
TITLE = "Quiz: can you hear what the model hears?"


def write_quiz(data_dir: Path, run_dir: Path) -> Path | None:
    """Write `quiz.html` into a run folder, from the demo corpus and the stored study of a data folder.

    None if either is missing.
    """
    record, demo = Path(data_dir) / "reference" / f"llm_demo_{TASK}.json", Path(data_dir) / "demo"
    if not record.is_file() or not demo.is_dir():
        return None
    study, corpus, path = load_study(record), read_clips(demo), Path(run_dir) / "quiz.html"
    write_text(path, render_page(make_quiz(corpus, study), TITLE))
    return path


def make_quiz(corpus: Sequence[Clip], study: Mapping, n_clips: int = N_CLIPS, seed: int = 0) -> Explorer:
    """Make the quiz from a corpus and the predictions of a study on its test clips (seed 0 of two arms)."""
    names, ids = study["label_names"], study["clips"]["test"]["ids"]
    said = {name: stack_predictions(study, arm)[0] for name, arm in MODELS.items()}
    answers = {id: {name: int(one[i]) for name, one in said.items()} for i, id in enumerate(ids)}
    test = [clip for clip in select_clips(corpus, TASK, "test") if clip.id in answers]
    train = select_clips(corpus, TASK, "train")
    items = []
    for clip in sample_blind(test, n_clips, seed):
        item = describe_clip(clip, names) | {"models": answers[clip.id]}
        items.append(item | {"melody": embed_sound(filter_words(load_audio(clip.audio, RATE), RATE), RATE)})
    examples = [describe_clip(clip, names) for clip in sample_blind(train, N_EXAMPLES * len(names), seed)]
    sizes = {"train": len(train), "test": len(ids), "ambiguous": sum(one["ambiguous"] for one in items)}
    data = {"names": [show_name(name) for name in names], "items": items, "examples": examples}
    return Explorer("quiz", "Quiz", data | {"models": list(MODELS), "sizes": sizes})


def sample_blind(clips: Sequence[Clip], n: int, seed: int = 0) -> list[Clip]:
    """Sample n clips of different sentences: the classes in turn, of each an ambiguous and a specific one.

    Nothing that a model said of them is looked at.
    """
    queues: dict[tuple[str, bool], list[Clip]] = {}
    for i in np.random.default_rng(seed).permutation(len(clips)):
        queues.setdefault((clips[i].labels[TASK], clips[i].ambiguous), []).append(clips[i])
    chosen, sentences = [], set()
    while len(chosen) < n and any(queues.values()):
        for key in sorted(queues):
            while queues[key] and queues[key][-1].group in sentences:
                queues[key].pop()
            if queues[key]:
                chosen.append(queues[key].pop())
                sentences.add(chosen[-1].group)
    return chosen[:n]


def describe_clip(clip: Clip, names: Sequence[str]) -> dict:
    """Describe a clip for the page: id, words, place of its class among the names, and sound."""
    about = {"id": clip.id, "text": clip.text, "ambiguous": clip.ambiguous}
    about["truth"] = list(names).index(clip.labels[TASK])
    return about | {"sound": embed_clip(clip)}


def filter_words(wav: np.ndarray, sample_rate: int) -> np.ndarray:
    """Take the words away: keep of a sound (n_samples,) what lies below `MELODY_HZ`, at one level."""
    low = sosfilt(butter(10, MELODY_HZ, fs=sample_rate, output="sos"), wav)
    return np.clip(normalise_rms(low, MELODY_DBFS), -1, 1)
