"""How time and memory grow with clips, seconds and tokens; codes are synthetic, and cost what real ones do.

    .venv/bin/python benchmarks/growth.py        # prints the measurements as JSON

Runs in a process of its own, so that the peak of its memory is that of the steps.
"""

import json
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from hearing import make_folder
from timing import ROOT, time_once

from speechlm_utils.acoustics.features import FEATURES, add_movements
from speechlm_utils.audio import hash_file
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.code_files import code_folder, save_codes
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.interpretation.association import token_associations
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import encode_prompts
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selector import make_selector

CODEC = str(ROOT / "data/tokenizer")
SPEC = CodecSpec(16000, 320, 1024, 8, (1,))
SECONDS = 2.25  # of a clip; 16,000 of them are 10 hours
N_CLIPS = (250, 1000, 4000, 16000)
N_TOKENS = (10, 40, 160, 640)
N_SECONDS = (2, 4, 8, 16)
WORDS = "we cannot go on like this they say it is wrong right good bad who knows what comes of that".split()


def make_clips(n: int, seconds: float = SECONDS, seed: int = 0) -> list[Clip]:
    """Clips of two classes with frequent and rare codes; class b has more of layer 2's first."""
    rng, n_frames, clips = np.random.default_rng(seed), int(seconds * SPEC.frame_rate), []
    for i in range(n):
        codes = np.minimum(rng.zipf(1.3, (SPEC.n_layers, n_frames)) - 1, 255).astype(np.int16)
        codes[1, : rng.integers(0, 6) + 3 * (i % 2)] = 0
        text = " ".join(rng.choice(WORDS, 10))
        clips.append(
            Clip(f"{i}", text, None, {"task": "ab"[i % 2]}, speaker=f"{i % 20}", codes=codes, spec=SPEC)
        )
    return clips


def make_features(clips: list[Clip]) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    values = [rng.normal(size=(len(FEATURES), clip.codes.shape[1])) for clip in clips]
    return [add_movements(dict(zip(FEATURES, one, strict=True)), SPEC.frame_rate) for one in values]


def select(clips: list[Clip]) -> None:
    """The penalty grows with the clips, so that as much is selected of many as of few."""
    y = np.array([clip.labels["task"] == "b" for clip in clips])
    make_selector(L1LogisticRegression(10 / len(clips))).fit(clips, y)


def associate(clips: list[Clip], n_tokens: int = 75) -> None:
    tokens = [(2 + k % 7, k // 7) for k in range(n_tokens)]
    token_associations(clips, make_features(clips), tokens, bootstrap=Bootstrap(200))


def write_cache(n: int) -> tuple[list[Clip], SpeechCodec, str]:
    """Write n sound files and their codes, as a corpus that was encoded before."""
    codec, folder, rng = load_codec(CODEC), make_folder(), np.random.default_rng(2)
    codes = np.zeros((SPEC.n_layers, int(SECONDS * SPEC.frame_rate)), np.int16)
    kept = code_folder(folder, codec.hash)
    clips = [Clip(f"{i}", "", Path(folder, f"{i}.wav")) for i in range(n)]
    for clip in clips:
        noise = rng.normal(0, 0.1, int(SECONDS * SPEC.sample_rate))
        soundfile.write(clip.audio, noise, SPEC.sample_rate, "PCM_16")
        save_codes(kept / f"{hash_file(clip.audio)}.npy", codes)
    return clips, codec, folder


def make_prompter(n_tokens: int = 75) -> Callable[[list[Clip]], None]:
    """Return what builds prompts with so many speech tokens in the vocabulary."""
    model, tokenizer = load_llm(LLMSpec())
    tokens = [(2 + k % 7, k // 7) for k in range(n_tokens)]
    add_speech_tokens(tokenizer, model, tokens)
    return lambda clips: encode_prompts(tokenizer, clips, tokens)


def fit_exponent(sizes, seconds) -> float:
    """Slope of log seconds over log size: 1 is linear growth."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def measure_growth() -> list[dict]:
    """Time each step at each size; the smallest is run once before, uncounted."""
    codec = load_codec(CODEC)
    rng = np.random.default_rng(0)
    few = make_clips(400)
    steps = {
        ("select tokens", "clips"): (N_CLIPS, make_clips, select),
        ("what tokens sound like", "clips"): (N_CLIPS, make_clips, associate),
        ("prompts", "clips"): (N_CLIPS, make_clips, make_prompter()),
        ("codes read from the cache", "clips"): (N_CLIPS, write_cache, lambda given: encode_clips(*given)),
        ("encode one clip", "seconds"): (N_SECONDS, lambda s: rng.normal(0, 0.1, s * 16000), codec.encode),
        ("what tokens sound like", "tokens"): (N_TOKENS, lambda n: n, lambda n: associate(few, n)),
        ("prompts", "tokens"): (N_TOKENS, make_prompter, lambda prompter: prompter(few)),
    }
    found = []
    for (step, unit), (sizes, make, work) in steps.items():
        work(make(sizes[0]))
        given = [make(size) for size in sizes]
        seconds = [min(time_once(partial(work, one)) for _ in range(2)) for one in given]
        del given
        about = {"step": step, "unit": unit, "sizes": sizes, "seconds": seconds}
        found.append(about | {"exponent": fit_exponent(sizes[1:], seconds[1:])})
    return found


def measure_peak() -> dict:
    """Return the most memory that this process ever held, and the hours of speech of its largest corpus."""
    bytes_held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    return {"peak_bytes": bytes_held, "hours": N_CLIPS[-1] * SECONDS / 3600}


if __name__ == "__main__":
    print(json.dumps({"growth": measure_growth(), **measure_peak()}))
