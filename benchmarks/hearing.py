"""Rows of the steps that read sound: codes, acoustic features, and what tokens sound like."""

import atexit
import shutil
import tempfile

import numpy as np
from timing import Material, Pair, Row, choose_by_length, describe

from speechlm_utils.acoustics.features import CARD_FEATURES, clip_features
from speechlm_utils.audio import load_audio
from speechlm_utils.bootstrap import Bootstrap, draw_weights
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.interpretation.association import resample_effects, standardise_by_speaker


def make_folder() -> str:
    """Make a folder that goes when the process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def prepare_cached_codes(material: Material) -> Pair:
    clips, codec = choose_by_length(material.clips, material.sizes["encoded"]), material.codec
    folder = make_folder()
    encode_clips(clips, codec, folder)

    def read():
        return [clip.codes for clip in encode_clips(clips, codec, folder)]

    def encode():
        return [codec.encode(load_audio(clip.audio, codec.spec.sample_rate)) for clip in clips]

    return Pair(read, encode, check_codes_equal, describe(clips))


def check_codes_equal(fast, plain) -> str:
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    return "bit for bit"


def prepare_gpu(material: Material) -> Pair:
    """Pieces of equal length, since these share a batch without padding."""
    codec, size = material.codec, material.sizes["encoded"]
    rate = codec.spec.sample_rate
    wavs = [load_audio(clip.audio, rate) for clip in choose_by_length(material.clips, size)]
    length = min(map(len, wavs))
    pieces, gpu = [wav[:length] for wav in wavs], load_codec(codec.name, "cuda")

    def check(fast, plain) -> str:
        share = np.mean(np.stack(fast) == np.stack(plain))
        assert share > 0.99, f"only {share:.1%} of the codes are equal"
        return f"{share:.2%} of the codes"

    on = f"{len(pieces)} pieces of {length / rate:.1f} s"
    return Pair(lambda: gpu.encode_batch(pieces), lambda: [codec.encode(w) for w in pieces], check, on)


def prepare_cached_features(material: Material) -> Pair:
    clips, folder = choose_by_length(material.clips, material.sizes["measured"]), make_folder()

    def measure(cache: str):
        return clip_features(clips, cache, n_jobs=1, progress=False)

    def check(fast, plain) -> str:
        for one, other in zip(fast, plain, strict=True):
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])
        return "bit for bit"

    return Pair(lambda: measure(folder), lambda: measure(make_folder()), check, describe(clips))


def prepare_association(material: Material) -> Pair:
    """Effects of every token and feature, in every resample of clips."""
    clips = choose_by_length(material.clips, material.sizes["measured"])
    features = clip_features(clips, make_folder(), n_jobs=1, progress=False)
    tokens, bootstrap = material.tokens[: material.sizes["tokens"]], Bootstrap(material.sizes["resamples"])

    def all_at_once():
        return resample_effects(clips, features, tokens, CARD_FEATURES, bootstrap)[0]

    def token_by_token():
        weights = draw_weights(len(clips), bootstrap)
        return np.stack([associate_one(clips, features, token, weights) for token in tokens], axis=1)

    def check(fast, plain) -> str:
        np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-8)
        return "to 1e-5"

    on = f"{len(tokens)} tokens, {len(CARD_FEATURES)} features, {bootstrap.n_resamples} resamples; "
    return Pair(all_at_once, token_by_token, check, on + describe(clips))


def associate_one(clips, features, token, weights) -> np.ndarray:
    """Cohen's d of one token, from the frames themselves: array (1 + n_resamples, n_features)."""
    x = np.concatenate(standardise_by_speaker(clips, features, CARD_FEATURES))
    layer, code = token
    carries = np.concatenate([clip.codes[layer - 1] == code for clip in clips])
    lengths = [clip.codes.shape[1] for clip in clips]
    found = np.full((len(weights), x.shape[1]), np.nan)
    for row, weight in enumerate(weights):
        of_frame = np.repeat(weight, lengths)
        for column, values in enumerate(x.T):
            valid = np.isfinite(values)
            inside, outside = carries & valid, ~carries & valid
            n1, n0 = of_frame[inside].sum(), of_frame[outside].sum()
            if n1 > 0 and n0 > 0 and n1 + n0 > 2:
                means = [np.average(values[part], weights=of_frame[part]) for part in (inside, outside)]
                squares = [
                    (of_frame[part] * (values[part] - mean) ** 2).sum()
                    for part, mean in zip((inside, outside), means, strict=True)
                ]
                pooled = sum(squares) / (n1 + n0 - 2)
                found[row, column] = (means[0] - means[1]) / np.sqrt(pooled) if pooled > 0 else np.nan
    return found


ROWS = [
    Row("codes", "read from the cache", "encode one clip at a time", 100, prepare_cached_codes),
    Row(
        "acoustic features",
        "read from the cache",
        "measure each clip",
        10,
        prepare_cached_features,
    ),
    Row(
        "what tokens sound like",
        "sums of every clip once, all tokens and resamples in one product",
        "token by token, from the frames of every resample",
        10,
        prepare_association,
    ),
]
GPU_ROWS = [Row("codes", "GPU, a batch", "CPU, one clip at a time", 10, prepare_gpu)]
