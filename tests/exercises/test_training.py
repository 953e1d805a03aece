"""Checks of notebooks 04 and 05: nothing given, wrong in a known way, right."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from solutions import run_solution

from speechlm_utils import exercises
from speechlm_utils.bootstrap import Bootstrap, paired_bootstrap


def test_budget(capsys):
    def share(n_text, n_audio, room):
        kept = min(n_text, max(room // 2, room - n_audio))
        return kept, min(n_audio, room - kept)

    assert exercises.check_budget(lambda *sizes: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert exercises.check_budget(lambda t, a, room: (min(t, room), max(0, min(a, room - t)))) is False
    assert "the rule keeps" in capsys.readouterr().out
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
