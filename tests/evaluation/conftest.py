"""Planted clips with voices, which can rotate through test."""

from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def voiced_clips(planted_clips):
    """The planted clips of `planted_clips`, three sentences in turn by each of ten voices."""
    return [replace(clip, speaker=f"voice{i // 6 % 10}") for i, clip in enumerate(planted_clips)]
