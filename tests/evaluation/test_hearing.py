"""Codes and words come from the noisy sound, and the same clip meets the same noise."""

from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.audio import load_audio
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.evaluation.hearing import QuickRecogniser, hear_clips, load_noisy
from speechlm_utils.evaluation.noise import measure_spectrum
from speechlm_utils.words import word_error_rate

ROOT = Path(__file__).resolve().parents[2]


class Loudest:
    """A recogniser that writes the largest sample of a clip."""

    def recognise(self, wavs, sample_rate):
        return [(f"Peak {np.abs(wav).max():.4f}!", 1.0) for wav in wavs]


@pytest.fixture(scope="module")
def clips(tiny_corpus):
    return load_corpus(tiny_corpus)[:3]


@pytest.fixture(scope="module")
def spectrum(clips):
    return measure_spectrum([load_audio(clip.audio, 16000) for clip in clips])


def test_a_clip_without_noise_is_heard_as_it_is(clips, spectrum, tiny_codec):
    heard = hear_clips(clips, [None] * 3, spectrum, (tiny_codec, Loudest()))
    for clip, one in zip(clips, heard, strict=True):
        wav = load_audio(clip.audio, 16000)
        assert (one.codes == tiny_codec.encode(wav)).all() and one.spec == tiny_codec.spec
        assert one.text.startswith("peak ") and one.labels == clip.labels


def test_noise_changes_codes_and_words_and_each_clip_has_its_own(clips, spectrum, tiny_codec):
    heard = hear_clips(clips, [None, 20, 0], spectrum, (tiny_codec, Loudest()))
    clean = hear_clips(clips, [None] * 3, spectrum, (tiny_codec, Loudest()))
    assert (heard[0].codes == clean[0].codes).all() and (heard[2].codes != clean[2].codes).any()
    assert heard[2].text != clean[2].text
    silent = hear_clips(clips, [None, 20, 0], spectrum, (tiny_codec, None))
    assert [one.text for one in silent] == [clip.text for clip in clips]
    assert all((a.codes == b.codes).all() for a, b in zip(silent, heard, strict=True))
    noises = [
        load_noisy(clip, 0, spectrum, 16000)[:6000] - load_noisy(clip, None, spectrum, 16000)[:6000]
        for clip in clips
    ]
    assert abs(np.corrcoef(noises)[0, 1]) < 0.1


def test_the_same_clip_meets_the_same_noise_but_for_another_seed(clips, spectrum):
    first, again, other = (load_noisy(clips[0], 10, spectrum, 16000, seed) for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_the_quick_recogniser_understands_human_speech():
    clips = load_corpus(ROOT / "data" / "human")[1::3]
    recogniser = QuickRecogniser()
    found = recogniser.recognise([load_audio(clip.audio, 16000) for clip in clips])
    assert word_error_rate([clip.text for clip in clips], [text for text, _ in found]) < 0.4
    assert all(0.3 < confidence <= 1 for _, confidence in found)
