"""When each word of a known text is spoken: the words are read along with the sound, by Whisper's attention.

While Whisper's decoder writes a token, some of its attention heads look at the place where it is spoken. A
monotone path (dynamic time warping) through what they look at gives each token its frames.
"""

from collections.abc import Sequence

import numpy as np
import torch

from ..audio import check_wav
from ..torch_settings import exact_float32, quiet_transformers
from .recogniser import LONGEST, Recogniser
from .states import HOP, SAMPLE_RATE

SMOOTHED = 7  # frames of the median


def align_words(recogniser: Recogniser, wav: np.ndarray, text: str) -> np.ndarray:
    """Find the seconds at which the words of a text end in a waveform (n_samples,), 16 kHz, at most 30 s.

    A word lasts until the next one begins, silence included. Float array, a number for each word.
    """
    wav = check_wav(wav)
    if len(wav) > LONGEST * SAMPLE_RATE:
        seconds = f"the waveform lasts {len(wav) / SAMPLE_RATE:.0f} s"
        raise ValueError(f"{seconds}, at most {LONGEST:.0f} are aligned")
    if not text.split():
        return np.zeros(0)
    starts, of_word = _find_token_starts(recogniser, wav, text)
    first = np.flatnonzero(np.diff(of_word)) + 1  # tokens that begin the second word and each further one
    return np.append(starts[first], starts[-1]) * HOP / SAMPLE_RATE


def _find_token_starts(recogniser: Recogniser, wav: np.ndarray, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frame of each token and of the end, and which word each token belongs to."""
    tokenizer, model = recogniser.processor.tokenizer, recogniser.model
    words = " ".join(text.split())
    found = tokenizer(words, add_special_tokens=False, return_offsets_mapping=True)
    of_word = np.array([max(len(words[:end].split()) - 1, 0) for _, end in found["offset_mapping"]])
    prompt = _start_tokens(recogniser)
    ids = torch.tensor([[*prompt, *found["input_ids"]]], device=recogniser.device)
    inputs = recogniser.processor(wav, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")  # the fused ones do not tell where they look
    try:
        with quiet_transformers(), exact_float32(), torch.inference_mode():
            heads = model(
                inputs.to(recogniser.device), decoder_input_ids=ids, output_attentions=True
            ).cross_attentions
    finally:
        model.set_attn_implementation(before)
    chosen = getattr(model.generation_config, "alignment_heads", None)
    if not chosen:  # as OpenAI's: all heads of the upper half
        n_layers, n_heads = len(heads), heads[0].shape[1]
        chosen = [(layer, head) for layer in range(n_layers // 2, n_layers) for head in range(n_heads)]
    n_frames = -(-len(wav) // HOP)
    weights = torch.stack([heads[layer][0, head] for layer, head in chosen])[..., :n_frames]
    return trace_tokens(weights.cpu().numpy(), len(prompt) - 1), of_word


def trace_tokens(weights: np.ndarray, n_before: int = 0) -> np.ndarray:
    """Find the first frame of every token, int array (n_tokens - n_before,), from what heads look at.

    `weights` are (n_heads, n_tokens, n_frames); a row looks at the token that comes next. The first n_before
    tokens take no part.
    """
    import librosa
    from scipy.ndimage import median_filter

    spread = np.maximum(weights.std(axis=1, keepdims=True), 1e-9)
    scaled = (weights - weights.mean(axis=1, keepdims=True)) / spread
    seen = median_filter(scaled, (1, 1, SMOOTHED)).mean(axis=0)
    path = librosa.sequence.dtw(C=-seen[n_before:] + seen.max(), backtrack=True)[1][::-1]
    return np.array([path[path[:, 0] == row, 1].min() for row in range(len(seen) - n_before)])


def _start_tokens(recogniser: Recogniser) -> Sequence[int]:
    """Return the tokens that the model is started with: start, language and task where it has them."""
    about = recogniser.model.generation_config
    start = [about.decoder_start_token_id]
    if getattr(about, "is_multilingual", False):
        language = recogniser.settings.get("language") or "en"
        start += [about.lang_to_id[f"<|{language}|>"], about.task_to_id["transcribe"]]
    return [*start, about.no_timestamps_token_id]
