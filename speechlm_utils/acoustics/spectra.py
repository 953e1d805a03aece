"""Windows about frames; log-mel spectra, and how far two of them lie apart."""

import math

import librosa
import numpy as np

MEL_HOP = 256  # samples


def pad_to_frames(wav: np.ndarray, hop: int, window: int) -> np.ndarray:
    """Pad with zeros so that window k, cut without centring, lies symmetrically about frame k."""
    n_frames = math.ceil(wav.size / hop)
    left = (window - hop) // 2
    right = (n_frames - 1) * hop + window - left - wav.size
    return np.pad(wav, (left, max(right, 0)))[: (n_frames - 1) * hop + window]


def log_mel(wav: np.ndarray, sample_rate: int) -> np.ndarray:
    """Natural log of the mel magnitudes (80 bands, 64 ms window, floor 1e-4), float array (80, n_frames)."""
    mel = librosa.feature.melspectrogram(
        y=wav, sr=sample_rate, n_fft=1024, hop_length=MEL_HOP, n_mels=80, power=1.0
    )
    return np.log(np.maximum(mel, 1e-4))


def mel_distance(wav: np.ndarray, decoded: np.ndarray, sample_rate: int) -> float:
    """Mean absolute difference of the log-mel spectra, see `log_mel`."""
    n = min(len(wav), len(decoded))
    return float(np.abs(log_mel(wav[:n], sample_rate) - log_mel(decoded[:n], sample_rate)).mean())
