"""Deliver a neutral reading as planned: Praat's PSOLA, spectral tilt, gain and a pause."""

from pathlib import Path

import numpy as np
from demo_plan import CONTOUR_SECONDS, SEED

SYNTH_RATE, RATE = 24_000, 16_000
NOISE_DBFS, SPEECH_DBFS, EDGE_SECONDS = -62.0, -26.0, 0.15
LABEL_LAG = 0.05  # seconds by which the synthesiser's durations lag its audio
# the synthesiser's symbols folded to the 39 ARPABET phones
ARPABET = dict(
    pair.split(":")
    for pair in (
        "A:EY I:AY O:OW Q:OW W:AW Y:OY ʤ:JH ʧ:CH ə:AH ᵊ:AH ʌ:AH ɜ:ER ɑ:AA ɒ:AA ɔ:AO a:AE æ:AE ɛ:EH e:EH i:IY "
        "ɪ:IH ᵻ:IH u:UW ʊ:UH o:OW b:B d:D f:F ɡ:G h:HH j:Y k:K l:L m:M n:N ŋ:NG p:P ɹ:R s:S ʃ:SH t:T ɾ:T ʔ:T "
        "v:V w:W z:Z ʒ:ZH θ:TH ð:DH"
    ).split()
)


def phone_times(
    phones: np.ndarray, durations: np.ndarray, n_seconds: float
) -> list[tuple[str, float, float]]:
    """Fold the synthesiser's symbols to ARPABET with start and end in seconds (its frames last 25 ms)."""
    edges = np.concatenate([[0.0], np.cumsum(durations)]) * 0.025 - LABEL_LAG
    result, pending = [], None
    for i, symbol in enumerate(phones, start=1):
        start, end = edges[i], edges[i + 1]
        if symbol == "ː" and result:
            result[-1] = (result[-1][0], result[-1][1], end)
        elif symbol in ARPABET:
            result.append((ARPABET[symbol], start if pending is None else pending, end))
            pending = None
        elif symbol in ",.;:!?":
            result.append(("SIL", start, end))
        elif pending is None:  # stress marks and spaces: their time belongs to the next phone
            pending = start
    clipped = [(p, max(0.0, s), min(n_seconds, e)) for p, s, e in result]
    return [(p, s, e) for p, s, e in clipped if e > s]


def word_gaps(phones: np.ndarray, durations: np.ndarray) -> np.ndarray:
    edges = np.concatenate([[0.0], np.cumsum(durations)]) * 0.025 - LABEL_LAG
    return np.array([edges[i] for i, symbol in enumerate(phones, start=1) if symbol == " "])


def resynthesise(wav: np.ndarray, row: dict) -> np.ndarray:
    """Apply F0 shift, range, final contour and rate with pitch-synchronous overlap-add."""
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(wav.astype(np.float64), SYNTH_RATE)
    manipulation = call(sound, "To Manipulation", 0.01, 60, 500)
    tier = call(manipulation, "Extract pitch tier")
    n = call(tier, "Get number of points")
    if n:
        times = np.array([call(tier, "Get time from index", i) for i in range(1, n + 1)])
        f0 = np.array([call(tier, "Get value at index", i) for i in range(1, n + 1)])
        semitones = 12 * np.log2(f0)
        median = np.median(semitones)
        last = CONTOUR_SECONDS[row["profile"]] * row["rate"]
        rise = np.clip((times - (times[-1] - last)) / last, 0, 1) * row["contour_st"]
        new = median + row["f0_range"] * (semitones - median) + row["f0_shift_st"] + rise
        call(tier, "Remove points between", 0, sound.duration)
        for t, st in zip(times, np.clip(2 ** (new / 12), 55, 550), strict=True):
            call(tier, "Add point", t, st)
        call([tier, manipulation], "Replace pitch tier")
    durations = call(manipulation, "Extract duration tier")
    call(durations, "Add point", 0, 1 / row["rate"])
    call([durations, manipulation], "Replace duration tier")
    return call(manipulation, "Get resynthesis (overlap-add)").values[0]


def tilt_spectrum(wav: np.ndarray, rate: int, tilt_db: float) -> np.ndarray:
    """Raise or lower the spectrum linearly in octaves from 500 Hz to `tilt_db` at 4 kHz, constant above."""
    spectrum = np.fft.rfft(wav)
    hertz = np.fft.rfftfreq(len(wav), 1 / rate)
    gain_db = tilt_db * np.clip(np.log2(np.maximum(hertz, 1) / 500) / 3, 0, 1)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(wav))


def insert_pause(wav: np.ndarray, at: float, seconds: float) -> np.ndarray:
    """Insert silence at time `at`, with 5 ms fades on both sides."""
    i, fade = int(at * RATE), int(0.005 * RATE)
    left, right = wav[:i].copy(), wav[i:].copy()
    left[-fade:] *= np.linspace(1, 0, fade)
    right[:fade] *= np.linspace(0, 1, fade)
    return np.concatenate([left, np.zeros(int(seconds * RATE)), right])


def deliver_clip(row: dict, neutral: Path, out: Path) -> dict:
    """Write one clip; return its `phones` string and seconds. What the file decodes to is the corpus."""
    import soundfile
    import soxr

    with np.load(neutral / f"{row['sentence']}.npz") as z:
        wav, durations, symbols = z["wav"].astype(np.float64), z["durations"], z["phones"]
    level = np.sqrt(np.convolve(wav**2, np.ones(480) / 480, "same"))
    active = np.flatnonzero(level > 0.02 * level.max())
    start, stop = active[0], active[-1] + 1
    trimmed, t0 = wav[start:stop], start / SYNTH_RATE
    speech = soxr.resample(resynthesise(trimmed, row), SYNTH_RATE, RATE)
    speech = tilt_spectrum(speech, RATE, row["tilt_db"])
    phones = [
        (p, (s - t0) / row["rate"], (e - t0) / row["rate"])
        for p, s, e in phone_times(symbols, durations, stop / SYNTH_RATE)
        if e > t0
    ]
    pause, gaps = row["pause_ms"] / 1000, (word_gaps(symbols, durations) - t0) / row["rate"]
    if pause >= 0.03 and len(gaps):
        at = gaps[np.argmin(np.abs(gaps - len(speech) / RATE / 2))]
        speech = insert_pause(speech, at, pause)
        phones = [(p, s + pause * (s >= at - 1e-6), e + pause * (e > at + 1e-6)) for p, s, e in phones]
    voiced = np.sqrt(np.convolve(speech**2, np.ones(320) / 320, "same"))
    rms = np.sqrt(np.mean(speech[voiced > 0.05 * voiced.max()] ** 2))
    speech = speech * 10 ** ((SPEECH_DBFS + row["gain_db"]) / 20) / rms
    edge = np.zeros(int(EDGE_SECONDS * RATE))
    clip = np.concatenate([edge, speech, edge])
    rng = np.random.default_rng([SEED, *map(ord, row["file_name"])])
    clip = clip + rng.normal(0, 10 ** (NOISE_DBFS / 20), len(clip))
    file = out / row["file_name"]
    soundfile.write(
        file, np.clip(clip, -0.99, 0.99), RATE, format="OGG", subtype="OPUS", compression_level=row["level"]
    )
    text = " ".join(f"{p}:{max(0, s) + EDGE_SECONDS:.3f}-{e + EDGE_SECONDS:.3f}" for p, s, e in phones)
    return {"phones": text, "seconds": round(len(clip) / RATE, 3), "peak": float(np.abs(clip).max())}
