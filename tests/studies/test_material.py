"""Material: layers by name, tokens of the layers asked for, prosody in five levels."""

import numpy as np
from tiny_classifier import TASK

from speechlm_utils.studies.material import LEVELS, select_tokens, summarise_prosody, write_prosody


def test_tokens_come_from_the_layers(material):
    for name, layers in material.layers.items():
        assert {layer for layer, _ in material.selections[name, False]} <= set(layers)
    assert set(material.layers["all"]) == {*material.layers["semantic"], *material.layers["acoustic"]}


def test_selection_is_of_about_the_number_asked_for(material):
    few, more = (select_tokens(material.clips["train"], TASK, material.layers["all"], n) for n in (2, 8))
    assert len(few) < len(more) <= 16


def test_prosody_is_summarised_by_medians_range_and_pauses():
    features = {
        "f0_hz": np.array([100.0, np.nan, 120.0, 140.0]),
        "f0_st": np.array([0.0, np.nan, 2.0, 10.0]),
        "rms_db": np.array([-20.0, -60.0, -20.0, -21.0]),
        "tilt_db_oct": np.full(4, -6.0),
        "f0_slope_st_s": np.full(4, np.nan),
    }
    found = summarise_prosody(features)
    assert found["pitch"] == 120 and found["rising"] == 0 and found["brightness"] == -6
    assert found["pauses"] == 0.25
    assert np.isclose(found["pitch range"], np.subtract(*np.quantile([0, 2, 10], (0.9, 0.1))))


def test_levels_divide_the_train_clips_equally():
    values = [{"pitch": float(v)} for v in range(100)]
    words = write_prosody(values, values)
    assert [words.count(f"pitch: {level}") for level in LEVELS] == [20] * 5
    assert write_prosody(values, [{"pitch": -5.0}, {"pitch": 999.0}]) == [
        "pitch: very low",
        "pitch: very high",
    ]


def test_hash_is_of_the_train_clips(material):
    assert material.hash and len(material.hash) == 16
