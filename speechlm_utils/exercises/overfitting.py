"""What to turn first when LoRA overfits: an experiment of notebook 05, measured, with several seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from ..clips import Clip, sample_clips
from ..llm.load import load_llm
from .feedback import tell
from .small_lora import OVERFIT, change_settings, cut_model, train_small_lora

BASE = "as it is"


class OverfitLab:
    """LoRA in the last blocks of the language model, on a few clips; nothing is computed before it is asked.

    Parameters
    ----------
    llm_name : for `load_llm`
    clips_by_split : dict with "train" and "validation"; clips with a label of `task`, of which one per text
        is drawn, so that no words stand there with two labels
    task : str
    names : of the classes
    n_train, n_validation : int, clips to draw
    n_seeds : int, of head, adapters, dropout and order of the clips
    n_blocks : int, blocks with adapters
    lora_modules : names of the linear layers that get an adapter
    seed : int, of the draw and the first of the seeds
    llm_options : for `load_llm`
    """

    def __init__(
        self,
        llm_name,
        clips_by_split: Mapping[str, Sequence[Clip]],
        task: str,
        names: Sequence[str],
        n_train: int = 40,
        n_validation: int = 64,
        n_seeds: int = 3,
        n_blocks: int = 2,
        lora_modules: Sequence[str] = OVERFIT.lora_modules,
        seed: int = 0,
        **llm_options,
    ):
        self.llm_name, self.llm_options, self.n_blocks = llm_name, llm_options, n_blocks
        self.clips, self.task, self.names = clips_by_split, task, names
        self.limits = {"train": n_train, "validation": n_validation}
        base = replace(OVERFIT, lora_modules=lora_modules)
        self.settings = [replace(base, seed=seed + k) for k in range(n_seeds)]
        self.seed, self.known = seed, {}

    @cached_property
    def parts(self):
        """The last blocks, and what enters them for every clip."""
        drawn = {}
        for split, limit in self.limits.items():
            one_per_text = list({clip.text: clip for clip in self.clips[split]}.values())
            drawn[split] = sample_clips(one_per_text, self.task, limit=limit, seed=self.seed)
        model, tokenizer = load_llm(self.llm_name, **self.llm_options)
        return cut_model(model, tokenizer, drawn, self.task, self.names, self.n_blocks)

    def follow(self, **changes) -> np.ndarray:
        """Train with each seed: float array (n_seeds, 3, n_epochs), see `train_small_lora`.

        With no other change, fewer epochs are the beginning of the run as it is: the learning rate stays.
        """
        n_epochs = changes.get("n_epochs", self.settings[0].n_epochs)
        if set(changes) == {"n_epochs"} and n_epochs < self.settings[0].n_epochs:
            return self.follow()[:, :, :n_epochs]
        key = str(sorted(changes.items()))
        if key not in self.known:
            runs = [change_settings(settings, **changes) for settings in self.settings]
            self.known[key] = np.stack([train_small_lora(*self.parts, run, not changes) for run in runs])
        return self.known[key]

    def measure(self, knobs: Mapping[str, dict]) -> pd.DataFrame:
        """Train as it is and with each change, and return the values after the last epoch.

        Parameters
        ----------
        knobs : dict, name -> changes of FineTuneSettings

        Returns
        -------
        table : DataFrame, index (knob, seed), columns "training loss", "validation loss", "accuracy"
        """
        rows = {}
        for name, changes in {BASE: {}, **knobs}.items():
            for settings, curves in zip(self.settings, self.follow(**changes), strict=True):
                rows[name, settings.seed] = curves[:, -1]
        columns = ["training loss", "validation loss", "accuracy"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).set_index(
            pd.MultiIndex.from_tuples(rows, names=["knob", "seed"])
        )

    @property
    def rise(self) -> float:
        """How far the validation loss of the run as it is ends above its lowest value, mean over seeds."""
        losses = self.follow()[:, 1]
        return float((losses[:, -1] - losses.min(axis=1)).mean())


def compare_knobs(table: pd.DataFrame) -> pd.DataFrame:
    """Return by how much each knob lowers the validation loss: a row per knob, a column per seed."""
    losses = table["validation loss"].unstack("seed")
    knobs = table.index.get_level_values("knob").unique().drop(BASE)
    return losses.loc[BASE] - losses.loc[knobs]


def check_knob(answer: str | None, lab, knobs: Mapping[str, dict]) -> bool | None:
    """Check which knob lowers the validation loss most; print what each of them did.

    A knob passes, too, if the seeds do not agree that the best one is better.

    Parameters
    ----------
    answer : name in `knobs`; None is not attempted, and computes nothing
    lab : OverfitLab
    knobs : dict, name -> changes
    """
    name = "What to turn first"
    if answer is None:
        return tell(name, None)
    if answer not in knobs:
        return tell(name, False, f"{answer!r} is none of {', '.join(knobs)}.")
    table = lab.measure(knobs)
    gains = compare_knobs(table)
    _print_means(table, gains)
    if lab.rise <= 0.02:
        return tell(name, False, "Nothing overfits here: the validation loss ends where it is lowest.")
    best = gains.mean(axis=1).idxmax()
    if gains.loc[best].mean() <= 0:
        return tell(name, False, "No knob lowers the loss as you have set them: turn them further.")
    not_better = not (gains.loc[best] > gains.loc[answer]).all()
    if answer == best or (not_better and gains.loc[answer].mean() > 0):
        also = "" if answer == best else f"; {best} does no better in every seed"
        return tell(name, True, f"It lowers the validation loss by {gains.loc[answer].mean():.2f}{also}.")
    by = f"{answer} by {gains.loc[answer].mean():.2f}, another by {gains.loc[best].mean():.2f}, in every seed"
    return tell(name, False, f"The validation loss falls: {by}.")


def _print_means(table: pd.DataFrame, gains: pd.DataFrame) -> None:
    """Print the means over the seeds, and in how many of them a knob lowers the validation loss."""
    for knob, row in table.groupby("knob", sort=False).mean().iterrows():
        said = f"loss {row['training loss']:.2f} in training, {row['validation loss']:.2f} on validation"
        print(f"{knob:14} {said}; accuracy {row['accuracy']:.2f}", end="")
        if knob != BASE:
            print(f"; better in {(gains.loc[knob] > 0).sum()} of {gains.shape[1]} seeds", end="")
        print()
