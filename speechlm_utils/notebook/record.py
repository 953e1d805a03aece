"""The headline numbers of each notebook: written by its last cell, read by the summary and the index page."""

import json
from pathlib import Path
from typing import Any

from ..files import to_plain, write_json


def record_metrics(run_dir: Path | str, name: str, **values: Any) -> Path:
    """Write the headline numbers of a notebook, for the summary at the end of a run and for its index page.

    Parameters
    ----------
    run_dir : the run folder; the file is `run_dir/metrics/<name>.json`, an earlier one is replaced
    name : begins with the notebook's number, for example "02_select_tokens"
    values : numbers, texts, or lists and dicts of them, in the order to be shown

    Raises TypeError, which shows the value, if one is not a number, a text, or a list or dict of them.
    """
    path = Path(run_dir) / "metrics" / f"{name}.json"
    text = json.dumps(values, default=to_plain)
    write_json(path, json.loads(text, parse_constant=lambda name: None))  # JSON has no NaN
    return path


def read_metrics(run_dir: Path | str) -> dict[str, dict[str, Any]]:
    """Read all files that `record_metrics` wrote to a run folder: name to values."""
    files = sorted((Path(run_dir) / "metrics").glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
