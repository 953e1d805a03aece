"""Which share of the machine's rate of multiplying matrices a step reaches."""

from collections.abc import Callable

import torch
from timing import Material, choose_by_length, time_once
from torch.utils.flop_counter import FlopCounterMode
from training import TokenEmbeddingStep

from speechlm_utils.audio import load_audio

SIDE = 1536  # of the square float32 matrices


def count_operations(work: Callable[[], object]) -> int:
    """Count the floating-point operations of products, convolutions and attention."""
    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return counter.get_total_flops()


def measure_shares(material: Material, n_repetitions: int = 5) -> list[dict]:
    """Time steps and products of matrices in turn; the share is that of medians of the rates."""
    rate = material.codec.spec.sample_rate
    clip = choose_by_length(material.clips, 1)[0]
    wav = load_audio(clip.audio, rate)
    clips = choose_by_length(material.clips, material.sizes["pretrained"])
    steps = {
        "encode one clip": lambda: material.codec.encode(wav),
        "pre-training, one step": TokenEmbeddingStep(material, clips),
    }
    left, right = torch.randn(2, SIDE, SIDE).unbind()
    found = []
    for name, step in steps.items():
        operations, rates = count_operations(step), {"step": [], "product": []}
        for _ in range(n_repetitions):
            rates["step"].append(operations / time_once(step))
            rates["product"].append(2 * SIDE**3 / time_once(lambda: left @ right))
        step_rate, product_rate = (float(torch.tensor(one).median()) for one in rates.values())
        about = {"operations": operations, "rate": step_rate, "product_rate": product_rate}
        found.append({"step": name, **about, "share": step_rate / product_rate})
    return found
