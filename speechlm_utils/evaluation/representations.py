"""What rivals of the tokens read of a clip: MFCC, and states of an encoder that has learned to hear."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..clips import Clip
from ..torch_settings import one_thread, quiet_transformers
from ..whisper.checkpoint import WHISPER

RATE = 16000  # Hz, of all that is measured here
WAVLM = "microsoft/wavlm-base-plus"


def measure_mfcc(clip: Clip) -> np.ndarray:
    """Measure mean and deviation of 20 MFCC over a clip, float array (40,)."""
    import librosa

    mfcc = librosa.feature.mfcc(y=load_audio(clip.audio, RATE), sr=RATE, n_mfcc=20)
    return np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)])


def measure_states(
    clips: Sequence[Clip], block: int, encoder: Callable | None = None, progress: bool = True
) -> dict[str, np.ndarray]:
    """Measure mean and deviation over a clip of an encoder's states after a block: id -> (2 · width,).

    `encoder` is that of `load_encoder`; None takes the installed Whisper.
    """
    import torch
    from tqdm import tqdm

    encoder, found = encoder or load_encoder(), {}
    with one_thread(), torch.inference_mode():
        for clip in tqdm(clips, desc="states", unit="clip", leave=False, disable=not progress):
            states = encoder(torch.from_numpy(load_audio(clip.audio, RATE))[None], block)[0].float()
            found[clip.id] = torch.cat([states.mean(0), states.std(0)]).numpy()
    return found


def load_encoder(name: str | Path = WHISPER) -> Callable:
    """Load an encoder as a function: waveform (1, n_samples) at 16 kHz, block -> states (1, n_frames, width).

    `name` is a Whisper model (`find_whisper`), or a folder or hub name of another model of transformers that
    reads waveforms, such as `WAVLM`. Blocks count from 1.
    """
    if "whisper" in Path(name).name:
        from ..whisper.states import load_whisper_encoder

        whisper = load_whisper_encoder(name)
        return lambda wav, block: whisper(wav, (block,))[0]
    from transformers import AutoFeatureExtractor, AutoModel

    with quiet_transformers():
        model, extractor = AutoModel.from_pretrained(name).eval(), AutoFeatureExtractor.from_pretrained(name)

    def encode(wav, block):
        inputs = extractor(wav[0].numpy(), sampling_rate=RATE, return_tensors="pt").input_values
        return model(inputs, output_hidden_states=True).hidden_states[block]

    return encode


def standardise(
    features: Mapping[str, np.ndarray], train: Sequence[Clip], clips: Sequence[Clip]
) -> dict[str, np.ndarray]:
    """Bring features, id -> (n_features,), to mean 0 and deviation 1 over the train clips; float32."""
    rows = np.stack([features[clip.id] for clip in train])
    mean, deviation = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    return {clip.id: ((features[clip.id] - mean) / deviation).astype(np.float32) for clip in clips}
