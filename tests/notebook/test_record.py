"""Headline numbers are written as plain values and read back."""

import numpy as np
import pytest

from speechlm_utils.notebook.record import read_metrics, record_metrics


def test_metrics_come_back_as_plain_values(tmp_path):
    record_metrics(
        tmp_path, "02_x", f1=np.float32(0.5), n=np.int64(3), path=np.arange(2), missing=float("nan")
    )
    assert read_metrics(tmp_path) == {"02_x": {"f1": 0.5, "n": 3, "path": [0, 1], "missing": None}}
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["02_x.json"]


def test_metric_of_a_strange_type_is_named(tmp_path):
    with pytest.raises(TypeError, match="object object at .* cannot be written as JSON"):
        record_metrics(tmp_path, "02_x", model=object())
