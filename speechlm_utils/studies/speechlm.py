"""The arm `speechlm`: a large model that hears speech is asked for the class in words; nothing is trained.

Any checkpoint of the class of `Qwen/Qwen2-Audio-7B-Instruct` in transformers. The answer is the letter that
the model finds likeliest as its next token, among those of the classes.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..audio import load_audio
from ..clips import Clip, label_ids
from ..llm.load import choose_dtype
from ..metrics import macro_f1_scores
from ..torch_settings import quiet_transformers
from .machine import name_device, watch_memory
from .material import Material
from .run import PACKAGES

QWEN_AUDIO = "Qwen/Qwen2-Audio-7B-Instruct"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def ask_arm(name: str, material: Material, seed: int = 0, model: str | Path = QWEN_AUDIO) -> dict:
    """Ask a model about every clip of validation and test, and return the record of the arm."""
    start, names, measure_memory = time.monotonic(), material.label_names, watch_memory()
    asked = SpeechLM(model)
    logits = {split: asked.ask(material.clips[split], names) for split in ("validation", "test")}
    said = {split: one.argmax(axis=1) for split, one in logits.items()}
    y = {split: label_ids(material.clips[split], material.task, names) for split in said}
    record = {"arm": name, "corpus": material.corpus, "task": material.task, "seed": seed}
    return record | {
        "predictions": {split: one.tolist() for split, one in said.items()},
        "scores": {split: macro_f1_scores(y[split], one, len(names)) for split, one in said.items()},
        "n_trainable": 0,
        "n_clips": {split: len(clips) for split, clips in material.clips.items()},
        "tokens": [],
        "audio_tokens_per_clip": asked.n_audio / max(asked.n_asked, 1),
        "seconds": time.monotonic() - start,
        "peak_memory_gib": measure_memory(),
        "train_hash": material.hash,
        "llm": str(model),
        "device": name_device(),
        "versions": {package: version(package) for package in PACKAGES},
    }


class SpeechLM:
    """A speech language model with its processor; `n_asked` clips had `n_audio` audio tokens in all.

    `name` is a hub name or a folder of a checkpoint of Qwen2-Audio's class.
    """

    def __init__(self, name: str | Path = QWEN_AUDIO):
        import torch
        from transformers import AutoProcessor, Qwen2AudioForConditionalGeneration

        dtype = getattr(torch, choose_dtype("auto"))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        with quiet_transformers():
            self.processor = AutoProcessor.from_pretrained(name)
            model = Qwen2AudioForConditionalGeneration.from_pretrained(name, dtype=dtype)
        self.model, self.n_asked, self.n_audio = model.to(self.device).eval(), 0, 0

    def ask(self, clips: Sequence[Clip], names: Sequence[str]) -> np.ndarray:
        """Return how likely each class's letter is as the answer: logits, (n_clips, n_classes)."""
        letters = [self._letter_id(letter) for letter in LETTERS[: len(names)]]
        if len(letters) < len(names):
            raise ValueError(f"{len(names)} classes: at most {len(LETTERS)} have a letter")
        return np.stack([self._answer(clip, names)[letters] for clip in clips])

    def _answer(self, clip: Clip, names: Sequence[str]) -> np.ndarray:
        """Return the logits of the token after the prompt, float array (n_vocabulary,)."""
        import torch

        rate = self.processor.feature_extractor.sampling_rate
        wav = load_audio(clip.audio, rate)
        inputs = self.processor(
            text=self.write_prompt(clip, names), audio=[wav], sampling_rate=rate, return_tensors="pt"
        ).to(self.device)
        inputs["input_features"] = inputs["input_features"].to(self.model.dtype)
        self.n_asked, audio = self.n_asked + 1, self.processor.audio_token_id
        self.n_audio += int((inputs["input_ids"] == audio).sum())
        with torch.inference_mode():
            return self.model(**inputs).logits[0, -1].float().cpu().numpy()

    def write_prompt(self, clip: Clip, names: Sequence[str]) -> str:
        """Write what the model is asked, in the form of a chat."""
        choices = [f"{LETTERS[i]}) {name.replace('_', ' ')}" for i, name in enumerate(names)]
        said = f'The speaker says: "{clip.text}". Listen to how it is said.'
        question = "\n".join([said, "Which of these is it?", *choices, "Answer with one letter."])
        content = [{"type": "audio", "audio_url": ""}, {"type": "text", "text": question}]
        chat = [{"role": "user", "content": content}]
        return self.processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)

    def _letter_id(self, letter: str) -> int:
        return self.processor.tokenizer(letter, add_special_tokens=False).input_ids[-1]
