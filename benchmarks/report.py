"""What docs/performance.md and its figure tell, from the record of the last run."""

import json
import re
import textwrap

import matplotlib.pyplot as plt
from timing import ROOT

from speechlm_utils.plots.style import AUDIO, NEUTRAL, TEXT, apply_style, name_rows

RECORD = ROOT / "data" / "reference" / "performance.json"
PAGE, FIGURE = ROOT / "docs" / "performance.md", ROOT / "figures" / "performance.png"
LINEAR, LEAST_SHARE, LIMIT = 1.1, 0.6, 2.0  # exponent, share of the GEMM rate, GiB


def write_pages() -> None:
    """Write the tables into the page, and the figure."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")
    draw(record)


def fill(text: str, record: dict) -> str:
    """Put each table between its two marks."""
    for name, table in make_tables(record).items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(
            marks, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
        )
    return text


def make_tables(record: dict) -> dict[str, str]:
    """Return the tables by the name of their place."""
    about = (
        f"{record['date']}, {record['machine']}; {record['versions']}; {record['seconds'] / 60:.0f} minutes."
    )
    return {
        "machine": about,
        "rows": tabulate_rows(record["rows"]),
        "memory": tabulate_memory(record),
        "shares": tabulate_shares(record["shares"]),
        "growth": tabulate_growth(record["growth"]),
    }


def as_table(rows: list[list]) -> str:
    """Write a Markdown table; the first row is its head."""
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def judge(is_reached: bool) -> str:
    return "reached" if is_reached else "**short**"


def tabulate_rows(found: list[dict]) -> str:
    heads = ["step", "the package", "straightforward", "on", "seconds", "ratio", "wanted", "results equal"]
    rows = [heads]
    for one in found:
        seconds = f"{show(one['fast'])} : {show(one['plain'])}"
        ratio = f"{show(one['ratio'])} ({show(one['low'])}–{show(one['high'])})"
        wanted = f"{one['wanted']:g}, {judge(one['ratio'] >= one['wanted'])}"
        rows.append(
            [one["step"], one["fast_way"], one["plain_way"], one["on"], seconds, ratio, wanted, one["equal"]]
        )
    return as_table(rows)


def show(value: float) -> str:
    """Write a number to three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def tabulate_memory(record: dict) -> str:
    share = next(one["memory"] for one in record["rows"] if "memory" in one)
    peak = record["peak_bytes"] / 2**30
    return as_table(
        [
            ["memory", "measured", "wanted"],
            [
                "pre-training: gradient and moments of AdamW, beside those of the whole matrix",
                f"{share:.2%}",
                f"at most 1 %, {judge(share <= 0.01)}",
            ],
            [
                f"peak of the process of the growth below, with {record['hours']:g} h of speech",
                f"{peak:.2f} GiB",
                f"below {LIMIT:g} GiB, {judge(peak < LIMIT)}",
            ],
        ]
    )


def tabulate_shares(shares: list[dict]) -> str:
    rows = [["step", "GFLOP/s", "matrices of 1,536, float32: GFLOP/s", "share", "wanted"]]
    for one in shares:
        rates = [f"{one[name] / 1e9:.0f}" for name in ("rate", "product_rate")]
        wanted = f"{LEAST_SHARE:.0%}, {judge(one['share'] >= LEAST_SHARE)}"
        rows.append([one["step"], *rates, f"{one['share']:.0%}", wanted])
    return as_table(rows)


def tabulate_growth(growth: list[dict]) -> str:
    rows = [["step", "grows with", "sizes", "seconds", "exponent", "wanted"]]
    for one in growth:
        sizes = ", ".join(f"{size:,}" for size in one["sizes"])
        seconds = ", ".join(show(value) for value in one["seconds"])
        wanted = f"at most {LINEAR:g}, {judge(one['exponent'] <= LINEAR)}"
        rows.append([one["step"], one["unit"], sizes, seconds, f"{one['exponent']:.2f}", wanted])
    return as_table(rows)


def draw(record: dict) -> None:
    """Draw ratios with what was wanted, and growth beside a line of slope 1."""
    apply_style()
    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), width_ratios=(1.2, 1))
    rows, places = record["rows"], range(len(record["rows"]))
    ratios = [one["ratio"] for one in rows]
    colors = [TEXT if one["ratio"] >= one["wanted"] else AUDIO for one in rows]
    errors = [[one["ratio"] - one["low"] for one in rows], [one["high"] - one["ratio"] for one in rows]]
    left.barh(places, ratios, color=colors, xerr=errors, error_kw={"capsize": 3}, height=0.6, log=True)
    left.plot([one["wanted"] for one in rows], places, "k|", markersize=18, label="wanted")
    ways = [textwrap.fill(one["fast_way"], 38) for one in rows]
    name_rows(left, [f"{one['step']}:\n{way}" for one, way in zip(rows, ways, strict=True)])
    left.tick_params("y", labelsize=8)
    left.axvline(1, color=NEUTRAL, linewidth=1)
    left.set_xlabel("times as fast as the straightforward way (median of 5, all turns)")
    left.legend(loc="lower right")
    for one in record["growth"]:
        sizes = [size / one["sizes"][0] for size in one["sizes"]]
        seconds = [value / one["seconds"][0] for value in one["seconds"]]
        style = {"clips": "-", "seconds": "--", "tokens": ":"}[one["unit"]]
        right.loglog(sizes, seconds, style, marker="o", markersize=4, label=f"{one['step']}, {one['unit']}")
    ends = [1, max(one["sizes"][-1] / one["sizes"][0] for one in record["growth"])]
    right.loglog(ends, ends, color=NEUTRAL, linewidth=1, label="linear")
    right.set_xlabel("size, times the smallest")
    right.set_ylabel("seconds, times the smallest's")
    right.legend(fontsize=7.5)
    fig.savefig(FIGURE, dpi=110)
    plt.close(fig)
