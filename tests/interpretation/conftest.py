"""Clips with planted sounds, phones and voices, and the facts about their tokens."""

from dataclasses import replace

import numpy as np
import pytest
from card_tokens import LOUD, ON_AH, VOICE_TOKEN
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.acoustics.features import FEATURES, add_movements
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.evidence import Evidence
from speechlm_utils.selection.selection import Selection
from speechlm_utils.tokens import token_name


def make_voiced(clips):
    """Six voices; the frames of LOUD are loud, those of ON_AH fall on the phone AH, VOICE_TOKEN is v0's."""
    rng, made, features = np.random.default_rng(3), [], []
    for i, clip in enumerate(clips):
        codes, speaker = clip.codes.copy(), f"v{i // 6 % 6}"
        codes[3][codes[3] == VOICE_TOKEN[1]] = 0
        if speaker == "v0":
            codes[3, 10:14] = VOICE_TOKEN[1]
        phones = " ".join(
            f"{'AH' if code == ON_AH[1] else 'IY'}:{k * 0.02:.2f}-{k * 0.02 + 0.02:.2f}"
            for k, code in enumerate(codes[ON_AH[0] - 1])
        )
        made.append(replace(clip, codes=codes, speaker=speaker, phones=phones))
        one = {name: rng.normal(size=60) for name in FEATURES}
        one["rms_db"] = one["rms_db"] - 30 + 3 * (codes[LOUD[0] - 1] == LOUD[1])
        features.append(add_movements(one, 50))
    return made, features


@pytest.fixture(scope="package")
def world(planted_clips):
    clips, features = make_voiced(planted_clips)
    coefs = np.hstack([np.eye(3), [[-0.5], [0.0], [0.0]]])
    chosen = Selection(
        "fallacy", [*PLANTED_TOKENS, VOICE_TOKEN], coefs, list(FALLACIES), 0.05, "liblinear",
        True, 10, 0, "codec", "corpus", (2, 3, 4, 5, 6, 7, 8),
    )  # fmt: skip
    return chosen, clips, features


@pytest.fixture(scope="package")
def facts(world):
    chosen, clips, features = world
    rng = np.random.default_rng(0)
    embeddings = {token_name(*token): rng.normal(size=5) for token in chosen.tokens}
    embeddings[token_name(*LOUD)] = embeddings[token_name(*VOICE_TOKEN)] * 2
    words = {token_name(*LOUD): [(" loud", 0.4), (" noise", 0.3)]}
    data = Evidence(chosen, clips, features, clips, None, embeddings, words, Bootstrap(200), 3, 4)
    return describe_tokens(data)
