"""Measure every step beside the straightforward way, and write docs/performance.md with its figure.

    .venv/bin/python benchmarks/run.py             # about ten minutes of one core that has nothing else to do
    .venv/bin/python benchmarks/run.py --write     # no measuring: docs and figure of the last record

One thread, alternating, medians of five. Results go to data/reference/performance.json; earlier ones stay.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from datetime import date

import hearing
import selecting
import torch
import training
from gemm import measure_shares
from report import RECORD, write_pages
from timing import ROOT, Material, measure

from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.llm.spec import LLMSpec

ROWS = [*hearing.ROWS, *selecting.ROWS, *training.ROWS]
SIZES = {
    "encoded": 30,
    "measured": 40,
    "tokens": 20,
    "resamples": 100,
    "selected": 300,
    "Cs": 30,
    "subsamples": 50,
    "pretrained": 4,
    "tuned": 8,
    "batch": 4,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write docs and figure of the last record")
    parser.add_argument(
        "--only", nargs="+", help="print rows whose step has one of these words; write nothing"
    )
    args = parser.parse_args()
    if not args.write:
        torch.set_num_threads(1)
        start, material = time.perf_counter(), make_material()
        growth = {} if args.only else measure_growth()
        rows = measure_rows(material, args.only)
        if args.only:
            return
        about = {"rows": rows, "shares": measure_shares(material), **growth}
        keep_record(describe_machine() | about | {"seconds": time.perf_counter() - start})
    write_pages()


def make_material() -> Material:
    """The demo corpus, its tokenizer, 75 tokens of `fallacy`, SmolLM2-135M."""
    codec = str(ROOT / "data" / "tokenizer")
    paths = [ROOT / "data" / "demo", codec, ROOT / "runs" / "bench", ROOT / "runs" / "cache"]
    experiment = Experiment(*paths)
    tokens = experiment.selection("fallacy", 75).tokens
    clips = experiment.clips("fallacy", "train")
    return Material(clips, "fallacy", tokens, experiment.codec, LLMSpec(), SIZES)


def measure_rows(material: Material, only: list[str] | None = None) -> list[dict]:
    """Measure one row after the other, and print each at once."""
    rows = [*ROWS, *(hearing.GPU_ROWS if torch.cuda.is_available() else [])]
    found = []
    for row in rows:
        if only and not any(word in row.step for word in only):
            continue
        one = measure(row.prepare(material))
        print(f"{row.step}: {row.fast}: {one['ratio']:.1f} times as fast as: {row.plain} ({one['equal']})")
        found.append(
            {"step": row.step, "fast_way": row.fast, "plain_way": row.plain, "wanted": row.wanted} | one
        )
    return found


def measure_growth() -> dict:
    """Run growth.py in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "growth.py")]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def describe_machine() -> dict:
    """Say when and on what it was measured."""
    machine = f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, one thread"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return {
        "made_by": "benchmarks/run.py",
        "date": str(date.today()),
        "machine": machine,
        "versions": versions,
    }


def keep_record(record: dict) -> None:
    """Write the record; the one before stays in its list of earlier ones."""
    earlier = []
    if RECORD.is_file():
        before = json.loads(RECORD.read_text(encoding="utf-8"))
        earlier = [*before.pop("earlier", []), before]
    write_json(RECORD, record | {"earlier": earlier})


if __name__ == "__main__":
    main()
