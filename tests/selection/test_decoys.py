"""Decoys: correlated as their columns are; of planted columns few are missed, and few others are taken."""

import numpy as np
import pytest

from speechlm_utils.selection.decoys import (
    Race,
    find_threshold,
    measure_likeness,
    prepare_race,
    select_with_decoys,
)


def draw_race(rng, n_clips, n_columns, correlation=0.4):
    """Standard normal columns, each correlated with its neighbours; every clip is a group."""
    X = rng.normal(size=(n_clips, n_columns))
    for column in range(1, n_columns):
        X[:, column] = correlation * X[:, column - 1] + np.sqrt(1 - correlation**2) * X[:, column]
    return Race(X, np.arange(n_clips), np.zeros((n_clips, 0)))


def plant(X, true, rng, strength=2.0):
    """Three classes that depend on some columns, a third of these for each."""
    scores = np.stack([X[:, true[label::3]].sum(axis=1) for label in range(3)], axis=1)
    return (strength * scores + rng.gumbel(size=scores.shape)).argmax(axis=1)


def test_decoys_are_correlated_as_their_columns_are():
    rng = np.random.default_rng(0)
    race = draw_race(rng, 4000, 12)
    joint = np.corrcoef(race.X.T, race.make_decoys(rng).T)
    own, theirs, cross = joint[:12, :12], joint[12:, 12:], joint[:12, 12:]
    others = ~np.eye(12, dtype=bool)
    assert np.abs(own - theirs).max() < 0.08 and np.abs(own - cross)[others].max() < 0.08
    assert np.diag(cross).max() < 0.7


def test_more_columns_than_clips_are_no_obstacle():
    rng = np.random.default_rng(0)
    assert np.isfinite(draw_race(rng, 40, 90).make_decoys(rng)).all()


def test_clips_of_a_group_stay_alike():
    rng = np.random.default_rng(0)
    race = draw_race(rng, 300, 10)
    twice = Race(np.repeat(race.X, 2, axis=0), np.repeat(np.arange(300), 2), np.zeros((600, 0)))
    decoys = twice.make_decoys(rng)
    assert np.corrcoef(decoys[::2].ravel(), decoys[1::2].ravel())[0, 1] > 0.95
    assert measure_likeness(twice.X, twice.groups).min() > 0.95
    assert not measure_likeness(race.X, race.groups).any()
    assert measure_likeness(race.X, np.arange(300) // 2).max() < 0.25


@pytest.mark.parametrize(
    ("wins", "rate", "least"),
    [
        ([5, 4, 3, 2, 1, -1], 0.25, 2),
        ([5, 4, 3, 2, 1, -1], 0.4, 1),
        ([5, 4, 3], 0.2, np.inf),
        ([0, 0, 0], 0.5, np.inf),
        ([-5, 4, 3, 2, 1, 0.5], 0.2, np.inf),
    ],
)
def test_threshold_by_hand(wins, rate, least):
    assert find_threshold(np.array(wins, dtype=float), rate) == least


def test_planted_columns_are_found_and_false_ones_are_about_as_rare_as_stated():
    false, found = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        race, true = draw_race(rng, 500, 80), np.arange(0, 60, 4)
        wins = race.measure_wins(plant(race.X, true, rng), rng)
        chosen = np.flatnonzero(wins >= find_threshold(wins, 0.2))
        false.append(np.mean(~np.isin(chosen, true)) if len(chosen) else 0.0)
        found.append(np.isin(true, chosen).mean())
    assert np.mean(false) < 0.25 and np.mean(found) > 0.7


def test_of_columns_without_meaning_hardly_any_is_chosen():
    chosen = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        race = draw_race(rng, 300, 60)
        wins = race.measure_wins(rng.integers(3, size=300), rng)
        chosen.append((wins >= find_threshold(wins, 0.1)).any())
    assert np.mean(chosen) <= 0.2


def test_tokens_that_carry_the_class_win(planted_clips):
    y = np.array([clip.labels["fallacy"] for clip in planted_clips])
    race, tokens = prepare_race(planted_clips, (3, 5, 8))
    assert race.beside.shape[1] == 40 and len(tokens) <= 3 * 64
    wins = race.measure_wins(y, np.random.default_rng(0))
    assert {tokens[place] for place in np.argsort(wins)[-3:]} == {(3, 5), (5, 17), (8, 40)}
    found = select_with_decoys(planted_clips, y, (3, 5, 8), rate=0.4)
    assert {(3, 5), (5, 17), (8, 40)} <= set(found) and len(found) < 12
    assert select_with_decoys(planted_clips, y, (3, 5, 8), rate=0.05) == []
