"""Log-mel spectra, and how far two of them lie apart."""

import librosa
import numpy as np

MEL_HOP = 256  # samples


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
