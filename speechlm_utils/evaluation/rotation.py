"""Run the arms over folds, in processes, and put what every fold predicts together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from joblib import Parallel, delayed, parallel_config

from ..clips import Clip
from ..selection.selector import list_selected
from ..selection.stability import Folds
from ..tokens import list_occurrences
from .arms import Draw, Part, Recipe, fit_selector, list_controls, list_whole_layers, read_tokens
from .linear import LinearModel, Measured, Words

UNTESTED = -1
"""Stands for the prediction of a clip that no fold has in test."""


@dataclass(frozen=True)
class Material:
    """What may be read of the clips of a task.

    Attributes
    ----------
    clips : list of Clip with codes and speakers
    y : int array, shape (n_clips,)
    features : name -> {clip id -> float array (n_columns,)}: measured acoustics, states of an encoder
    codes : name -> the same clips with other codes: at equal loudness, of an untrained codec
    """

    clips: list[Clip]
    y: np.ndarray
    features: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    codes: Mapping[str, Sequence[Clip]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What an arm predicts, and what a language model would have to read for it.

    Attributes
    ----------
    predictions : int array, shape (n_draws, n_clips); `UNTESTED` for a clip that no fold tests
    per_clip, per_clip_once : float, tokens that a tested clip holds, and with those that last counted once;
        the mean over draws; 0 where an arm reads no list of tokens
    n_tokens : list of int, tokens of every fold and draw
    settings : list of dict, "C" and "weight" of every fold and draw
    """

    predictions: np.ndarray
    per_clip: float = 0.0
    per_clip_once: float = 0.0
    n_tokens: list[int] = field(default_factory=list)
    settings: list[dict] = field(default_factory=list)

    def take(self, places: np.ndarray) -> "Outcome":
        """Return the outcome with the predictions of some clips alone; `places` as NumPy indexes them."""
        return replace(self, predictions=self.predictions[:, places])


def run_arms(material: Material, folds: Folds, recipe: Recipe, n_jobs: int = 1) -> dict[str, Outcome]:
    """Predict the test clips of every fold by every arm, alone ("selected") and beside the words.

    Nothing of a fold's test clips takes part in a choice: tokens, draws, C and weights come from train.
    n_jobs processes, of one thread each, take one group of arms of one fold at a time.
    """
    jobs = []
    for place, (train, test) in enumerate(folds):
        sides = ([material.clips[i] for i in some] for some in (train, test))
        part = Part(next(sides), material.y[train], next(sides), recipe)
        jobs += [(place, *job) for job in _plan_jobs(part, material)]
    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        found = Parallel()(delayed(_run_job)(*job) for _, *job in jobs)
    by_arm = {}
    for (place, *_), outcomes in zip(jobs, found, strict=True):
        for name, one in outcomes.items():
            by_arm.setdefault(name, []).append((folds[place][1], one))
    return {name: join_folds(parts, len(material.y)) for name, parts in by_arm.items()}


def _plan_jobs(part: Part, material: Material) -> list[tuple]:
    """List (arms of a part, part, beside words); the arms of one job share a selection."""
    measured = {name: [Draw(Measured(values))] for name, values in material.features.items()}
    groups = [(list_controls, part), (list_whole_layers, part)]
    groups += [(partial(_select, name="shuffled audio"), part.shuffle_audio())]
    for name, clips in material.codes.items():
        coded = {clip.id: clip for clip in clips}
        groups.append((partial(_select, name=name), part.with_codes(coded)))
    if measured:
        groups.append((lambda part, use_text: measured, part))
    jobs = [(*group, use_text) for group in groups for use_text in (True, False)]
    return [*jobs, (lambda part, use_text: {"": [Draw(None)]}, part, True)]


def _select(part: Part, use_text: bool, name: str) -> dict[str, list[Draw]]:
    return {f"selected, {name}": [read_tokens(list_selected(fit_selector(part, use_text)))]}


def predict_arms(
    part: Part, arms: Mapping[str, Sequence[Draw]], use_text: bool = True, n_jobs: int = 1
) -> dict[str, Outcome]:
    """Predict the test clips of one fold by every draw of some arms, beside the words or alone.

    Weight and C of every draw are chosen anew, within train. Predictions are (n_draws, n_test); n_jobs
    processes, of one thread each, take one draw at a time.
    """
    folds, draws = part.inner_folds(), [draw for some in arms.values() for draw in some]
    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        found = iter(Parallel()(delayed(_predict_draw)(part, draw, folds, use_text) for draw in draws))
    return {name: _count_tokens(part, some, [next(found) for _ in some]) for name, some in arms.items()}


def _run_job(list_arms: Callable, part: Part, use_text: bool) -> dict[str, Outcome]:
    """Fit and predict every draw of some arms, named after what they read."""
    outcomes = predict_arms(part, list_arms(part, use_text), use_text)
    return {" + ".join(["words"] * use_text + [name] * bool(name)): one for name, one in outcomes.items()}


def _predict_draw(part: Part, draw: Draw, folds: Folds, use_text: bool) -> tuple[np.ndarray, dict]:
    """Return the predictions of one draw, (n_test,), and the settings of its model."""
    blocks = [Words()] * use_text + [draw.block] * (draw.block is not None)
    if not blocks:  # the lasso has kept nothing: the most frequent class
        return np.full(len(part.test), np.bincount(part.y).argmax()), {}
    model = LinearModel(blocks).fit(part.train, part.y, folds)
    return model.predict(part.test), model.settings_


def _count_tokens(part: Part, draws: Sequence[Draw], found: Sequence[tuple]) -> Outcome:
    """Join what was found for some draws, and count what a clip holds of their tokens."""
    read = (
        [[len(list_occurrences(clip.codes, draw.tokens, once)) for clip in part.test] for draw in draws]
        for once in (False, True)
    )
    predictions, settings = zip(*found, strict=True)
    per_clip = (float(np.mean(one)) for one in read)
    n_tokens, settings = [len(draw.tokens) for draw in draws], [one for one in settings if one]
    return Outcome(np.stack(predictions), *per_clip, n_tokens, settings)


def join_folds(parts: Sequence[tuple[np.ndarray, Outcome]], n_clips: int) -> Outcome:
    """Join the outcomes of folds; `parts` are (places of the tested clips, their outcome)."""
    predictions = np.full((len(parts[0][1].predictions), n_clips), UNTESTED)
    for test, one in parts:
        predictions[:, test] = one.predictions
    sizes = [len(test) for test, _ in parts]
    per_clip, once = (
        float(np.average([getattr(one, name) for _, one in parts], weights=sizes))
        for name in ("per_clip", "per_clip_once")
    )
    n_tokens, settings = (
        [value for _, one in parts for value in getattr(one, name)] for name in ("n_tokens", "settings")
    )
    return Outcome(predictions, per_clip, once, n_tokens, settings)
