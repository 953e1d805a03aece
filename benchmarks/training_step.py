"""One fine-tuning step on a CPU: dtype, attention, collapsed repeats, against float32 and fused attention.

    .venv/bin/python benchmarks/training_step.py

Prints CPU seconds of a step (forward and backward, median) of the same clips in each way, and the ratio to
the first. The ways take turns in one process with one thread, so that a drifting machine slows all of them.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from speechlm_utils.experiment import Experiment
from speechlm_utils.finetuning.finetune import build_classifier
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.batches import pad_batch
from speechlm_utils.llm.spec import LLMSpec

ROOT = Path(__file__).resolve().parent.parent
WAYS = {
    "float32, fused attention": ("float32", "sdpa", False),
    "float32, plain attention": ("float32", "eager", False),
    "bfloat16, fused attention": ("bfloat16", "sdpa", False),
    "bfloat16, plain attention": ("bfloat16", "eager", False),
    "bfloat16, plain attention, repeats collapsed": ("bfloat16", "eager", True),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=16, help="in a batch")
    parser.add_argument("--steps", type=int, default=5, help="counted, after one that is not")
    args = parser.parse_args()
    torch.set_num_threads(1)
    paths = [
        ROOT / "data" / "demo",
        str(ROOT / "data" / "tokenizer"),
        ROOT / "runs" / "bench",
        ROOT / "runs" / "cache",
    ]
    experiment = Experiment(*paths, clips_per_split=240)
    selection = experiment.selection("fallacy", 75)
    clips = experiment.clips("fallacy", "train")[: args.clips]
    steps = {name: make_step(*way, selection, clips) for name, way in WAYS.items()}
    seconds = {name: [] for name in WAYS}
    for _ in range(args.steps + 1):
        for name, (step, _) in steps.items():
            start = time.process_time()
            step()
            seconds[name].append(time.process_time() - start)
    medians = {name: np.median(values[1:]) for name, values in seconds.items()}
    first = next(iter(medians.values()))
    for name, median in medians.items():
        shape = " x ".join(map(str, steps[name][1]))
        print(f"{name:46} {shape:>9} tokens {median:6.2f} CPU-s, ratio {first / median:.2f}")


def make_step(dtype: str, attention: str, collapse: bool, selection, clips):
    """Return a function that takes one step, and the shape of its batch."""
    settings = FineTuneSettings(lora_rank=16, lora_dropout=0.0, collapse_repeats=collapse)
    about = (selection.task, selection.label_names, selection.tokens, settings)
    classifier = build_classifier(*about, LLMSpec(dtype=dtype))
    model = classifier.model.train()
    model.get_base_model().set_attn_implementation(attention)
    prompts, _ = classifier.encode(clips)
    batch = pad_batch(
        [{"input_ids": prompt.input_ids} for prompt in prompts], classifier.tokenizer.pad_token_id
    )

    def step() -> None:
        model(**batch).logits.float().logsumexp(dim=1).mean().backward()

    return step, tuple(batch["input_ids"].shape)


if __name__ == "__main__":
    main()
