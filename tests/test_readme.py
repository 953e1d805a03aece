"""The README's result tables are those of the records, and there is one score of the words alone."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_tables_are_those_of_the_records():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from write_results import fill, make_tables
    finally:
        sys.path.pop(0)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert fill(readme) == readme, "run scripts/write_results.py"
    for name, table in make_tables().items():
        assert f"<!-- {name} -->\n{table}" in readme or name == "topic"


def test_the_words_alone_have_one_score():
    path = ROOT / "data" / "reference" / "linear_demo_fallacy.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    score = f"{record['own_split']['arms']['words']['macro_f1']:.3f}"
    card = (ROOT / "data" / "demo" / "README.md").read_text(encoding="utf-8")
    assert f"| fallacy | {score} [" in card, "run scripts/report_corpus.py"
    assert f"| words | {score} |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_stored_results_are_those_of_one_tokenizer():
    names = ("linear_demo_fallacy", "linear_emodb_emotion", "acoustics_emodb")
    paths = [ROOT / "data" / "reference" / f"{name}.json" for name in names]
    assert len({json.loads(path.read_text(encoding="utf-8"))["codec_hash"] for path in paths}) == 1
