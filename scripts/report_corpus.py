"""Write ``data/demo/README.md``: sizes, planted profiles as they came out, and upper bounds per task.

python scripts/report_corpus.py
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from write_results import as_table

from speechlm_utils.audio import measure_seconds
from speechlm_utils.clips import Clip, task_names
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.splits import SPLITS
from speechlm_utils.evaluation.upper_bounds import compute_upper_bounds

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "data" / "demo"
TEMPLATE = Path(__file__).with_name("demo_card.md")


def describe_sizes(clips: list[Clip]) -> str:
    seconds = {clip.id: measure_seconds(clip.audio) for clip in clips}
    tasks = task_names(clips)
    rows = []
    for split in SPLITS:
        own = [clip for clip in clips if clip.split == split]
        counts = [sum(task in clip.labels for clip in own) or "" for task in tasks]
        n = (len({c.group for c in own}), len({c.speaker for c in own}), len(own))
        rows.append([split, *n, f"{sum(seconds[c.id] for c in own) / 60:.0f}", *counts])
    return as_table([["split", "sentences", "speakers", "clips", "minutes", *tasks], *rows])


def describe_profiles(clips: list[Clip]) -> str:
    names = sorted(clips[0].planted)
    rows = []
    for task in ("fallacy", "question"):
        for label in sorted({c.labels[task] for c in clips if task in c.labels}):
            values = np.array([[c.planted[n] for n in names] for c in clips if c.labels.get(task) == label])
            mean_sd = zip(values.mean(0), values.std(0), strict=True)
            rows.append([label, len(values), *(f"{mean:.2f} ± {sd:.2f}" for mean, sd in mean_sd)])
    return as_table([["class", "clips", *names], *rows])


def describe_upper_bounds(clips: list[Clip]) -> str:
    table = compute_upper_bounds(clips)
    rows = []
    for task, part in table.groupby("task", sort=False):
        shown = part.set_index("inputs")
        spans = [shown.score[name].values for name in ("text", "planted", "both")]
        scores = [f"{score:.3f} [{low:.3f}, {high:.3f}]" for score, low, high in spans]
        first = part.iloc[0]
        n_units = " × ".join(map(str, np.atleast_1d(first.score.n)))
        rows.append([task, *scores, f"{first.chance:.3f}", first.n_train, first.n_test, n_units])
    header = ["task", "text", "planted", "both", "chance", "train", "test", "sentences × voices"]
    return as_table([header, *rows])


def main() -> None:
    clips = load_corpus(DEMO)
    labels = Counter(c.labels.get("detection") for c in clips if c.split == "train")
    fallacies = {c.group: c.ambiguous for c in clips if c.split == "test" and "fallacy" in c.labels}
    text = TEMPLATE.read_text().format(
        sizes=describe_sizes(clips),
        upper_bounds=describe_upper_bounds(clips),
        profiles=describe_profiles(clips),
        ambiguous=np.mean(list(fallacies.values())),
        n_fallacy=labels["fallacy"],
        n_plain=labels["plain"],
    )
    (DEMO / "README.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
