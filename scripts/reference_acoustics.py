"""Measure how closely tokens selected on the demo corpus go with the prosody of human speech; one record.

    python scripts/reference_acoustics.py --emodb runs/corpora/emodb

What notebook 03 computes where EmoDB is imported: mean |r| of the selected tokens and of matched ones with a
dozen numbers of each clip, within what one voice says with the same words; and whether r has the same sign as
on the synthetic clips. The tokens are those that the profile `demo` selects.
"""

import argparse
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np

from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip, hash_corpus, sample_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.interpretation.correlation import centre_by, compare_strength, correlate, list_cells
from speechlm_utils.interpretation.planted import summarise_features, token_shares
from speechlm_utils.selection.controls import matched_random_tokens
from speechlm_utils.tokens import Token

ROOT = Path(__file__).resolve().parents[1]


def measure(clips: list[Clip], sets: list[list[Token]], cache: Path) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return prosody (n_clips, 12) and the shares of each set of tokens, centred within cells."""
    cells = list_cells(clips)
    prosody = centre_by([summarise_features(one) for one in clip_features(clips, cache)], cells)
    return prosody, [centre_by(token_shares(clips, one), cells) for one in sets]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--emodb", type=Path, default=ROOT / "runs" / "corpora" / "emodb")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--clips", type=int, default=240, help="of the demo corpus")
    add("--draws", type=int, default=10, help="of matched tokens")
    add("--resamples", type=int, default=1000)
    add("--seed", type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as run_dir:
        experiment = Experiment(ROOT / "data" / "demo", args.codec, run_dir, args.cache, args.seed)
        chosen = experiment.selection("fallacy")
    train = experiment.clips("fallacy", "train")
    sets = [
        chosen.tokens,
        *matched_random_tokens(chosen.tokens, train, chosen.layers, args.draws, args.seed),
    ]
    halves = [(part, args.clips // 2, args.seed) for part in ("validation", "test")]
    demo = [clip for half in halves for clip in sample_clips(experiment.corpus, "fallacy", *half)]
    human = load_corpus(args.emodb)
    (y_demo, x_demo), (y, x) = (
        measure(encode_clips(some, experiment.codec, args.cache, n_jobs=2), sets, args.cache)
        for some in (demo, human)
    )
    strengths = [float(np.abs(correlate(one, y)).mean()) for one in x]
    pairs = [(correlate(a, y_demo), correlate(b, y)) for a, b in zip(x_demo, x, strict=True)]
    bootstrap = Bootstrap(args.resamples, args.seed)
    difference = compare_strength(x[0], x[1:], y, [clip.speaker for clip in human], bootstrap)
    record = {
        "made_by": "scripts/reference_acoustics.py",
        "date": date.today().isoformat(),
        "codec_hash": experiment.codec.hash,
        "corpus_hash": hash_corpus(human),
        "seed": args.seed,
        "tokens": [list(token) for token in chosen.tokens],
        "clips": len(human),
        "selected": strengths[0],
        "matched": strengths[1:],
        "difference": asdict(difference),
        "agreement": [float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairs],
        "seconds": round(time.monotonic() - start),
    }
    write_json(args.out / "acoustics_emodb.json", record, indent=None)
    print(difference, strengths, record["agreement"], sep="\n")


if __name__ == "__main__":
    main()
