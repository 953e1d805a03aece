"""The plan of ``data/demo``: which sentence is read by which voice with which delivery, before any audio.

Who reads which sentence stands in ``sentences/voices.csv``; every other choice is sampled from one seeded
generator, so that an interrupted build resumes to the same corpus.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

SENTENCES = Path(__file__).with_name("sentences")
SEED = 20260  # one seed for the whole corpus
CLASSES = ("emotion", "authority", "ad_hominem", "false_cause", "slippery_slope", "slogans")
PARAMETERS = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")

# Means of the planted delivery: F0 shift (semitones), F0 range factor, rate factor, gain (dB), final contour
# (semitones over the clip's end), spectral tilt (dB at 4 kHz against 500 Hz), pause near the middle (ms).
PROFILES = {
    "emotion": (3.5, 1.5, 0.87, 0.5, -3.0, -4.0, 160),
    "authority": (-3.5, 0.8, 0.85, 0.0, -4.0, -1.0, 240),
    "ad_hominem": (2.5, 1.2, 1.18, 2.0, -1.0, 6.0, 0),
    "false_cause": (0.0, 0.9, 1.00, -2.0, 4.0, -4.0, 80),
    "slippery_slope": (1.0, 1.1, 1.22, 0.0, 4.5, 2.0, 0),
    "slogans": (-1.5, 0.45, 0.95, 1.5, 0.0, 5.0, 120),
    "statement": (0.0, 1.0, 1.00, 0.0, -4.0, 0.0, 40),
    "question": (0.0, 1.0, 1.00, 0.0, 9.0, 0.0, 40),
}
SPREAD = (1.8, 0.28, 0.09, 1.3, 1.6, 2.3, 70)
NEUTRAL = (0.0, 1.0, 1.0, 0.0, -1.0, 0.0, 60)
STRENGTH = (0.9, 0.22)  # mean and deviation of how far from NEUTRAL a delivery goes: profiles overlap
LIMITS = ((-7, 7), (0.2, 2.2), (0.7, 1.45), (-5, 5), (-8, 13), (-8, 10), (0, 400))
# The end over which the contour rises or falls. A bag of tokens does not know where in a clip a token stands,
# so the last word alone would be lost in it, even if pitch were known exactly: questions turn earlier.
CONTOUR_SECONDS = dict.fromkeys(PROFILES, 0.45) | {"statement": 1.3, "question": 1.3}

VOICES = {
    "train": "af_alloy af_aoede af_heart af_jessica af_kore af_nicole af_river af_sky am_adam am_echo "
    "am_fenrir am_liam am_onyx am_santa bf_alice bf_isabella bm_daniel bm_george".split(),
    "validation": "af_sarah am_eric am_puck bf_lily bm_lewis".split(),
    "test": "af_bella af_nova am_michael bf_emma bm_fable".split(),
}
DELIVERIES = {"train": 3, "validation": 2, "test": 2}


def read_sentences(name: str) -> list[dict]:
    with open(SENTENCES / f"{name}.csv", newline="") as f:
        return list(csv.DictReader(f))


def split_sentences(rows: list[dict], sizes: tuple[int, int, int], rng) -> list[dict]:
    """Shuffle and deal `rows` to train, validation and test in the given sizes."""
    order = rng.permutation(len(rows))
    names = np.repeat(["train", "validation", "test"], sizes)
    return [{**rows[i], "split": str(split)} for i, split in zip(order, names, strict=True)]


def sample_parameters(profile: str, rng) -> dict[str, float]:
    strength = np.clip(rng.normal(*STRENGTH), 0.2, 1.3)
    neutral = np.array(NEUTRAL)
    values = rng.normal(neutral + strength * (PROFILES[profile] - neutral), SPREAD)
    return {
        p: round(float(np.clip(v, *lim)), 3) for p, v, lim in zip(PARAMETERS, values, LIMITS, strict=True)
    }


def fallacy_plan(rng) -> list[dict]:
    rows = []
    specific = read_sentences("fallacy_specific")
    for name in CLASSES:
        rows += split_sentences([r for r in specific if r["classes"] == name], (42, 9, 25), rng)
    rows += split_sentences(read_sentences("fallacy_generic"), (168, 32, 100), rng)
    used = dict.fromkeys(CLASSES, 0)
    plan = []
    for i, row in enumerate(rows):
        fits = row["classes"].split("|")
        for delivery in range(DELIVERIES[row["split"]]):
            # a sentence that fits several classes is delivered as different ones, the rarest so far first
            done = [p["fallacy"] for p in plan if p["sentence"] == f"f{i:04d}"]
            choices = [c for c in fits if c not in done] or fits
            name = min(choices, key=lambda c: (used[c], rng.random()))
            used[name] += 1
            plan.append(
                {
                    "sentence": f"f{i:04d}",
                    "text": row["text"],
                    "split": row["split"],
                    "fallacy": name,
                    "ambiguous": int(len(fits) > 1),
                    "profile": name,
                    "detection": "fallacy" if delivery == 0 and i % 4 == 0 else "",
                }
            )
    return plan


def plain_plan(rng) -> list[dict]:
    rows = read_sentences("plain")
    plan, i = [], 0
    for topic in sorted({r["topic"] for r in rows}):
        for row in split_sentences([r for r in rows if r["topic"] == topic], (46, 10, 24), rng):
            for kind in ("statement", "question"):
                plan.append(
                    {
                        "sentence": f"p{i:04d}",
                        "text": row["text"],
                        "split": row["split"],
                        "topic": topic,
                        "question": kind,
                        "profile": kind,
                        "detection": "plain" if kind == "statement" else "",
                    }
                )
            i += 1
    return plan


def unlabelled_plan(rng) -> list[dict]:
    profiles = list(PROFILES)
    return [
        {"sentence": f"u{i:04d}", "text": row["text"], "split": "unlabelled", "profile": str(profile)}
        for i, row in enumerate(read_sentences("unlabelled"))
        for profile in rng.choice(profiles, 2, replace=False)
    ]


def make_plan() -> pd.DataFrame:
    """One row per clip: text, split, speaker, labels and planted parameters, before any audio exists."""
    rng = np.random.default_rng(SEED)
    rows = fallacy_plan(rng) + plain_plan(rng) + unlabelled_plan(rng)
    voices, seen = {r["sentence"]: r["voice"] for r in read_sentences("voices")}, set()
    for row in rows:
        row["speaker"] = voices[row["sentence"]]
        allowed = VOICES["train" if row["split"] == "unlabelled" else row["split"]]
        if row["speaker"] not in allowed:
            raise ValueError(
                f"sentences/voices.csv: {row['sentence']} ({row['split']}) is read by {row['speaker']}"
            )
        if row["sentence"] not in seen:  # the shipped corpus sampled a voice here: so the same values follow
            rng.integers(len(allowed))
            seen.add(row["sentence"])
        row.update(sample_parameters(row["profile"], rng))
    plan = pd.DataFrame(rows).fillna({c: "" for c in ("fallacy", "detection", "question", "topic")})
    plan["clip"] = plan.groupby("sentence").cumcount().astype(str)
    plan["file_name"] = "clips/" + plan["sentence"] + "_" + plan["clip"] + ".ogg"
    plan["ambiguous"] = plan["ambiguous"].fillna(0).astype(int)
    return plan
