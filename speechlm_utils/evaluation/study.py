"""Run one linear arm: a function from arm and clips to records, in the form of the language model's study."""

import time
from collections import Counter

import numpy as np

from ..clips import Clip, label_ids
from ..metrics import macro_f1_scores
from ..tokens import list_occurrences
from .arms import Draw, Part
from .linear import LinearModel, Words
from .study_arms import LINEAR_ARMS, Beside


def run_linear_arm(name: str, part: Part, beside: Beside, task: str, label_names: list[str]) -> list[dict]:
    """Fit an arm on train and return a record for each draw: predictions and scores by split, and its cost.

    `part.test` holds clips of several splits; tokens, C, weights are chosen within train. "cpu_seconds" are
    those of selecting, fitting and predicting; what was measured or encoded before is not among them.
    """
    arm, start = LINEAR_ARMS[name], time.process_time()
    part = arm.change(part, beside)
    draws = arm.list_draws(part, beside)
    shared, records = (time.process_time() - start) / len(draws), []
    for seed, draw in enumerate(draws):
        start = time.process_time()
        record = _fit_draw(part, draw, arm.use_text)
        predicted = dict(zip((clip.id for clip in part.test), record.pop("predicted"), strict=True))
        for split in dict.fromkeys(clip.split for clip in part.test):
            clips = [clip for clip in part.test if clip.split == split]
            found = [int(predicted[clip.id]) for clip in clips]
            record["predictions"][split] = found
            y = label_ids(clips, task, label_names)
            record["scores"][split] = macro_f1_scores(y, found, len(label_names))
        seconds = round(shared + time.process_time() - start, 3)
        records.append({"arm": name, "task": task, "seed": seed} | record | {"cpu_seconds": seconds})
    return records


def _fit_draw(part: Part, draw: Draw, use_text: bool) -> dict:
    blocks = [Words()] * use_text + [draw.block] * (draw.block is not None)
    record = {"predictions": {}, "scores": {}, "tokens": [list(token) for token in draw.tokens]}
    for key, once in (("audio_tokens_per_clip", False), ("audio_tokens_per_clip_once", True)):
        record[key] = float(np.mean([_count(clip, draw, once) for clip in part.test]))
    if not blocks:  # nothing was selected: the most frequent class
        most = Counter(part.y.tolist()).most_common(1)[0][0]
        return record | {"predicted": np.full(len(part.test), most), "n_trainable": 0, "settings": {}}
    model = LinearModel(blocks).fit(part.train, part.y, part.inner_folds())
    about = {"n_trainable": model.n_parameters_, "settings": model.settings_}
    return record | {"predicted": model.predict(part.test)} | about


def _count(clip: Clip, draw: Draw, once: bool) -> int:
    return len(list_occurrences(clip.codes, draw.tokens, once)) if draw.tokens else 0
