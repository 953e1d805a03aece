"""One figure of one prediction: words, waveform and audio tokens, each with what it adds."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from ..clips import Clip
from ..plots.attribution import plot_audio_scores, plot_word_scores
from ..plots.codec import plot_waveform
from ..plots.style import show_name
from .gradients import AUDIO, TEXT, Attribution, attribute_clip


def draw_attribution(
    figure: Figure, attribution: Attribution, classifier, clip: Clip, wav: np.ndarray
) -> str:
    """Draw an attribution into an empty figure; returns it in words.

    Parameters
    ----------
    classifier : SpeechTokenClassifier with its codec
    clip : with codes
    wav : float array, shape (n_samples,), at the codec's sample rate
    """
    codec, kinds = classifier.codec, np.array(attribution.kinds)
    above, wave, below = figure.subplots(3, 1, height_ratios=(1.3, 0.8, 1.3))
    at = kinds == TEXT
    ids = [name for name, kind in zip(attribution.names, kinds, strict=True) if kind == TEXT]
    words = [classifier.tokenizer.convert_tokens_to_string([name]).strip() for name in ids]
    plot_word_scores(above, words, attribution.scores[at])
    plot_waveform(wave, wav, codec.spec.sample_rate)
    at, n_frames = kinds == AUDIO, clip.codes.shape[1]
    plot_audio_scores(below, attribution.frames[at], attribution.scores[at], codec.spec.frame_rate, n_frames)
    wave.sharex(below)
    above.set_title(f"what speaks for “{show_name(classifier.label_names[attribution.target])}”")
    return describe_attribution(attribution, classifier.label_names)


def describe_attribution(attribution: Attribution, names: list[str]) -> str:
    """Say what words and audio add up to, and how exact the sum is."""
    sums, gap = attribution.sums(), attribution.score - attribution.baseline_score
    return (
        f"{show_name(names[attribution.target])}: words {sums['text']:+.2f}, audio {sums['audio']:+.2f} "
        f"logits; the sum misses {abs(attribution.delta):.3f} of {gap:+.2f} (completeness error)"
    )


def make_explainer(
    classifier, n_steps: int = 32, filler: str | None = None
) -> Callable[[Figure, Clip, np.ndarray], str]:
    """Return a function that draws why a recording is classified as it is, for `widgets.explore_clips`.

    Parameters
    ----------
    classifier : SpeechTokenClassifier with its codec
    n_steps, filler : of `attribute_clip`
    """

    def explain(figure: Figure, clip: Clip, wav: np.ndarray) -> str:
        attribution = attribute_clip(classifier, clip, n_steps=n_steps, filler=filler)
        return draw_attribution(figure, attribution, classifier, clip, wav)

    return explain
