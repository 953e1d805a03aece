"""The README's result tables are those of the records."""

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
