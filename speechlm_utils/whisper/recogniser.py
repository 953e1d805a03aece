"""Words for clips that have none: Whisper as a recogniser, with the confidence of each text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..audio import check_wav
from ..torch_settings import exact_float32, one_thread, quiet_transformers, require_device
from .checkpoint import WHISPER, find_whisper
from .states import HOP, SAMPLE_RATE

LONGEST = 30.0  # seconds that Whisper hears at once
SEARCHED = 5.0  # seconds before that, in the quietest place of which a longer clip is cut
MAX_TOKENS = 200  # of one piece; nobody says more in 30 s


class Recogniser:
    """A Whisper model that writes down what is said in a clip, greedily, so that it always writes the same.

    Parameters
    ----------
    name : a name of `find_whisper`: "whisper-tiny.en" (English only, installed), a folder, or a hub name, for
        example "openai/whisper-small", which knows 99 languages
    language : code or English name, such as "de"; None: English, or what a multilingual model takes each
        clip for
    device : torch device

    Raises ValueError if the model does not know the language that is asked for.
    """

    max_tokens = MAX_TOKENS

    def __init__(self, name: str | Path = WHISPER, language: str | None = None, device: str = "cpu"):
        from transformers import WhisperForConditionalGeneration, WhisperProcessor

        require_device(device)
        with quiet_transformers():
            where = find_whisper(name)
            self.model = WhisperForConditionalGeneration.from_pretrained(where, dtype=torch.float32)
            self.processor = WhisperProcessor.from_pretrained(where)
        self.name, self.device, self.model = str(name), device, self.model.to(device).eval()
        self.use_language(language)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows, such as "de"."""
        settings = self.model.generation_config
        if not getattr(settings, "is_multilingual", False):
            return ("en",)
        return tuple(sorted(token.strip("<|>") for token in settings.lang_to_id))

    def check_language(self, language: str | None) -> str | None:
        """Return the code of a language ("de" of "German"), None of none; ValueError if it is not known."""
        from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

        asked = (language or "").strip().lower()
        code = TO_LANGUAGE_CODE.get(asked, asked) or None
        if code is None or code in self.languages:
            return code
        if self.languages != ("en",):
            raise ValueError(f"language {language!r}: {self.name} knows {', '.join(self.languages)}")
        advice = f"name a multilingual model, e.g. --model openai/whisper-small --language {code}"
        raise ValueError(f"language {language!r}: {self.name} knows English only; {advice}")

    def use_language(self, language: str | None) -> None:
        """Recognise this language from now on, see the class."""
        code = self.check_language(language)
        self.settings = {} if self.languages == ("en",) else {"language": code, "task": "transcribe"}

    def recognise(
        self, wavs: Sequence[np.ndarray], batch_size: int = 8, sample_rate: int = SAMPLE_RATE
    ) -> list[tuple[str, float]]:
        """Write down what is said in waveforms (n_samples,), which are resampled from any other rate (Hz).

        A clip of more than 30 s is cut where it is quietest, in the last 5 s of each piece.

        Returns
        -------
        texts : list of (text, confidence), for each waveform: the confidence is the geometric mean of the
            probabilities that the model gave to the tokens it wrote, 0 to 1
        """
        pieces = [
            (i, piece)
            for i, wav in enumerate(wavs)
            for piece in cut_at_silence(_resample(check_wav(wav), sample_rate))
        ]
        found: list[list] = [[] for _ in wavs]
        for start in range(0, len(pieces), batch_size):
            batch = pieces[start : start + batch_size]
            for (i, _), one in zip(batch, self._recognise([piece for _, piece in batch]), strict=True):
                found[i].append(one)
        return [_join(parts) for parts in found]

    def _encode(self, wavs: list[np.ndarray]) -> tuple:
        """Return what the encoder makes of clips, padded to 30 s, and what else `generate` is given."""
        inputs = self.processor(
            wavs, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
        )
        mask = inputs.attention_mask.to(self.device)
        return self.model.get_encoder()(inputs.input_features.to(self.device)), {"attention_mask": mask}

    def _recognise(self, wavs: list[np.ndarray]) -> list[tuple[str, np.ndarray]]:
        """Return the text and the log probabilities of its tokens, of clips of at most 30 s."""
        with quiet_transformers(), one_thread(), exact_float32():
            encoded, given = self._encode(wavs)
            ids = self.model.generate(
                encoder_outputs=encoded,
                **given,
                do_sample=False,
                max_new_tokens=self.max_tokens,
                return_dict_in_generate=True,  # with the tokens that the model is started with
                force_unique_generate_call=True,
                **self.settings,
            ).sequences
            logits = self.model(encoder_outputs=encoded, decoder_input_ids=ids[:, :-1]).logits
            chosen = logits.log_softmax(-1).gather(2, ids[:, 1:, None])[..., 0]
        texts = self.processor.batch_decode(ids, skip_special_tokens=True)
        written = ids[:, 1:] < self.model.config.eos_token_id  # words; special tokens have the numbers above
        return [
            (text.strip(), row[mask].cpu().numpy())
            for text, row, mask in zip(texts, chosen, written, strict=True)
        ]


def _resample(wav: np.ndarray, sample_rate: int) -> np.ndarray:
    if sample_rate == SAMPLE_RATE:
        return wav
    import librosa

    return librosa.resample(wav, orig_sr=sample_rate, target_sr=SAMPLE_RATE, res_type="soxr_hq")


def cut_at_silence(wav: np.ndarray) -> list[np.ndarray]:
    """Cut a waveform (n_samples,) at 16 kHz into pieces of at most 30 s, where it is quietest."""
    longest, searched = int(LONGEST * SAMPLE_RATE), int(SEARCHED * SAMPLE_RATE)
    pieces = []
    while len(wav) > longest:
        tail = wav[longest - searched : longest].reshape(-1, HOP)
        cut = longest - searched + HOP * int(np.square(tail).mean(axis=1).argmin()) + HOP // 2
        pieces.append(wav[:cut])
        wav = wav[cut:]
    return [*pieces, wav]


def _join(parts: list[tuple[str, np.ndarray]]) -> tuple[str, float]:
    logs = np.concatenate([one for _, one in parts])
    text = " ".join(text for text, _ in parts if text)
    return text, float(np.exp(logs.mean())) if logs.size else 0.0
