"""Checks of notebook 04: nothing given, wrong in a known way, right."""

import numpy as np
from solutions import run_solution

from speechlm_utils import exercises


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
