"""Encode a corpus once and write the codes beside its table (`codes.npz`), so that nobody has to wait for it.

python scripts/pack_codes.py --corpus data/demo --codec data/tokenizer --cache-dir runs/cache
"""

import argparse

from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.shipped import pack_codes
from speechlm_utils.corpus.load import load_corpus

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", default="data/demo")
    parser.add_argument("--codec", default="data/tokenizer")
    parser.add_argument("--cache-dir", default="runs/cache")
    given = parser.parse_args()
    codec = load_codec(given.codec)
    clips = encode_clips(load_corpus(given.corpus), codec, given.cache_dir, n_jobs=2)
    path = pack_codes(clips, codec, given.corpus)
    print(f"{path}: codes of {len(clips)} clips, {path.stat().st_size / 1e6:.1f} MB")
