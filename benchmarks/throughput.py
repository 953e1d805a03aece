"""How much speech is encoded, and how many tokens are trained on, in a second; and what 100,000 hours need.

    nice .venv/bin/python benchmarks/throughput.py                 # CPU, one thread, some minutes
    .venv/bin/python benchmarks/throughput.py --device cuda --codec fnlp/SpeechTokenizer --batch-size 16

Counted is CPU time of this process with one thread, so that other programs on the machine matter little; on a
GPU elapsed time. Two codecs are measured: the one given, and one of the released SpeechTokenizer's size with
random weights (they cost the same as trained ones). Then steps 2 and 3 with the language model.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from peft import TrainableTokensConfig

from speechlm_utils.audio import hash_file, load_audio
from speechlm_utils.clips import Clip, sample_clips
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.weights import make_model
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.finetuning.finetune import build_classifier
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import Prompt, encode_prompts
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.trainer import run_trainer, wrap_model
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.pretraining.causal_loss import CausalTrainer, make_item
from speechlm_utils.pretraining.pretrain import PretrainSettings
from speechlm_utils.torch_settings import one_thread

ROOT = Path(__file__).resolve().parent.parent
HOURS = 100_000
# config.json of the released checkpoint `speechtokenizer_hubert_avg`
RELEASED = {
    "n_filters": 64,
    "strides": [8, 5, 4, 2],
    "dimension": 1024,
    "semantic_dimension": 768,
    "bidirectional": True,
    "dilation_base": 2,
    "residual_kernel_size": 3,
    "n_residual_layers": 1,
    "lstm_layers": 2,
    "activation": "ELU",
    "codebook_size": 1024,
    "n_q": 8,
    "sample_rate": 16000,
}


def main() -> None:
    args = parse_arguments()
    clock = time.process_time if args.device == "cpu" else time.perf_counter
    print(f"{args.device}, torch {torch.__version__}; seconds of {clock.__name__}, one thread")
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        codec = load_codec(args.codec, args.device)
        rates = {args.codec: measure_codec(codec, args, clock)}
        if not args.skip_full_size:
            write_full_size(Path(folder))
            rates["full size"] = measure_codec(load_codec(folder, args.device), args, clock)
        rates["read, hash, decode"] = measure_reading(args.pieces, clock)
        unit = "core" if args.device == "cpu" else "device"
        for name, rate in rates.items():
            print(f"{name}: {rate:.3g} s of speech per second; {HOURS:,} h of speech need")
            print(f"    {HOURS:,} h / {rate:.3g} = {HOURS / rate:,.0f} hours of such a {unit}")
        if args.batch_size > 1:
            compare_batches(codec, args)
        if args.steps:
            clips = make_clips(codec, args.clips)
            for name, n_tokens, seconds in (
                measure_rows(clips, args, clock),
                measure_lora(clips, args, clock),
            ):
                print(f"{name}, batches of {args.train_batch}: {n_tokens / seconds:,.0f} tokens per second")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codec", default=str(ROOT / "data/tokenizer"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of the pieces that are encoded")
    parser.add_argument("--pieces", type=int, default=6, help="encoded with each codec")
    parser.add_argument("--batch-size", type=int, default=1, help="pieces encoded together")
    parser.add_argument("--skip-full-size", action="store_true")
    parser.add_argument("--steps", type=int, default=4, help="of each training; 0: none")
    parser.add_argument("--train-batch", type=int, default=8, help="clips of a step")
    parser.add_argument("--clips", type=int, default=40, help="from the demo corpus, for prompts")
    parser.add_argument("--llm", default="smollm2-135m")
    parser.add_argument("--dtype", default="float32")
    return parser.parse_args()


def write_full_size(folder: Path) -> None:
    """Write a checkpoint of the released size with random weights."""
    torch.manual_seed(0)
    (folder / "config.json").write_text(json.dumps(RELEASED))
    torch.save(make_model(RELEASED).state_dict(), folder / "SpeechTokenizer.pt")


def cut_pieces(seconds: float, n_pieces: int, sample_rate: int) -> list[np.ndarray]:
    """Join clips of the demo corpus and cut them into pieces of equal length."""
    n_samples, wavs = int(seconds * sample_rate), []
    for clip in load_corpus(ROOT / "data/demo"):
        wavs.append(load_audio(clip.audio, sample_rate))
        if sum(map(len, wavs)) >= n_samples * n_pieces:
            break
    joined = np.concatenate(wavs)
    return [joined[k * n_samples : (k + 1) * n_samples] for k in range(n_pieces)]


def measure_codec(codec: SpeechCodec, args: argparse.Namespace, clock: Callable[[], float]) -> float:
    """Return seconds of speech encoded per second."""
    pieces = cut_pieces(args.seconds, args.pieces, codec.spec.sample_rate)
    batches = [pieces[k : k + args.batch_size] for k in range(0, len(pieces), args.batch_size)]
    codec.encode_batch(batches[0])  # warm up
    start = clock()
    for batch in batches:
        codec.encode_batch(batch)
    return args.seconds * len(pieces) / (clock() - start)


def measure_reading(n_clips: int, clock: Callable[[], float]) -> float:
    """Return seconds of speech per second that are hashed and decoded, from files in memory."""
    clips = load_corpus(ROOT / "data/demo")[: 10 * n_clips]
    start = clock()
    n_samples = sum(
        len(load_audio(clip.audio, RELEASED["sample_rate"])) for clip in clips if hash_file(clip.audio)
    )
    return n_samples / RELEASED["sample_rate"] / (clock() - start)


def compare_batches(codec: SpeechCodec, args: argparse.Namespace) -> None:
    """Print how many codes differ between pieces encoded together and each alone."""
    pieces = cut_pieces(args.seconds, args.pieces, codec.spec.sample_rate)
    alone = np.stack([codec.encode(piece) for piece in pieces])
    together = []
    for k in range(0, len(pieces), args.batch_size):
        together += codec.encode_batch(pieces[k : k + args.batch_size])
    different = f"{(alone != np.stack(together)).sum():,} of {alone.size:,} codes differ"
    print(f"batches of {args.batch_size}: {different} from those of each piece alone")


def make_clips(codec: SpeechCodec, n_clips: int) -> list[Clip]:
    """Return clips of the demo corpus with random codes: they cost as much as real ones."""
    rng, clips = np.random.default_rng(0), []
    for clip in sample_clips(load_corpus(ROOT / "data/demo"), task="fallacy", limit=n_clips):
        codes = rng.integers(0, codec.spec.codebook_size, (codec.spec.n_layers, 100)).astype(np.int16)
        kept = rng.integers(0, 100, 32)  # frames with a token of the selection: about 32 in a prompt
        codes[2, kept] = kept % 75
        clips.append(Clip(clip.id, clip.text, clip.audio, clip.labels, codes=codes))
    return clips


TOKENS = [(3, code) for code in range(75)]


def measure_rows(clips: list[Clip], args: argparse.Namespace, clock) -> tuple[str, int, float]:
    """Train step 2 for some steps; returns name, tokens and seconds."""
    model, tokenizer = load_llm(LLMSpec(args.llm, args.dtype))
    ids = add_speech_tokens(tokenizer, model, TOKENS)
    prompts = choose_prompts(encode_prompts(tokenizer, clips, TOKENS)[0], args)
    wrapped = wrap_model(model, TrainableTokensConfig(token_indices=list(ids.values())))
    settings = PretrainSettings(batch_size=args.train_batch, max_steps=args.steps)
    items = {"train": [make_item(prompt, "audio") for prompt in prompts]}
    start = clock()
    run_trainer(wrapped, items, settings, tokenizer.pad_token_id, CausalTrainer)
    return "step 2 (rows)", sum(len(prompt.input_ids) for prompt in prompts), clock() - start


def measure_lora(clips: list[Clip], args: argparse.Namespace, clock) -> tuple[str, int, float]:
    """Train step 3 for some steps; returns name, tokens and seconds."""
    settings = FineTuneSettings(batch_size=args.train_batch, max_steps=args.steps)
    names = sorted({clip.labels["fallacy"] for clip in clips})
    classifier = build_classifier("fallacy", names, TOKENS, settings, LLMSpec(args.llm, args.dtype))
    prompts = choose_prompts(classifier.encode(clips)[0], args)
    items = [{"input_ids": prompt.input_ids, "labels": k % len(names)} for k, prompt in enumerate(prompts)]
    start = clock()
    run_trainer(classifier.model, {"train": items}, settings, classifier.tokenizer.pad_token_id)
    return "step 3 (LoRA)", sum(len(prompt.input_ids) for prompt in prompts), clock() - start


def choose_prompts(prompts: list[Prompt], args: argparse.Namespace) -> list[Prompt]:
    """Take as many prompts as the steps need, so that each is used once."""
    n_prompts = args.steps * args.train_batch
    if n_prompts > len(prompts):
        raise SystemExit(f"--steps x --train-batch = {n_prompts} prompts, but --clips {len(prompts)}")
    return prompts[:n_prompts]


if __name__ == "__main__":
    main()
