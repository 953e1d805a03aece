"""What is written is read again, and what does not fit is named."""

import json

import numpy as np
import pytest

from speechlm_utils.evaluation.records import load_record, read_outcomes, read_stored, write_arms, write_clips
from speechlm_utils.evaluation.rotation import Outcome


@pytest.fixture
def record(voiced_clips):
    clips, y = voiced_clips[:12:2], np.array([0, 0, 1, 1, 2, 2])
    outcomes = {"words": Outcome(y[None]), "selected": Outcome(np.stack([y, 1 - y]), 3.5, 2.25, [7, 8])}
    return json.loads(json.dumps([write_clips(clips, y), write_arms(outcomes)]))


def test_outcomes_come_back_as_they_were(record, voiced_clips):
    found = read_outcomes(*record)
    assert found.ids == [clip.id for clip in voiced_clips[:12:2]] and found.y.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.units["voices"].tolist() == [clip.speaker for clip in voiced_clips[:12:2]]
    one = found.outcomes["selected"]
    assert one.predictions.shape == (2, 6) and one.n_tokens == [7, 8]
    assert (one.per_clip, one.per_clip_once) == (3.5, 2.25)


def test_one_unit_may_be_named(voiced_clips):
    found = write_clips(voiced_clips[:12], np.zeros(12), unit="voices")
    assert list(found["units"]) == ["voices"]


def test_predictions_of_other_clips_are_named(record):
    record[1]["words"]["predictions"] = [[0, 1]]
    with pytest.raises(ValueError, match="'words': predicts 2 clips, there are 6"):
        read_outcomes(*record)


def test_a_file_that_is_no_record_is_named(tmp_path):
    path = tmp_path / "record.json"
    with pytest.raises(ValueError, match="record.json: no record"):
        load_record(path)
    path.write_text('{"test": 1}')
    assert load_record(path, "test") == {"test": 1}
    with pytest.raises(ValueError, match="lacks .*penalty"):
        load_record(path, "test", "penalty")
    path.write_text("{")
    with pytest.raises(ValueError, match="no record"):
        load_record(path)


def test_stored_predictions_follow_the_clips(voiced_clips):
    clips = voiced_clips[:6]
    ids, costs = [clip.id for clip in clips], {"tokens": 75.0, "tokens_per_clip": 50.2}
    halves = {"own_split": ids[:4], "own_validation": ids[4:]}
    record = {
        name: {
            "ids": some,
            "arms": {"words": costs},
            "predictions": {"words": [[ids.index(one) for one in some]]},
        }
        for name, some in halves.items()
    }
    record["own_split"]["predictions"]["random"] = [[0, 0, 0, 0]]  # of one part alone: left out
    found = read_stored(record, clips[::-1])
    assert found["words"].predictions.tolist() == [[5, 4, 3, 2, 1, 0]]
    assert found["words"].per_clip == 50.2 and list(found) == ["words"]
    with pytest.raises(ValueError, match=f"clip {voiced_clips[6].id}: the stored record"):
        read_stored(record, voiced_clips[:7])
