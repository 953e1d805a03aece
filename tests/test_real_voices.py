"""Notebook 06 computes on EmoDB where it is, and else shows what is stored; it says which of the two."""

from pathlib import Path

import nbformat
from emodb_files import write_emodb

from speechlm_utils.cli.main import main
from speechlm_utils.cli.notebooks import run_notebook
from speechlm_utils.notebook.catalogue import find_notebooks
from speechlm_utils.notebook.record import read_metrics

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"


def run(tmp_path, **parameters):
    """Run the notebook; returns its headline numbers and all that it showed as text."""
    (notebook,) = [one for one in find_notebooks(FOLDER) if one.number == "06"]
    places = {"run_dir": str(tmp_path / "run"), "cache_dir": str(tmp_path / "cache"), "n_resamples": 200}
    result = run_notebook(notebook, places | parameters, tmp_path / "run")
    assert result.status == "ok", result.describe_failure()
    outputs = [
        one for cell in nbformat.read(result.executed, as_version=4).cells for one in cell.get("outputs", [])
    ]
    shown = "".join(one.get("text", "") + one.get("data", {}).get("text/markdown", "") for one in outputs)
    return read_metrics(tmp_path / "run")["06_real_voices"], shown


def test_without_emodb_the_stored_predictions_are_shown(tmp_path):
    numbers, shown = run(tmp_path, emodb_dir=str(tmp_path / "nothing"))
    assert numbers["result"] == "stored" and "EmoDB is not here" in shown
    assert numbers["clips"] == 535 and numbers["voices"] == 10
    others = ("words alone", "the matched ones", "all of layer 1")
    told = [line for line in shown.splitlines() if line.endswith(tuple(f"better than {x}." for x in others))]
    assert len(told) == 3
    for name in ("words + selected tokens, less words alone", "the selected tokens, less the matched ones"):
        assert numbers[name][1] > 0.05


def test_with_emodb_everything_is_computed(tiny_codec_dir, tmp_path):
    write_emodb(tmp_path / "wav")
    assert main(["import", "emodb", str(tmp_path / "wav"), "--out", str(tmp_path / "emodb")]) == 0
    quick = {"codec_name": str(tiny_codec_dir), "n_tokens": 8, "n_draws": 2, "n_folds": 2}
    numbers, shown = run(tmp_path, emodb_dir=str(tmp_path / "emodb"), **quick)
    assert numbers["result"] == "computed here" and "EmoDB is here" in shown and "fold 1:" in shown
    assert numbers["clips"] == 70 and 0 <= numbers["macro-F1, all tokens, layers 2–8"] <= 1
