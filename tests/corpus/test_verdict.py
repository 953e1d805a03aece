"""What a corpus lacks is said before anything is computed, with split, class and what to do."""

import shutil

import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.verdict import Demands, find_same_sounds, find_shortfalls, find_warnings


def make_clips(n=24, **changes):
    """Two moods in three splits, a group and a text of its own for each clip."""
    splits = ("train", "train", "validation", "test")
    fields = [
        {"split": splits[i // 2 % 4], "labels": {"mood": "ab"[i % 2]}, "text": f"text {i}", "group": f"g{i}"}
        for i in range(n)
    ]
    return [Clip(f"c{i}", audio=None, **one | changes) for i, one in enumerate(fields)]


def tell(clips, task="mood", **asked):
    return [one.told for one in find_shortfalls(clips, Demands(task, **asked))]


def test_nothing_is_lacking():
    assert tell(make_clips()) == [] and find_warnings(make_clips(), "mood") == []
    assert tell(make_clips(), n_folds=3, clips_per_split=8) == []


@pytest.mark.parametrize(
    ("clips", "asked", "message"),
    [
        (make_clips(), {"task": "Mood"}, "no clip has a label of task 'Mood' (nearest: 'mood'); there are"),
        (make_clips(labels={}), {}, "no column holds labels; add one"),
        (make_clips(split="test"), {}, "no clip of split train has a label of 'mood', only of ['test']"),
        (make_clips(labels={"mood": "a"}), {}, "train has one class of 'mood' alone, 'a'"),
        (
            [*make_clips(), Clip("x", "x", None, {"mood": "new"}, "test", group="x")],
            {},
            "class 'new' of 'mood' is in test (1 clips), not in train: move some of its clips to train",
        ),
        (
            make_clips(),
            {"n_folds": 7},
            "class 'a' has 6 groups among the 12 clips of train, 7 folds need as many",
        ),
        (make_clips(group="same"), {"n_folds": 2}, "class 'a' has 1 groups"),
        (make_clips(), {"n_folds": 5, "clips_per_split": 4}, "class 'a' has 2 groups among the 4 clips"),
        (make_clips(text=""), {}, "no clip of train has a text: write down what is said, or run `speechlm"),
        (make_clips(text="?!"), {}, "no clip of train has a text"),
    ],
)
def test_what_is_lacking_is_named(clips, asked, message):
    told = tell(clips, **asked)
    assert any(message in one for one in told), told


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (make_clips(split="train"), "neither validation nor test"),
        ([c for c in make_clips() if c.split != "test"], "there is no test: scores will be of validation"),
        ([c for c in make_clips() if c.split != "test" or c.labels["mood"] == "a"], "test has one class"),
        (make_clips(group="one"), "the number of groups is 1 in all"),
        (make_clips(text="我们说"), "texts in Han part no words by spaces"),
        (make_clips(text="so " * 300), "24 texts have over 200 words"),
        (make_clips(text="so it is"), "train and test share 1 texts, for example 'so it is'"),
        ([*make_clips(), Clip("x", "", None, group="x")], "1 of 25 clips have no words"),
        ([*make_clips(speaker="Ann"), *make_clips(1, speaker="ann ")], "speakers ['Ann', 'ann '] differ"),
    ],
)
def test_what_may_mislead_is_told(clips, message):
    told = [one.told for one in find_warnings(clips, "mood")]
    assert any(message in one for one in told), told


def test_a_sound_that_two_clips_share(tmp_path, tiny_corpus):
    for name in "ab":
        shutil.copy(tiny_corpus / "clips/0000.wav", tmp_path / f"{name}.wav")
    one, other = (Clip(name, "Hi!", tmp_path / f"{name}.wav", {"mood": "a"}) for name in "ab")
    assert find_same_sounds([one, other]) == []
    for changes in ({"text": "ho"}, {"labels": {"mood": "b"}}):
        (told,) = find_same_sounds([one, Clip(**{**vars(other), **changes})])
        assert told.startswith("1 clips have the sound of another") and "'a' and 'b'" in told
