"""What tests of explorers share: a tone to embed, what sounds in a page, and its faults of accessibility."""

import numpy as np

from speechlm_utils.explorers.sounds import embed_sound

RATE = 16000
SOUNDS = """() => new Promise((done) => {
  const sound = window.speechlmSound;
  if (!sound) return done(null);
  const tell = () => done([sound.duration, sound.paused && !sound.ended]);
  if (sound.readyState > 1 || sound.error) tell(); else sound.addEventListener('canplay', tell, {once: true});
})"""


def make_tone(seconds=0.5, hertz=220):
    """A tone, float32 (n_samples,)."""
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def embed_tone(seconds=0.5):
    return embed_sound(make_tone(seconds), RATE)


def read_sound(page):
    """Seconds of the sound that a page has begun last, and whether it was stopped; None: there is none."""
    return page.evaluate(SOUNDS)


def find_faults(page):
    """Serious and critical faults that axe-core finds, each in a line."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:200]})"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
