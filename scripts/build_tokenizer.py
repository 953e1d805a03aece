"""Build the speech tokenizer of ``data/tokenizer``: projections and codebooks, without a label (build-time).

    python scripts/build_tokenizer.py --human build/human --out build/tokenizer
    python scripts/train_decoder.py build/tokenizer

Takes states of Whisper tiny.en's encoder for clips of the demo corpus (train and unlabelled) and for
recorded human speech (``collect_human_speech.py``). To these it fits, with scikit-learn, the principal
directions of the standardised states, and k-means codebooks, each on what the ones before it leave over.
Nothing else enters: no labels, no transcripts, no pitch, no energy. The decoder stays random until trained.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from tqdm import tqdm
from transformers import WhisperConfig, WhisperModel

from speechlm_utils.audio import load_audio
from speechlm_utils.codec.residual_vq import fit_codebooks, quantise
from speechlm_utils.codec.whisper_rvq import (
    WhisperRVQ,
    WhisperRVQConfig,
    make_whisper_rvq,
    save_whisper_rvq,
)
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.whisper.checkpoint import WHISPER, find_whisper
from speechlm_utils.whisper.states import HOP, SAMPLE_RATE, load_whisper_encoder

ROOT = Path(__file__).resolve().parents[1]


def sample_files(corpus: Path, human: Path | None, n_clips: int, human_share: float, seed: int) -> list[Path]:
    """Sample sound files of the corpus's train and unlabelled clips, and of recorded human speech."""
    rng = np.random.default_rng(seed)
    clips = [clip.audio for clip in load_corpus(corpus) if clip.split in ("train", "unlabelled")]
    recorded = sorted(human.rglob("*.flac")) if human else []
    n_human = round(human_share * n_clips) if recorded else 0
    drawn = [(clips, n_clips - n_human), (recorded, n_human)]
    return [files[i] for files, n in drawn for i in rng.permutation(len(files))[:n]]


@torch.inference_mode()
def read_states(model: WhisperRVQ, files: list[Path], seconds: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the acoustic and semantic states (n_frames, width) of each file, of its first seconds."""
    states, blocks = [], (model.config.acoustic_block, model.encoder.n_blocks)
    for file in tqdm(files, desc="states", unit="file"):
        wav = load_audio(file, SAMPLE_RATE)[: int(seconds * SAMPLE_RATE)]
        states.append(tuple(one[0].numpy() for one in model.encoder(torch.from_numpy(wav)[None], blocks)))
    return states


def make_untrained(name: str, folder: Path) -> str:
    """Write a Whisper of the same shape with random weights, and return its folder."""
    config = WhisperConfig.from_pretrained(find_whisper(name))
    WhisperModel(config).save_pretrained(folder)
    return str(folder)


def fit_projection(linear: torch.nn.Linear, states: np.ndarray, power: float) -> None:
    """Set a projection to the principal directions of the standardised states.

    Each direction is divided by its variance to some power: 0 leaves variances as they are, 1/2 makes all
    equal, and 1/4 is half-way, so that a few huge directions do not take all the codes.
    """
    mean, scale = states.mean(0), states.std(0)
    pca = PCA(linear.out_features).fit((states - mean) / scale)
    weight = pca.components_ / pca.explained_variance_[:, None] ** power / scale
    linear.weight.data = torch.from_numpy(weight).float()
    linear.bias.data = -linear.weight.data @ torch.from_numpy(mean).float()


@torch.inference_mode()
def fit(model: WhisperRVQ, states: list[tuple[np.ndarray, np.ndarray]], args: argparse.Namespace) -> dict:
    """Fit projections and codebooks; return the share of acoustic variance left after each layer."""
    config, semantic = model.config, np.concatenate([one for _, one in states])
    fit_projection(model.project_semantic, semantic, 0.0)
    averaged = [model.smooth(torch.from_numpy(one)[None])[0].numpy() for one, _ in states]
    fit_projection(model.project_acoustic, np.concatenate(averaged), args.power)
    kept = np.random.default_rng(args.seed).permutation(len(semantic))[: args.frames]
    points = model.project_semantic(torch.from_numpy(semantic[kept])).numpy()
    sound = model.project_acoustic(torch.from_numpy(np.concatenate(averaged)[kept])).numpy()
    how = {"seed": args.seed, "n_init": 1, "max_iter": args.iterations}
    first = fit_codebooks(points, 1, config.semantic_codes, **how)
    codes = quantise(points, first)[0]
    counts = np.bincount(codes, minlength=config.semantic_codes)[:, None]
    totals = np.zeros((config.semantic_codes, config.dimension))
    np.add.at(totals, codes, sound)
    means = np.where(counts > 0, totals / np.maximum(counts, 1), sound.mean(0))
    left = sound - means[codes]
    others = fit_codebooks(left, config.n_q - 1, config.acoustic_codes, **how)
    for quantiser, books in ((model.semantic, first), (model.acoustic, others)):
        for layer, book in zip(quantiser.vq.layers, books, strict=True):
            layer._codebook.embed.copy_(torch.from_numpy(book))
    model.mean_acoustic.weight.copy_(torch.from_numpy(means))
    return {"frames": len(points), "variance_left": list(map(float, measure_left(sound, left, others)))}


def measure_left(sound: np.ndarray, left: np.ndarray, books: np.ndarray) -> list[float]:
    """Return the share of variance that is left after layer 1, after layer 2, and so on."""
    total, shares = sound.var(0).sum(), [left.var(0).sum()]
    for code, book in zip(quantise(left, books), books, strict=True):
        left = left - book[code]
        shares.append(left.var(0).sum())
    return np.array(shares) / total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--human", type=Path, help="folder of FLAC files by collect_human_speech.py")
    add("--out", type=Path, default=ROOT / "build" / "tokenizer")
    add("--encoder", default=WHISPER, help="a name of find_whisper")
    add(
        "--untrained",
        action="store_true",
        help="the control: an encoder of the same shape with random weights",
    )
    add("--clips", type=int, default=1500)
    add("--human-share", type=float, default=0.33, help="of the clips")
    add("--seconds", type=float, default=4, help="of each clip at most")
    add("--frames", type=int, default=120_000, help="that k-means is fitted to")
    add("--iterations", type=int, default=30, help="of k-means, each codebook")
    add("--window", type=int, default=11, help="frames")
    add("--block", type=int, default=2, help="encoder block that layers 2 and on code")
    add("--acoustic-codes", type=int, default=256, help="of each layer from 2 on")
    add("--power", type=float, default=0.25, help="see fit_projection")
    add("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    if args.untrained:
        args.encoder = make_untrained(args.encoder, args.out / "encoder")
    config = WhisperRVQConfig(args.encoder, args.block, args.window, acoustic_codes=args.acoustic_codes)
    model, start = make_whisper_rvq(config, load_whisper_encoder(args.encoder)).eval(), time.monotonic()
    files = sample_files(args.corpus, args.human, args.clips, args.human_share, args.seed)
    found = fit(model, read_states(model, files, args.seconds), args)
    save_whisper_rvq(model, args.out)
    log = {"files": len(files), **found, "took_seconds": round(time.monotonic() - start), **vars(args)}
    log = {key: str(value) if isinstance(value, Path) else value for key, value in log.items()}
    (args.out / "build.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(log, indent=2), f"1 frame = {HOP} samples")


if __name__ == "__main__":
    main()
