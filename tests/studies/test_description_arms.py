"""Arms of descriptions: what each reads, what its record says, and scores that are computed from records."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_llm import TOKENS, make_clips

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.studies import description_arms
from speechlm_utils.studies.describer import SETTINGS
from speechlm_utils.studies.description_arms import (
    ARMS,
    NAMES,
    Described,
    list_description_tokens,
    list_finished,
    mark_right,
    run_description_arm,
    score_descriptions,
    select_own_tokens,
    write_described,
)
from speechlm_utils.studies.descriptions import list_descriptions

TINY = replace(SETTINGS, n_epochs=1, max_steps=2, lora_rank=2)
BOOTSTRAP = Bootstrap(200)


@pytest.fixture(scope="module")
def described():
    rng, clips = np.random.default_rng(0), {}
    for i, (part, n) in enumerate({"train": 24, "validation": 4, "test": 8}.items()):
        clips[part] = make_clips(n, seed=i, split=part)
    words = {part: rng.integers(3, size=(len(some), len(NAMES))) for part, some in clips.items()}
    return Described("tiny", clips, words, TOKENS[:2], (2, 3, 4, 5), TOKENS[2:])


@pytest.fixture
def few(monkeypatch):
    """Of all descriptions, some may be written: to write one of two thousand takes long."""
    some = list_descriptions()[::100]
    monkeypatch.setattr(description_arms, "list_descriptions", lambda: some)


def make_record(shares, n_clips=60):
    """A record whose arms are right in these shares of all attributes."""
    rng = np.random.default_rng(0)
    truth, luck = rng.integers(3, size=(n_clips, 7)), rng.random((n_clips, 7))
    clips = [replace(one, speaker=f"v{i % 6}") for i, one in enumerate(make_clips(n_clips))]
    runs = [
        {"arm": arm, "predictions": {"test": np.where(luck < share, truth, (truth + 1) % 3).tolist()}}
        for arm, share in shares.items()
    ]
    return {"clips": {"test": write_described(clips, truth)}, "runs": runs}


@pytest.mark.parametrize("arm", ["tokens", "text", "shuffled"])
def test_record_says_what_was_read_and_found(arm, described, llm, few):
    record = run_description_arm(arm, described, TINY, llm, n_free=2)
    assert (record["arm"], record["corpus"], record["task"], record["seed"]) == (arm, "tiny", "prosody", 0)
    for part, n in (("validation", 4), ("test", 8)):
        found = np.array(record["predictions"][part])
        assert found.shape == (n, len(NAMES)) and set(found.ravel()) <= {0, 1, 2}
        assert list(record["free"][part]) == [clip.id for clip in described.clips[part][:2]]
    assert len(record["losses"]) == 2 and record["n_trainable"] > 0
    assert record["settings"]["use_audio"] == bool(record["tokens"]) == (arm != "text")


def test_adapter_is_kept_where_asked(described, llm, few, tmp_path):
    run_description_arm("text", described, TINY, llm, tmp_path / "kept", n_free=1)
    assert (tmp_path / "kept" / "adapter_model.safetensors").is_file()


def test_each_arm_has_its_tokens(described):
    found = {arm: list_description_tokens(arm, described, 0) for arm in ARMS}
    assert found["text"] == [] and found["tokens"] == found["shuffled"] == TOKENS[:2]
    assert found["own tokens"] == TOKENS[2:]
    assert len(found["matched"]) == 2 and not set(found["matched"]) & set(TOKENS[:2])
    assert {layer for layer, _ in found["matched"]} == {layer for layer, _ in TOKENS[:2]}


def test_own_tokens_are_those_that_tell_an_attribute():
    clips = [replace(clip, text="we know") for clip in make_clips(60)]
    words = np.random.default_rng(0).integers(3, size=(60, len(NAMES)))
    words[:, 1] = ["abc".index(clip.labels["task"]) for clip in clips]
    found = select_own_tokens(clips, words, (2, 3, 4, 5), 21)
    assert set(TOKENS[:3]) <= set(found)


def test_scores_are_shares_of_right_words():
    record = make_record({"good": 0.9, "poor": 0.4})
    scores = score_descriptions(record, "good", "test", bootstrap=BOOTSTRAP)
    assert list(scores) == [*NAMES, "all"]
    right = mark_right(record, "good", "test")
    assert scores["pitch"].estimate == pytest.approx(right[:, NAMES.index("pitch")].mean())
    assert scores["all"].estimate == pytest.approx(right.mean())
    assert scores["all"].verdict == "" and scores["all"].n == (60, 6)


def test_differences_are_paired():
    record = make_record({"good": 0.9, "poor": 0.4, "same": 0.9})
    less_poor = score_descriptions(record, "good", "test", "poor", BOOTSTRAP)
    assert less_poor["all"].verdict == "above"
    less_same = score_descriptions(record, "good", "test", "same", BOOTSTRAP)["all"]
    assert less_same.values == [0, 0, 0] and less_same.verdict == "not decided"


def test_several_draws_of_an_arm_are_averaged():
    record = make_record({"a": 1.0, "b": 0.0})
    record["runs"][1]["arm"] = "a"
    assert mark_right(record, "a", "test").mean() == pytest.approx(0.5)


def test_an_arm_that_has_not_run_is_named():
    record = make_record({"good": 0.9})
    assert list_finished(record, "test") == ["good"] and list_finished(record, "human") == []
    with pytest.raises(ValueError, match="'matched': has no record.*good"):
        mark_right(record, "matched", "test")
