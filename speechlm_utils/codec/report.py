"""Measure a codec on clips it has not seen: phones, pitch and energy by layers, speed."""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..bootstrap import Bootstrap, Resamples
from ..clips import Clip, name_units
from ..codec_spec import shared_spec
from .base import SpeechCodec
from .probing import frame_phones, phone_information, predict_from_codes

TARGETS = ("f0_st", "rms_db")


def report_phones(clips: Sequence[Clip], seed: int = 0) -> pd.DataFrame:
    """Measure the phone-normalised mutual information of each layer, its spread over voices and its floor.

    With few frames for many codes the measure does not fall to 0 even for codes that tell nothing; the floor
    says how far, and the jackknife leaves out one voice at a time, so that the bias hardly changes.

    The clips have codes and phones. There is a row for each layer (from 1), with columns `pnmi` (see
    `phone_information`), `error` (its standard error by the jackknife over voices; NaN for one voice) and
    `floor` (phones shuffled, by the seed).
    """
    codes = np.concatenate([clip.codes for clip in clips], axis=1)
    phones = np.unique(np.concatenate([frame_phones(clip) for clip in clips]), return_inverse=True)[1]
    voice = np.repeat([clip.speaker for clip in clips], [clip.codes.shape[1] for clip in clips])
    others = [voice != name for name in np.unique(voice)]
    left_out = [phone_information(codes[:, rest], phones[rest]) for rest in others if rest.any()]
    error = np.sqrt((len(others) - 1) * np.var(left_out, axis=0)) if left_out else np.nan
    floor = phone_information(codes, np.random.default_rng(seed).permutation(phones))
    columns = {"pnmi": phone_information(codes, phones), "error": error, "floor": floor}
    return pd.DataFrame(columns, index=shared_spec(clips).layers)


def report_probes(
    train: tuple[Sequence[Clip], Sequence[dict]],
    test: tuple[Sequence[Clip], Sequence[dict]],
    layer_sets: dict[str, Sequence[int]],
    bootstrap: Bootstrap = Bootstrap(1000),
) -> pd.DataFrame:
    """Measure how well linear probes read pitch and energy from the codes of some layers, on other voices.

    Parameters
    ----------
    train, test : clips with codes, and their features as `clip_features` returns them
    layer_sets : name -> layers, e.g. {"1": [1], "2–8": range(2, 9)}
    bootstrap : over the sentences (or clips) and voices of test

    Returns
    -------
    table : DataFrame with columns `target`, `layers`, `r2` (Interval), `gain` (Interval: R² less that of the
        first set of layers, in the same resamples), `n_train` and `n_test` (frames)
    """
    size = shared_spec([*train[0], *test[0]]).codebook_size
    x, x_test = (np.concatenate([clip.codes for clip in clips], axis=1) for clips, _ in (train, test))
    lengths = [clip.codes.shape[1] for clip in test[0]]
    units = {name: np.repeat(one, lengths) for name, one in name_units(test[0]).items()}
    rows = []
    for target in TARGETS:
        y, y_test = (np.concatenate([one[target] for one in features]) for _, features in (train, test))
        known = np.isfinite(y_test)
        n_frames = {"n_train": int(np.isfinite(y).sum()), "n_test": int(known.sum())}
        groups = {unit: one[known] for unit, one in units.items()}
        drawn, first = Resamples(groups, bootstrap), None
        for name, layers in layer_sets.items():
            r2 = resample_r2(y_test[known], predict_from_codes((x, y), x_test[:, known], layers, size), drawn)
            first = r2 if first is None else first
            found = {"r2": drawn.interval(r2, None), "gain": drawn.interval(r2 - first)}
            rows.append({"target": target, "layers": name} | found | n_frames)
    return pd.DataFrame(rows)


def resample_r2(y_true: np.ndarray, predicted: np.ndarray, drawn: Resamples) -> np.ndarray:
    """Return R² over frames (n_frames,) in each resample of them: (1 + n_resamples,), the first of all."""
    parts = [np.ones(len(y_true)), y_true, y_true**2, (y_true - predicted) ** 2]
    n, total, squares, missed = drawn.sum(parts).T
    spread = squares - total**2 / np.maximum(n, 1)
    r2 = 1 - np.divide(missed, spread, out=np.zeros(len(n)), where=spread > 0)
    r2[n == 0] = r2[0]  # a resample may draw no frame where every clip has a voice of its own
    return r2


def measure_speed(codec: SpeechCodec, wavs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds of processor time per second of audio, to encode and to decode: float arrays (n_wavs,).

    The first waveform is encoded and decoded once before the clock starts.
    """
    codec.decode(codec.encode(wavs[0]))
    times = []
    for wav in wavs:
        clock = [time.process_time()]
        codes = codec.encode(wav)
        clock.append(time.process_time())
        codec.decode(codes)
        clock.append(time.process_time())
        times.append(np.diff(clock) / len(wav) * codec.spec.sample_rate)
    return tuple(np.transpose(times))
