"""One training step of Llama's architecture at full size with random weights: what memory does it take?

    python scripts/train_step_memory.py --size 3b --dtype bfloat16    # both stages, each in its own process
    python scripts/train_step_memory.py --size 3b --stage embeddings --device cuda

Stages: `embeddings` trains those of new tokens with the causal loss, all else frozen (step 2 of the method);
`lora` trains adapters, token embeddings and head of a classifier (step 3). Both go through the package's own
functions, so that the memory is that of notebooks 04 and 05, losses before and after and the check of the
frozen weights included. Weights are random: the numbers are about memory and time, the losses mean nothing.
No download, no file but the report.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SIZES = {
    "3b": {  # config.json of Llama-3.2-3B
        "hidden_size": 3072,
        "intermediate_size": 8192,
        "num_hidden_layers": 28,
        "num_attention_heads": 24,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "head_dim": 128,
    },
    "1b": {  # of Llama-3.2-1B
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "head_dim": 64,
    },
    "135m": {  # of SmolLM2-135M
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "head_dim": 64,
    },
}
STAGES = ("embeddings", "lora")
N_TOKENS, N_WORDS, N_SOUNDS, N_CLASSES = 75, 35, 35, 6  # as in the paper: tokens kept, and a clip's prompt


def make_config(size: str, **changes):
    """Return the configuration of a size, tied embeddings; changes replace values of it."""
    from transformers import LlamaConfig

    values = SIZES[size] | {"tie_word_embeddings": True, "rms_norm_eps": 1e-5} | changes
    return LlamaConfig(**values, bos_token_id=0, eos_token_id=1, pad_token_id=2)


def make_model(config, task: str, dtype: str, device: str = "cpu"):
    """Build the model with random weights without ever holding them twice.

    It is laid out without memory first, then gets its memory, then its weights in place: normal with a
    standard deviation of 0.02, norms 1.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    auto = AutoModelForCausalLM if task == "causal" else AutoModelForSequenceClassification
    with torch.device("meta"):
        model = auto.from_config(config, dtype=getattr(torch, dtype))
    model.to_empty(device=device)
    model.tie_weights()  # two matrices were made of the one that is shared
    base = model.base_model
    base.rotary_emb = type(base.rotary_emb)(config).to(device)  # constants, which no weight file has
    generator = torch.Generator(device).manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1) if "norm" in name else weight.normal_(0, 0.02, generator=generator)
    return model.eval()


def make_tokenizer(config):
    """Make a tokenizer of words w0, w1, ... that has as many as the model has rows."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.WordLevel({f"w{i}": i for i in range(config.vocab_size)}, unk_token="w3"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="w1", pad_token="w2", unk_token="w3")


def make_clips(n_clips: int, tokens: list[tuple[int, int]]) -> list:
    """Make clips of as many words and kept speech tokens as the paper's have on average."""
    from speechlm_utils.clips import Clip

    rng = np.random.default_rng(0)
    clips = []
    for number in range(n_clips):
        codes = np.full((8, N_SOUNDS), 1023, dtype=np.int16)  # no token that is kept
        for frame, place in enumerate(rng.integers(len(tokens), size=N_SOUNDS)):
            layer, code = tokens[place]
            codes[layer - 1, frame] = code
        text = " ".join(f"w{word}" for word in rng.integers(10, 1000, N_WORDS))
        clips.append(Clip(f"clip{number}", text, None, {"task": f"class{number % N_CLASSES}"}, codes=codes))
    return clips


def run_embeddings(config, dtype: str, device: str, batch_size: int) -> dict:
    """Do one step of step 2; return losses and numbers of parameters."""
    from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings

    tokens, model = list_tokens(), make_model(config, "causal", dtype, device)
    n_parameters = count(model.parameters())
    settings = PretrainSettings(max_steps=1, warmup=0.0, batch_size=batch_size)  # a first step is warm-up
    clips = {"train": make_clips(batch_size, tokens)}
    result = pretrain_token_embeddings(model, make_tokenizer(config), clips, tokens, settings)
    losses = {
        "loss_before": result.loss_before,
        "loss": float(result.losses[0]),
        "loss_after": result.loss_after,
    }
    return {
        **losses,
        "n_parameters": n_parameters,
        "n_trained": sum(one.size for one in result.embeddings.values()),
    }


