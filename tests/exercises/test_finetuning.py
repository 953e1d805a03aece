"""Checks of notebooks 04 and 05: nothing given, wrong in a known way, right."""

import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from peft import LoraConfig
from solutions import run_cell, run_solution
from tiny_llm import TEXTS, save_tiny_llm
from torch.nn.functional import cross_entropy

from speechlm_utils import exercises
from speechlm_utils.bootstrap import Bootstrap, paired_bootstrap
from speechlm_utils.clips import Clip, label_ids, sample_clips
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.trainer import wrap_model


def test_budget(capsys):
    def share(n_text, n_audio, room):
        kept = min(n_text, max(room // 2, room - n_audio))
        return kept, min(n_audio, room - kept)

    assert exercises.check_budget(lambda *sizes: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert exercises.check_budget(lambda t, a, room: (min(t, room), max(0, min(a, room - t)))) is False
    assert "room for 60: you return [60, 0], not [30, 30]" in capsys.readouterr().out
    assert exercises.check_budget(share) is True
    assert exercises.check_budget(run_solution("04", "share_budget")) is True


def test_unigram(capsys):
    counts, judged = [70, 20, 10], [0, 0, 1, 0, 2]
    right = -np.log(np.array([0.7, 0.7, 0.2, 0.7, 0.1])).mean()
    assert exercises.check_unigram(None, counts, judged) is None
    assert exercises.check_unigram(right, counts, judged) is True
    solution = run_solution("04", "my_loss", counts_seen=counts, judged=judged)
    assert exercises.check_unigram(solution, counts, judged) is True
    capsys.readouterr()
    for wrong, told in ((right / np.log(2), "bits"), (0.8018, "entropy"), (2.0, "is not it")):
        assert exercises.check_unigram(wrong, counts, judged) is False
        assert told in capsys.readouterr().out


def make_adapted():
    """Two blocks of 10 LoRA parameters each, named as PEFT names them, and a head of 6."""
    blocks = [
        torch.nn.ParameterDict({"lora_A": torch.ones(2, 3), "lora_B": torch.ones(2, 2)}) for _ in range(2)
    ]
    layers = torch.nn.ModuleList(torch.nn.ModuleDict({"q_proj": block}) for block in blocks)
    body = torch.nn.ModuleDict({"layers": layers, "head": torch.nn.Linear(2, 2)})
    return torch.nn.ModuleDict({"model": body})


def test_lora_count(capsys):
    model = make_adapted()
    assert exercises.check_lora_count(None, model) is None
    assert exercises.check_lora_count(20, model) is True
    assert "20 of 26" in capsys.readouterr().out
    assert exercises.check_lora_count(10, model) is False
    assert "one block" in capsys.readouterr().out
    assert exercises.check_lora_count(7, model) is False


def test_lora_count_of_the_notebook():
    """Its solution counts from the shapes of the adapted layers: two blocks of a 3 x 2 and a 3 x 4 layer."""
    block, rank = SimpleNamespace(), 5
    weights = torch.nn.Module()
    weights.layers = torch.nn.ModuleList(torch.nn.Module() for _ in range(2))
    for name, n_out in (("q_proj", 2), ("v_proj", 4)):
        setattr(block, name, SimpleNamespace(base_layer=torch.nn.Linear(3, n_out)))
        for one in weights.layers:
            adapter = {"lora_A": torch.ones(rank, 3), "lora_B": torch.ones(n_out, rank)}
            setattr(one, name, torch.nn.ParameterDict(adapter))
    weights.config = SimpleNamespace(num_hidden_layers=2)
    settings = SimpleNamespace(lora_modules=("q_proj", "v_proj"))
    given = {"first_block": block, "lora_rank": rank, "settings": settings, "model": weights}
    model = torch.nn.ModuleDict({"model": weights})  # in front of PEFT's names stands the base model's
    assert exercises.check_lora_count(run_solution("05", "my_count", **given), model) is True


def test_macro_f1(capsys):
    y_true, y_pred = [0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 3]
    right = ((1 + 2 / 3 + 1 / 2) / 4, (1 + 2 / 3 + 1 / 2) / 3)
    assert exercises.check_macro_f1((None, None), y_true, y_pred, 4) is None
    assert exercises.check_macro_f1(right, y_true, y_pred, 4) is True
    solution = [run_solution("05", f"macro_f1_over_{which}") for which in ("all", "present")]
    assert exercises.check_macro_f1(solution, y_true, y_pred, 4) is True
    capsys.readouterr()
    assert exercises.check_macro_f1(right[::-1], y_true, y_pred, 4) is False
    assert "swapped" in capsys.readouterr().out
    assert exercises.check_macro_f1((right[0], 0.1), y_true, y_pred, 4) is False
    assert capsys.readouterr().out.strip().endswith("at the one over present classes.")


@pytest.fixture(scope="module")
def intervals():
    """Each sentence stands there ten times, all right or all wrong: clips know far less than they seem."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(30) % 2, 10)
    a, b = (np.where(np.repeat(rng.random(30) < share, 10), y, 1 - y) for share in (0.5, 0.8))
    groups = (np.arange(300), np.repeat(np.arange(30), 10))
    return tuple(paired_bootstrap(y, a, b, one.astype(str), Bootstrap(300)).difference for one in groups)


def test_wider(intervals, capsys):
    for by_clip, by_sentence in (intervals, intervals[::-1], intervals[:1] * 2):
        answer = run_solution("05", "my_answer", by_clip=by_clip, everything=by_sentence)
        assert exercises.check_wider(answer, by_clip, by_sentence) is True
    assert exercises.check_wider(None, *intervals) is None
    assert exercises.check_wider("sentences", *intervals) is True
    assert exercises.check_wider("clips", *intervals) is False
    assert exercises.check_wider("clips", *intervals[::-1]) is True
    assert exercises.check_wider("equal", intervals[0], intervals[0]) is True


# --- what to turn first -------------------------------------------------------------------------------------

KNOBS = {"rank": {"rank": 4}, "dropout": {"dropout": 0.3}, "learning rate": {"learning_rate": 3e-4}}


def plant_losses(rise=0.5, base=(2.0, 2.4, 2.2), **by_knob):
    """A training whose last validation losses are given, by knob and seed; they have risen by `rise`."""

    def train(seed, **knob):
        loss = next((by_knob[name][seed] for name, changes in KNOBS.items() if changes == knob), base[seed])
        return np.array([[1.0, loss - rise, 0.2], [0.1, loss, 0.3]])

    return train


RANK, DROPOUT, RATE = (1.9, 2.3, 2.1), (2.0, 2.5, 2.2), (1.6, 1.7, 1.65)
CLEAR = plant_losses(**{"rank": RANK, "dropout": DROPOUT, "learning rate": RATE})
MIXED = plant_losses(
    **{"rank": (1.8, 2.3, 2.1), "dropout": (2.1, 2.5, 2.3), "learning rate": (1.9, 1.7, 1.9)}
)
WORSE = plant_losses(
    **{"rank": (2.1, 2.5, 2.3), "dropout": (2.1, 2.5, 2.3), "learning rate": (2.2, 2.4, 2.3)}
)
FLAT = plant_losses(0.0, **{"rank": RANK, "dropout": DROPOUT, "learning rate": RATE})


def test_no_knob_trains_nothing(capsys):
    def train(**settings):
        raise AssertionError("the stub must cost no time")

    assert exercises.check_knob(None, train, KNOBS) is None
    assert "not attempted" in capsys.readouterr().out


def test_solution_of_the_knobs_passes(capsys):
    assert exercises.check_knob(run_solution("05", "my_knob"), CLEAR, KNOBS) is True
    told = capsys.readouterr().out
    assert "lowers the validation loss by 0.55" in told
    assert re.search(r"learning rate +0.1 +1.65 +0.3 +3.0", told)  # better in 3 of 3 seeds
    assert re.search(r"dropout +0.1 +2.23 +0.3 +0.0", told)
    assert exercises.check_knob("rank", MIXED, KNOBS) is True  # in one seed it is the better of the two
    assert "learning rate does no better in every seed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "train", "hint"),
    [
        ("rank", CLEAR, "rank by 0.10, another by 0.55"),
        ("dropout", CLEAR, "in every seed"),
        ("dropout", MIXED, "dropout by -0.10"),
        ("alpha", CLEAR, "none of rank, dropout, learning rate"),
        ("rank", WORSE, "No knob lowers the loss"),
        ("rank", FLAT, "Nothing overfits"),
    ],
)
def test_wrong_knobs_fail_with_a_hint(answer, train, hint, capsys):
    assert exercises.check_knob(answer, train, KNOBS) is False
    assert hint in capsys.readouterr().out


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """What the notebook's cells define, with a tiny model of two blocks, loaded when it trains."""
    folder = save_tiny_llm(tmp_path_factory.mktemp("llm"))
    texts = [f"{text} {k}" for k in range(4) for text in TEXTS]
    clips = {
        split: [
            Clip(f"{split}{i}", text, None, {"task": "abc"[i % 3]}, split) for i, text in enumerate(texts)
        ]
        for split in ("train", "validation")
    }
    clips["train"] += clips["train"][:3]  # a text that occurs again is sampled once
    given = {"clips": clips, "task": "task", "names": list("abc"), "seed": 0, "lora_modules": ["q_proj"]}
    given |= {"llm": LLMSpec(folder), "functools": functools}
    given |= {"sample_clips": sample_clips, "label_ids": label_ids, "load_llm": load_llm, "torch": torch}
    given |= {"cross_entropy": cross_entropy, "LoraConfig": LoraConfig, "wrap_model": wrap_model}
    cell = run_cell("05", "load_cut", **given)
    return cell | run_cell("05", "train_lora", **cell)


def test_lesson_trains_on_one_clip_per_text(lesson):
    assert len(lesson["few"]["train"]) == 12


def test_training_is_repeatable_and_leaves_the_blocks_as_they_were(lesson):
    body, train = lesson["load_cut"]()[0], lesson["train_lora"]
    assert len(body.layers) == 2
    before = {name: weight.clone() for name, weight in body.named_parameters()}
    once, again = (train(rank=4, learning_rate=3e-2, n_epochs=4) for _ in range(2))
    assert np.array_equal(once, again) and once.shape == (4, 3) and np.isfinite(once).all()
    assert once[-1, 0] < once[0, 0] and 0 <= once[-1, 2] <= 1
    assert np.array_equal(train(rank=4, learning_rate=3e-2, n_epochs=2), once[:2])
    assert not np.array_equal(train(rank=4, learning_rate=3e-2, n_epochs=4, seed=1), once)
    after = dict(body.named_parameters())
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
