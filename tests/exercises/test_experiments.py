"""The experiments in notebooks 01, 02 and 05: planted answers, known mistakes, and what they compute."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from solutions import run_solution
from tiny_llm import TEXTS, make_clips, save_tiny_llm

from speechlm_utils import exercises
from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.exercises.layers import LayerReader
from speechlm_utils.exercises.overfitting import OverfitLab, check_knob, compare_knobs
from speechlm_utils.exercises.small_lora import OVERFIT, change_settings, cut_model, train_small_lora
from speechlm_utils.llm.load import load_llm

# --- which layers (notebook 01) -----------------------------------------------------------------------------

CODEC = SimpleNamespace(spec=CodecSpec(16000, 320, 16, 8, (1,)))


def make_part(seed, teller=(2, 2), noise=0.1):
    """Ten clips whose codes of `teller` tell pitch and energy, in this order; the last frame has no pitch."""
    rng = np.random.default_rng(seed)
    clips, features = [], []
    for i in range(10):
        codes = rng.integers(0, 16, (8, 80))
        pitch, energy = (codes[layer - 1] + noise * rng.normal(size=80) for layer in teller)
        pitch[-1] = np.nan
        clips.append(Clip(f"{i}", "", None, {}, codes=codes))
        features.append({"f0_st": pitch, "rms_db": energy})
    return clips, features


PARTS = make_part(0), make_part(1)
TWO_LAYERS = make_part(0, (2, 5)), make_part(1, (2, 5))


def test_layer_that_was_planted_is_found():
    reader = LayerReader(*PARTS, 16)
    assert min(reader.read((2,)).values()) > 0.95 and max(reader.read((1, 3, 4)).values()) < 0.1
    assert reader.find_fewest(8, {"f0_st": 0.9, "rms_db": 0.9}) == 1
    assert LayerReader(*TWO_LAYERS, 16).find_fewest(8, {"f0_st": 0.9, "rms_db": 0.9}) == 2


def test_solution_of_the_layers_passes(capsys):
    assert exercises.check_layers(run_solution("01", "my_layers"), *PARTS, CODEC) is True
    told = capsys.readouterr().out
    assert "correct. 50 codes a second instead of 400, without the layer of content" in told
    assert exercises.check_layers((5, 2), *TWO_LAYERS, CODEC) is True


@pytest.mark.parametrize(
    ("answer", "parts", "hint"),
    [
        ((1,), PARTS, "less than 90% of what can be read of pitch and energy"),
        ((2,), TWO_LAYERS, "less than 90% of what can be read of energy"),
        ((1, 2), PARTS, "1 would do"),
        (range(1, 9), PARTS, "1 would do"),
        ((0, 2), PARTS, "from 1 to 8"),
        ((2, 2), PARTS, "different layers"),
        ((), PARTS, "different layers"),
        ((2,), (make_part(0, noise=1e3), make_part(1, noise=1e3)), "Not even all layers"),
    ],
)
def test_wrong_layers_fail_with_a_hint(answer, parts, hint, capsys):
    assert exercises.check_layers(answer, *parts, CODEC) is False
    assert hint in capsys.readouterr().out


# --- count the zeros (notebook 02) --------------------------------------------------------------------------


def make_columns():
    """60 clips, 200 columns, of which three tell the class."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2 == 0
    X = rng.normal(size=(60, 200)) * (rng.random((60, 200)) < 0.3)
    X[:, :3] += 2 * y[:, None]
    return sparse.csr_matrix(X), y


X_FEW, Y_FEW = make_columns()


def count_by(condition):
    return lambda l1_ratio, C: int(condition(exercises.fit_mixed(X_FEW, Y_FEW, l1_ratio, C)).sum())


def test_only_a_share_of_l1_gives_zeros_and_a_planted_column_leads():
    l2, mixed, l1 = (exercises.fit_mixed(X_FEW, Y_FEW, ratio, 0.1) for ratio in (0, 0.3, 1))
    assert (l2 == 0).sum() == 0 < (mixed == 0).sum() < (l1 == 0).sum()
    assert np.abs(l1).argmax() < 3 and (l1 != 0).sum() < 20


def test_solution_counts_zeros(capsys):
    given = {"fit_mixed": exercises.fit_mixed, "exercises": exercises, "X_few": X_FEW, "y_few": Y_FEW}
    assert exercises.check_zeros(run_solution("02", "my_zeros", **given), X_FEW, Y_FEW) is True
    told = capsys.readouterr().out
    assert "ℓ2      C = 0.1:     0 zeros" in told and "none zero" in told


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (count_by(lambda w: w != 0), "weights that are kept"),
        (count_by(lambda w: np.abs(w) < 1e-3), "Nearly zero is not zero"),
        (lambda l1_ratio, C: count_by(lambda w: w == 0)(1, C), "both arguments"),
        (lambda l1_ratio, C: 0, "1 % ℓ1|ℓ1, C"),
    ],
)
def test_wrong_counts_fail_with_a_hint(wrong, hint, capsys):
    assert exercises.check_zeros(wrong, X_FEW, Y_FEW) is False
    assert re.search(hint, capsys.readouterr().out)


# --- what to turn first (notebook 05) -----------------------------------------------------------------------

KNOBS = {"rank": {"lora_rank": 4}, "dropout": {"lora_dropout": 0.3}, "learning rate": {"learning_rate": 3e-4}}


