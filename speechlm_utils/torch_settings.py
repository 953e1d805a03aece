"""Settings of torch and transformers that hold for a while and are then restored."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def exact_float32() -> Iterator[None]:
    """Compute in full float32, without gradients: no TF32, no bfloat16, whatever torch is set to.

    Rounding moves a vector across the border between two codes. On a GPU, convolutions and LSTMs use TF32 by
    default, which keeps 10 bits of 23; codes would then depend on the machine. The settings are restored.
    """
    import torch

    backends = torch.backends
    others = [backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.conv, backends.mkldnn.rnn]
    settings = [*others, backends.cuda.matmul, backends.mkldnn.matmul]
    before, matmul = [one.fp32_precision for one in settings], "highest"
    with contextlib.suppress(RuntimeError):  # it refuses to answer where only the newer settings were used
        matmul = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("highest")
        for one in others:
            one.fp32_precision = "ieee"
        with (
            torch.inference_mode(),
            torch.autocast("cuda", enabled=False),
            torch.autocast("cpu", enabled=False),
        ):
            yield
    finally:
        torch.set_float32_matmul_precision(matmul)
        for one, value in zip(settings, before, strict=True):
            one.fp32_precision = value


def require_device(device: str) -> str:
    """Return a torch device by name if this machine has it, else raise ValueError that says what there is."""
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ValueError(f"device={device!r}: is none that torch knows; cpu, cuda and cuda:1 are") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device={device!r}: there is no CUDA GPU here, or torch does not see it; leave it out"
        )
    if kind == "cuda" and (torch.device(device).index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device={device!r}: there are {torch.cuda.device_count()} GPUs, counted from 0")
    return device


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread.

    Workers share the cores: with more than one thread each they would only wait for one another. And threads
    split sums, which rounds them otherwise, so that codes would depend on the number of cores.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence transformers' bars and remarks: our loaders raise what matters of them."""
    from transformers.utils import logging as hf_logging

    verbosity, had_bars = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        hf_logging.set_verbosity(verbosity)
        if had_bars:
            hf_logging.enable_progress_bar()