def run_lora(config, dtype: str, device: str, batch_size: int) -> dict:
    """Do one step of step 3 with the paper's adapters; return the loss and numbers of parameters."""
    from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
    from speechlm_utils.finetuning.finetune import fine_tune
    from speechlm_utils.finetuning.lora import FineTuneSettings, wrap_classifier
    from speechlm_utils.llm.spec import LLMSpec

    config.id2label = {k: f"class{k}" for k in range(N_CLASSES)}
    tokens, model = list_tokens(), make_model(config, "classification", dtype, device)
    n_parameters = count(model.parameters())
    tokenizer, llm = make_tokenizer(config), LLMSpec("random weights", dtype)
    settings = FineTuneSettings(max_steps=1, warmup=0.0, batch_size=batch_size)
    model = wrap_classifier(model, tokenizer, tokens, None, settings)
    classifier = SpeechTokenClassifier(model, tokenizer, "task", tokens, settings, llm)
    result = fine_tune(classifier, {"train": make_clips(max(batch_size, N_CLASSES), tokens)})
    return {"loss": float(result.losses[0]), "n_parameters": n_parameters, "n_trained": result.n_trainable}


def list_tokens() -> list[tuple[int, int]]:
    """List the kept tokens: some of each of the layers 2 to 8."""
    return [(2 + place % 7, place) for place in range(N_TOKENS)]


def count(parameters) -> int:
    return sum(parameter.numel() for parameter in parameters)


def measure(stage: str, config, dtype: str, device: str, batch_size: int) -> dict:
    """Run a stage; measure its seconds and the most memory that the process has held, in GiB (2**30 bytes).

    On the CPU that is all of the process, Python and libraries with it; on a GPU what torch allocated there.
    """
    import torch

    start = time.monotonic()
    found = {"embeddings": run_embeddings, "lora": run_lora}[stage](config, dtype, device, batch_size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    if device != "cpu":
        peak = torch.cuda.max_memory_allocated()
    seconds = time.monotonic() - start
    facts = {"stage": stage, "dtype": dtype, "device": device, "batch_size": batch_size}
    return {**facts, **found, "seconds": round(seconds, 1), "peak_gib": round(peak / 2**30, 3)}


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--size", choices=list(SIZES), default="3b")
    add("--stage", choices=[*STAGES, "both"], default="both")
    add("--dtype", choices=["float32", "bfloat16"], default="bfloat16")
    add("--device", choices=["cpu", "cuda"], default="cpu")
    add("--batch-size", type=int, default=2, help="clips of 35 words and 35 speech tokens (default: 2)")
    add("--layers", type=int, help="only so many layers (default: all)")
    add("--out", type=Path, help="write the report there as JSON, too")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run each stage in a process of its own, so that each has its own peak, and print a line of JSON."""
    args = build_parser().parse_args(argv)
    if args.stage == "both":
        command = [sys.executable, __file__, *(sys.argv[1:] if argv is None else argv)]
        lines = [
            subprocess.run([*command, "--stage", stage], check=True, stdout=subprocess.PIPE, text=True).stdout
            for stage in STAGES
        ]
        reports = [json.loads(line) for line in lines]
    else:
        if args.device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # else the Trainer would take a GPU that is there
        changes = {"num_hidden_layers": args.layers} if args.layers else {}
        config = make_config(args.size, **changes)
        reports = [
            {"size": args.size, **measure(args.stage, config, args.dtype, args.device, args.batch_size)}
        ]
    for report in reports:
        print(json.dumps(report), flush=True)
    if args.out:
        from speechlm_utils.files import write_json

        write_json(args.out, reports)


if __name__ == "__main__":
    main()