class PlantedLab:
    """A lab whose validation losses, for two seeds, are given."""

    def __init__(self, base=(2.0, 2.4), rise=0.5, **losses):
        self.losses, self.rise = {"as it is": base} | losses, rise

    def measure(self, knobs):
        rows = {
            (name, seed): (0.1, value, 0.3)
            for name, values in self.losses.items()
            for seed, value in enumerate(values)
        }
        columns = ["training loss", "validation loss", "accuracy"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.set_index(pd.MultiIndex.from_tuples(rows, names=["knob", "seed"]))


CLEAR = PlantedLab(**{"rank": (1.9, 2.3), "dropout": (2.0, 2.5), "learning rate": (1.6, 1.7)})
MIXED = PlantedLab(**{"rank": (1.8, 2.3), "dropout": (2.1, 2.5), "learning rate": (1.9, 1.7)})
WORSE = PlantedLab(**{"rank": (2.1, 2.5), "dropout": (2.1, 2.5), "learning rate": (2.2, 2.4)})


def test_gains_count_from_the_run_as_it_is():
    gains = compare_knobs(CLEAR.measure(KNOBS))
    assert np.allclose(gains.loc["learning rate"], [0.4, 0.7]) and list(gains.index) == list(KNOBS)


def test_solution_of_the_knobs_passes(capsys):
    assert check_knob(run_solution("05", "my_knob"), CLEAR, KNOBS) is True
    told = capsys.readouterr().out
    assert "lowers the validation loss by 0.55" in told and "better in 2 of 2 seeds" in told
    assert check_knob("rank", MIXED, KNOBS) is True  # in one seed it is the better of the two
    assert "learning rate does no better in every seed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "lab", "hint"),
    [
        ("rank", CLEAR, "rank by 0.10, another by 0.55"),
        ("dropout", CLEAR, "in every seed"),
        ("dropout", MIXED, "dropout by -0.10"),
        ("alpha", CLEAR, "none of rank, dropout, learning rate"),
        ("rank", WORSE, "No knob lowers the loss"),
        ("rank", PlantedLab(rise=0.0, rank=(1.9, 2.3)), "Nothing overfits"),
    ],
)
def test_wrong_knobs_fail_with_a_hint(answer, lab, hint, capsys):
    assert check_knob(answer, lab, KNOBS) is False
    assert hint in capsys.readouterr().out


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


def cut_tiny(folder):
    clips = {"train": make_clips(9), "validation": make_clips(6, seed=1)}
    return cut_model(*load_llm(folder), clips, "task", list("abc"), n_blocks=1)


def test_last_block_alone_gives_what_the_model_gives(tiny_folder):
    top, frozen = cut_tiny(tiny_folder)
    assert len(top.layers) == 1 and frozen["train"].hidden.shape[0] == 9
    assert frozen["train"].mask.sum(dim=1).tolist()[0] == frozen["train"].mask.sum(dim=1).tolist()[1]
    assert frozen["validation"].labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_a_model_without_enough_blocks_is_refused(tiny_folder):
    clips = {"train": make_clips(9)}
    with pytest.raises(ValueError, match="no list `layers` of at least 3 blocks"):
        cut_model(*load_llm(tiny_folder), clips, "task", list("abc"), n_blocks=3)


def test_training_is_repeatable_and_leaves_the_blocks_as_they_were(tiny_folder):
    top, frozen = cut_tiny(tiny_folder)
    before = {name: weight.clone() for name, weight in top.named_parameters()}
    settings = change_settings(OVERFIT, n_epochs=4)
    once, again = (train_small_lora(top, frozen, settings) for _ in range(2))
    assert np.array_equal(once, again) and once.shape == (3, 4) and np.isfinite(once).all()
    assert once[0, -1] < once[0, 0]
    only_last = train_small_lora(top, frozen, settings, every_epoch=False)
    assert np.array_equal(only_last[:, -1], once[:, -1]) and np.isnan(only_last[1, 0])
    after = dict(top.named_parameters())
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


def test_a_lower_rank_keeps_the_scale_unless_told_otherwise():
    assert change_settings(OVERFIT, lora_rank=4).lora_alpha == 4
    assert change_settings(OVERFIT, lora_rank=4, lora_alpha=64).lora_alpha == 64


def test_lab_computes_when_asked_and_fewer_epochs_are_free(tiny_folder):
    texts = [f"{text} {k}" for k in range(4) for text in TEXTS]
    train, validation = (
        [Clip(f"{split}{i}", text, None, {"task": "abc"[i % 3]}, split) for i, text in enumerate(texts)]
        for split in ("train", "validation")
    )
    options = {"n_train": 9, "n_validation": 6, "n_seeds": 2, "n_blocks": 1}
    twice = [*train, *train[:3]]  # a text that occurs again is not drawn again
    lab = OverfitLab(tiny_folder, {"train": twice, "validation": validation}, "task", list("abc"), **options)
    assert check_knob(None, lab, KNOBS) is None and "parts" not in vars(lab) and not lab.known
    table = lab.measure({"rank": {"lora_rank": 2}, "epochs": {"n_epochs": 2}})
    assert table.shape == (6, 3) and table.notna().all().all() and len(lab.known) == 2
    assert np.array_equal(table.loc["epochs"].to_numpy(), lab.follow()[:, :, 1])
    assert lab.rise >= 0
