"""What tests of explorers share: a tone to embed, facts and clips, what sounds in a page, and its faults."""

from dataclasses import replace

import numpy as np
import pandas as pd

from speechlm_utils.explorers.sounds import embed_sound

RATE = 16000
SOUNDS = """() => new Promise((done) => {
  const sound = window.speechlmSound;
  if (!sound) return done(null);
  const tell = () => done([sound.duration, sound.paused && !sound.ended]);
  if (sound.readyState > 1 || sound.error) tell(); else sound.addEventListener('canplay', tell, {once: true});
})"""
TOKENS = {(2, 5): (0.8, "a_b", 1.5, -0.5), (3, 7): (0.4, "c", -1.0, 0.25), (4, 9): (-0.3, "c", 0.5, np.nan)}
"""Token -> coefficient, class, effect on pitch and on level."""


def make_tone(seconds=0.5, hertz=220):
    """A tone, float32 (n_samples,)."""
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def embed_tone(seconds=0.5):
    return embed_sound(make_tone(seconds), RATE)


def make_facts():
    """Coefficients of two classes and effects on two features, one of them not measured for a token."""
    rows = []
    for (layer, code), (coefficient, label, pitch, level) in TOKENS.items():
        token = {"token": f"L{layer}-{code:04d}", "layer": layer, "code": code, "expected": np.nan}
        for name in ("a_b", "c"):
            value = coefficient if name == label else min(coefficient, 0) / 2
            rows.append(token | {"part": "coefficient", "name": name, "value": value, "q": np.nan})
        for name, value in (("f0_st", pitch), ("rms_db", level)):
            q = 0.01 if value > 0 else 0.5
            rows.append(token | {"part": "sound", "name": name, "value": value, "q": q})
    return pd.DataFrame(rows).assign(low=lambda t: t.value - 0.1, high=lambda t: t.value + 0.1)


def plant_tokens(clips):
    """Two clips, a class of the facts each: L2-0005 lasts from 0.1 to 0.2 s in both, L3-0007 is in one."""
    planted = []
    for i, (clip, label) in enumerate(zip(clips, ("a_b", "c"), strict=False)):
        codes = np.zeros_like(clip.codes)
        codes[1, 5:10] = 5
        codes[2, 2] = codes[2, 15] = 0 if i else 7
        planted.append(replace(clip, codes=codes, labels={"task": label}))
    return planted


def read_sound(page):
    """Seconds of the sound that a page has begun last, and whether it was stopped; None: there is none."""
    return page.evaluate(SOUNDS)


def find_faults(page, context=None, options=None):
    """Serious and critical faults that axe-core finds, each in a line.

    context is axe-core's: what to look at, or to leave out; None: all. options are axe-core's, too.
    """
    from axe_playwright_python.sync_playwright import Axe

    basic = {"resultTypes": ["violations"], "preload": False}  # no waiting for sounds
    found = Axe().run(page, context, basic | (options or {})).response["violations"]
    return [
        f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:200]})"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
