"""Speech tokens: one clip at a time, clips of equal length together, and the cache.

    .venv/bin/python benchmarks/encoding.py

Prints seconds per second of speech and ratios, all of one run.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from speechlm_utils.audio import load_audio
from speechlm_utils.clips import sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codec", default=str(ROOT / "data/tokenizer"))
    parser.add_argument("--clips", type=int, default=100)
    args = parser.parse_args()
    codec = load_codec(args.codec)
    clips = sample_clips(load_corpus(ROOT / "data/demo"), split="test", limit=args.clips)
    wavs = [load_audio(clip.audio, codec.spec.sample_rate) for clip in clips]
    seconds = sum(map(len, wavs)) / codec.spec.sample_rate
    codec.encode(wavs[0])  # warm up
    took = {}

    start = time.perf_counter()
    for wav in wavs:
        codec.encode(wav)
    took["one at a time"] = time.perf_counter() - start

    buckets = defaultdict(list)
    for wav in wavs:
        buckets[len(wav)].append(wav)
    start = time.perf_counter()
    for bucket in buckets.values():
        codec.encode_batch(bucket)
    took[f"equal lengths together ({len(buckets)} lengths)"] = time.perf_counter() - start

    with tempfile.TemporaryDirectory() as folder:
        for name in ("cache, first use", "cache, later uses"):
            start = time.perf_counter()
            encode_clips(clips, codec, folder)
            took[name] = time.perf_counter() - start
    print(f"{len(clips)} clips, {seconds:.0f} s of speech, codec {codec.hash}")
    reference = took["one at a time"]
    for name, value in took.items():
        print(f"{name:40s} {value:7.2f} s  {value / seconds:.4f} s/s  {reference / value:6.1f} times as fast")


if __name__ == "__main__":
    main()
