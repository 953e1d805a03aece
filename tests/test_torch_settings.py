"""Settings of torch and transformers hold within the block, and come back even after an error."""

import pytest
import torch
from transformers.utils import logging as hf_logging

from speechlm_utils.torch_settings import (
    exact_float32,
    one_thread,
    quiet_transformers,
    require_device,
)


def read_precision():
    conv = torch.backends.cudnn.conv.fp32_precision
    return torch.get_float32_matmul_precision(), conv, torch.backends.mkldnn.matmul.fp32_precision


def test_full_float32_without_gradients_whatever_the_session_has_set():
    start = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        before = read_precision()
        with torch.autocast("cpu", torch.bfloat16):
            with pytest.raises(KeyError), exact_float32():
                assert read_precision() == ("highest", "ieee", "ieee")
                assert not torch.is_autocast_enabled("cpu") and torch.is_inference_mode_enabled()
                raise KeyError
            assert torch.is_autocast_enabled("cpu") and not torch.is_inference_mode_enabled()
        assert read_precision() == before and before[0] == "medium"
    finally:
        torch.set_float32_matmul_precision(start)


def test_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("had_bars", [True, False])
def test_transformers_says_nothing_for_a_while(had_bars):
    start = hf_logging.is_progress_bar_enabled(), hf_logging.get_verbosity()
    (hf_logging.enable_progress_bar if had_bars else hf_logging.disable_progress_bar)()
    hf_logging.set_verbosity_info()
    try:
        with pytest.raises(KeyError), quiet_transformers():
            assert hf_logging.get_verbosity() == hf_logging.ERROR
            assert not hf_logging.is_progress_bar_enabled()
            raise KeyError
        assert hf_logging.get_verbosity() == hf_logging.INFO
        assert hf_logging.is_progress_bar_enabled() == had_bars
    finally:
        (hf_logging.enable_progress_bar if start[0] else hf_logging.disable_progress_bar)()
        hf_logging.set_verbosity(start[1])


@pytest.mark.parametrize("device", ["cuda", "cuda:9", "gpu", "cpu:x", ""])
def test_a_device_that_is_not_here_is_named(device):
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ValueError, match=f"device={device!r}: "):
        require_device(device)
    assert require_device("cpu") == "cpu"
