"""Worse words and worse sound: words lost and mistaken, and noise with the spectrum of speech."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..clips import Clip
from ..words import write_plainly

FRAME = 512  # samples, of the spectrum that noise takes after


def corrupt_clips(clips: Sequence[Clip], rate: float, texts: Sequence[str], seed: int = 0) -> list[Clip]:
    """Return the clips with a share of their words dropped or replaced by other words, half and half.

    Each word is hit by itself with probability `rate`, which is so about the word error rate; the words that
    come in its place are drawn from `texts`, frequent ones more often. Audio, codes and labels stay.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate={rate}: must be from 0 to 1")
    rng = np.random.default_rng(seed)
    counts = Counter(word for text in texts for word in write_plainly(text).split())
    words, shares = list(counts), np.array(list(counts.values()), dtype=float)
    pool = iter(rng.choice(words, size=1000, p=shares / shares.sum()) for _ in iter(int, 1))
    others = (str(word) for some in pool for word in some)
    return [replace(clip, text=_corrupt(clip.text, rate, others, rng)) for clip in clips]


def _corrupt(text: str, rate: float, others, rng: np.random.Generator) -> str:
    found = []
    for word in write_plainly(text).split():
        is_hit, is_dropped = rng.random() < rate, rng.random() < 0.5
        if not is_hit:
            found.append(word)
        elif not is_dropped:
            found.append(next(other for other in others if other != word))
    return " ".join(found)


def measure_spectrum(wavs: Sequence[np.ndarray]) -> np.ndarray:
    """Measure the mean magnitude spectrum of waveforms (n_samples,): float array (FRAME // 2 + 1,)."""
    power = np.zeros(FRAME // 2 + 1)
    for wav in wavs:
        frames = wav[: len(wav) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
        power += np.square(np.abs(np.fft.rfft(frames, axis=1))).sum(axis=0)
    if not power.any():
        raise ValueError(f"the {len(wavs)} waveforms are silent, or shorter than {FRAME} samples")
    return np.sqrt(power / power.sum())


def make_noise(n_samples: int, spectrum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make steady noise of a spectrum (n_bins,), with an RMS of 1: float array (n_samples,)."""
    white = np.fft.rfft(rng.normal(size=n_samples))
    at = np.linspace(0, len(spectrum) - 1, len(white))
    noise = np.fft.irfft(white * np.interp(at, np.arange(len(spectrum)), spectrum), n_samples)
    return noise / np.sqrt(np.mean(np.square(noise)))


def add_noise(wav: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise (n_samples,) to a waveform at a signal-to-noise ratio over the whole clip; float32."""
    level = np.sqrt(np.mean(np.square(wav, dtype=np.float64)) / np.mean(np.square(noise)))
    return (wav + noise * level * 10 ** (-snr_db / 20)).astype(np.float32)
