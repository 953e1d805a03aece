"""Turn speech into residual-VQ codes and back with SpeechTokenizer's model class; codes are cached on disk.

The model's LSTM is bidirectional and unmasked, so padding a clip changes its codes: encode clips alone, or in
batches of exactly equal length.
"""

import contextlib
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .audio import check_wav, hash_file, load_audio, normalise_rms
from .codec_files import find_folder, hash_model, load_weights, make_model, read_config, read_weights
from .corpus import Clip
from .counts import check_codes

log = logging.getLogger(__name__)


class SpeechCodec:
    """A speech tokenizer: waveform -> codes (n_layers, n_frames) -> waveform.

    Attributes
    ----------
    model : speechtokenizer.SpeechTokenizer in eval mode
    sample_rate : int, Hz
    frame_rate : float, frames per second
    n_layers, codebook_size : int
    semantic_layers : tuple of int, the layers distilled towards content (numbered from 1)
    hash : str, of configuration and weights (16 hex digits); the same for both file formats
    """

    def __init__(self, model, config: dict, device: str = "cpu"):
        self.model = model.to(device).eval()
        self.device = device
        self.sample_rate = int(config["sample_rate"])
        self.hop = int(np.prod(config["strides"]))
        self.frame_rate = self.sample_rate / self.hop
        self.n_layers = int(config["n_q"])
        self.codebook_size = int(config["codebook_size"])
        self.semantic_layers = (1,)
        self.hash = hash_model(model, config)

    def encode(self, wav: np.ndarray) -> np.ndarray:
        """Encode one waveform, float (n_samples,) -> int16 codes (n_layers, ceil(n_samples / hop))."""
        return self.encode_batch([wav])[0]

    def encode_batch(self, wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Encode waveforms of exactly equal length; returns int16 codes (n_layers, n_frames) for each.

        Raises ValueError for unequal lengths, or a waveform that is empty or not finite.
        """
        import torch

        lengths = sorted({len(check_wav(wav)) for wav in wavs})
        if len(lengths) != 1:
            raise ValueError(f"a batch needs waveforms of one length, got lengths {lengths}")
        batch = torch.as_tensor(np.stack(wavs).astype(np.float32), device=self.device)
        with torch.inference_mode():
            codes = self.model.encode(batch[:, None])
        return list(codes.permute(1, 0, 2).cpu().numpy().astype(np.int16))

    def decode(self, codes: np.ndarray, layers: int | Sequence[int] | None = None) -> np.ndarray:
        """Decode codes to a waveform from all layers, or from some only.

        Parameters
        ----------
        codes : int array, shape (n_layers, n_frames)
        layers : None for all, an int for the first so many, or layer numbers from 1

        Returns
        -------
        wav : float32 array, shape (n_frames * hop,)

        Raises
        ------
        ValueError
            If a code or a layer is out of range; the message names it.
        """
        import torch

        codes = check_codes(codes, self.codebook_size)
        if layers is None or isinstance(layers, int | np.integer):
            layers = range(1, (len(codes) if layers is None else layers) + 1)
        if not layers or not all(1 <= layer <= min(len(codes), self.n_layers) for layer in layers):
            raise ValueError(
                f"layers={list(layers)}: must be numbers from 1 to {min(len(codes), self.n_layers)}"
            )
        ids = torch.as_tensor(codes.astype(np.int64), device=self.device)
        with torch.inference_mode():
            vq = self.model.quantizer.vq.layers
            latent = sum(vq[layer - 1].decode(ids[layer - 1][None]) for layer in layers)
            return self.model.decoder(latent)[0, 0].cpu().numpy()


def load_codec(name: str | Path, device: str = "cpu") -> SpeechCodec:
    """Load a speech tokenizer.

    Parameters
    ----------
    name : folder with config.json and model.safetensors or SpeechTokenizer.pt (the released format, read
        without executing pickled code), or a hub name such as "fnlp/SpeechTokenizer"
    device : torch device

    Returns
    -------
    codec : SpeechCodec, float32; stored half precision is converted, training-only buffers may be missing

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder or its files are missing, or configuration or weights do not fit; the message names it.
    """
    folder = find_folder(name)
    config = read_config(folder)
    path, state = read_weights(folder)
    model = make_model(config)
    load_weights(model, state, path)
    return SpeechCodec(model, config, device)


def encode_clips(
    clips: Sequence[Clip],
    codec: SpeechCodec,
    cache_dir: str | Path,
    rms_dbfs: float | None = None,
    progress: bool = True,
    on_error: str = "strict",
) -> list[Clip]:
    """Add codes to the clips, each encoded alone; what the cache holds is not encoded again.

    Parameters
    ----------
    clips : records
    codec : SpeechCodec
    cache_dir : folder; one file per clip, named by the hashes of sound file and codec, written atomically
    rms_dbfs : float, bring every clip to this RMS level first (dB re full scale), or None
    progress : bool, show a bar over the clips that have to be encoded
    on_error : "strict" raises at an unusable sound file, "skip" drops the clip with its labels and logs it

    Returns
    -------
    clips : list of Clip with int16 codes (n_layers, n_frames), in the given order

    Raises
    ------
    FileNotFoundError, OSError, ValueError
        The message names the sound file.
    """
    if on_error not in ("strict", "skip"):
        raise ValueError(f"on_error={on_error!r}: must be 'strict' or 'skip'")
    folder = Path(cache_dir) / "codes" / codec.hash
    folder.mkdir(parents=True, exist_ok=True)
    level = "" if rms_dbfs is None else f"_rms{rms_dbfs:g}"
    codes, todo = {}, []
    for clip in clips:
        with _tolerate(on_error):
            path = folder / f"{hash_file(clip.audio)}{level}.npy"
            codes[clip.id] = _read_codes(path, codec)
            if codes[clip.id] is None:
                todo.append((clip, path))
    for clip, path in tqdm(todo, desc="encode", unit="clip", disable=not progress or not todo):
        with _tolerate(on_error):
            wav = load_audio(clip.audio, codec.sample_rate)
            codes[clip.id] = codec.encode(wav if rms_dbfs is None else normalise_rms(wav, rms_dbfs))
            _write_codes(path, codes[clip.id])
    return [replace(clip, codes=codes[clip.id]) for clip in clips if codes.get(clip.id) is not None]


@contextlib.contextmanager
def _tolerate(on_error: str):
    try:
        yield
    except (OSError, ValueError) as error:
        if on_error == "strict":
            raise
        log.warning("dropped with its labels: %s", error)


def _read_codes(path: Path, codec: SpeechCodec) -> np.ndarray | None:
    """Read cached codes; None if there are none, or a file that was cut off or is not ours."""
    try:
        codes = np.load(path, allow_pickle=False)
        check_codes(codes, codec.codebook_size)
    except (OSError, ValueError, EOFError):
        return None
    return codes if codes.dtype == np.int16 and len(codes) == codec.n_layers else None


def _write_codes(path: Path, codes: np.ndarray) -> None:
    """Write under a temporary name, then rename: a reader never sees half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, codes)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
