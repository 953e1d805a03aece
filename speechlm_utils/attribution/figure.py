"""One figure of one prediction: words, waveform and audio tokens, each with what it adds."""

import numpy as np
from matplotlib.figure import Figure

from ..plots.attribution import plot_audio_scores, plot_word_scores
from ..plots.codec import plot_waveform
from ..plots.style import show_name
from .gradients import AUDIO, TEXT, Attribution


def draw_attribution(figure: Figure, attribution: Attribution, classifier, wav: np.ndarray) -> str:
    """Draw an attribution into an empty figure; returns it in words.

    The classifier is that of the attribution; wav (n_samples,) is the clip's, at the codec's sample rate.
    """
    spec, kinds, sums = attribution.clip.spec, attribution.kinds, attribution.sums()
    above, wave, below = figure.subplots(3, 1, height_ratios=(1.3, 0.8, 1.3))
    pieces = [attribution.names[place] for place in np.flatnonzero(kinds == TEXT)]
    words = [classifier.tokenizer.convert_tokens_to_string([piece]).strip() for piece in pieces]
    plot_word_scores(above, words, attribution.scores[kinds == TEXT])
    plot_waveform(wave, wav, spec.sample_rate)
    at, n_frames = kinds == AUDIO, attribution.clip.codes.shape[1]
    plot_audio_scores(below, attribution.frames[at], attribution.scores[at], spec.frame_rate, n_frames)
    wave.sharex(below)
    label = show_name(classifier.label_names[attribution.target])
    above.set_title(f"what speaks for “{label}”")
    return (
        f"{label}: words {sums['text']:+.2f}, audio {sums['audio']:+.2f} logits; the sum misses "
        f"{abs(attribution.delta):.3f} of {attribution.gap:+.2f} (completeness error)"
    )
