"""A language model that writes what it hears: trained on prompts with descriptions, then asked for its own.

A clip becomes its prompt (`build_prompt`), and after it the description; only the description has a loss.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from peft import PeftModel, TaskType
from torch.nn.utils.rnn import pad_sequence

from ..clips import Clip
from ..finetuning.lora import FineTuneSettings, make_lora
from ..llm.batches import IGNORED, batch_places
from ..llm.load import load_llm
from ..llm.prompts import Prompt, encode_prompts
from ..llm.spec import LLMSpec
from ..llm.trainer import ADAPTER, find_scores, run_trainer, wrap_model
from ..llm.vocabulary import add_speech_tokens
from ..pretraining.causal_loss import CausalTrainer
from ..tokens import Token

SETTINGS = FineTuneSettings(
    learning_rate=2e-3,
    batch_size=4,
    n_epochs=1,
    lora_rank=8,
    lora_alpha=8,
    lora_dropout=0.0,
    collapse_repeats=True,
)
"""As the study's recipe, but in smaller batches and in one pass over the clips."""
MOST_TOKENS = 40  # of a description that is written freely


def wrap_describer(model, tokenizer, tokens: Sequence[Token], settings: FineTuneSettings) -> PeftModel:
    """Give a causal model, in place, the tokens, whose embeddings are trained, and LoRA."""
    ids = add_speech_tokens(tokenizer, model, tokens, settings.seed)
    return wrap_model(model, make_lora(model, settings, TaskType.CAUSAL_LM, list(ids.values())))


def make_item(tokenizer, prompt: Prompt, description: str) -> dict:
    """Make an item for the Trainer, which learns to write the description and then to stop."""
    said = [*tokenizer(description, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    return {"input_ids": prompt.input_ids + said, "labels": [IGNORED] * len(prompt.input_ids) + said}


class Describer:
    """A causal model with speech tokens that learns to describe clips, and describes them.

    Attributes
    ----------
    model, tokenizer : the adapter-wrapped model, and the tokenizer with the tokens added
    tokens : list of (layer, code) that prompts hold
    settings : FineTuneSettings; `use_audio` False makes prompts of words alone
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        settings: FineTuneSettings = SETTINGS,
        llm: LLMSpec = LLMSpec(),
    ):
        model, self.tokenizer = load_llm(llm)
        self.tokens, self.settings = [*map(tuple, tokens)], settings
        torch.manual_seed(settings.seed)
        self.model = wrap_describer(model, self.tokenizer, tokens, settings)

    def build_prompts(self, clips: Sequence[Clip]) -> list[Prompt]:
        """Build the prompts of clips, in their order."""
        return encode_prompts(self.tokenizer, clips, self.tokens, self.settings.prompt)[0]

    def fit(self, clips: Sequence[Clip], descriptions: Sequence[str], progress: bool = False) -> list[float]:
        """Train on clips and what is to be said of them; returns the loss of every step, nats a token."""
        pairs = zip(self.build_prompts(clips), descriptions, strict=True)
        items = {"train": [make_item(self.tokenizer, *pair) for pair in pairs]}
        title = "learning to describe" if progress else None
        pad_id = self.tokenizer.pad_token_id
        log = run_trainer(self.model, items, self.settings, pad_id, CausalTrainer, title)
        return find_scores(log, "loss")

    def save(self, folder: str | Path) -> None:
        """Keep what was trained: LoRA and token embeddings, about two megabytes."""
        self.model.save_pretrained(str(folder), save_embedding_layers=False)

    def load(self, folder: str | Path) -> "Describer":
        """Take what `save` has kept of a model of the same tokens and settings."""
        self.model.load_adapter(str(folder), ADAPTER)
        return self

    def describe(
        self, clips: Sequence[Clip], allowed: Sequence[str] | None = None, batch_size: int = 32
    ) -> list[str]:
        """Write a description of each clip, word by word the likeliest.

        `allowed` lists the descriptions that may be written: after every token those stay that begin as what
        stands there. None lets the model write what it likes.
        """
        ids = [prompt.input_ids for prompt in self.build_prompts(clips)]
        rule, written = allowed and self._make_rule(allowed), [""] * len(ids)
        for places in batch_places(ids, batch_size):
            for place, text in zip(places, self._write([ids[i] for i in places], rule), strict=True):
                written[place] = text
        return written

    def _make_rule(self, allowed: Sequence[str]) -> dict[tuple[int, ...], list[int]]:
        """Return what may follow each beginning of an allowed description: ids -> ids."""
        follow, end = {}, self.tokenizer.eos_token_id
        for said in self.tokenizer(list(allowed), add_special_tokens=False).input_ids:
            for i, one in enumerate([*said, end]):
                follow.setdefault(tuple(said[:i]), set()).add(one)
        return {begin: sorted(some) for begin, some in follow.items()}

    def _write(self, ids: Sequence[list[int]], rule) -> list[str]:
        """Continue prompts of a batch, padded on the left."""
        pad, model = self.tokenizer.pad_token_id, self.model
        batch = pad_sequence([torch.tensor(one) for one in ids], True, pad, "left").to(model.device)
        sizes = torch.tensor([len(one) for one in ids], device=model.device)
        start, end = batch.shape[1], self.tokenizer.eos_token_id

        def follow(_, so_far: torch.Tensor) -> list[int]:
            said = so_far[start:].tolist()
            return rule.get(tuple(said), [pad])  # after its end

        with torch.inference_mode():
            found = model.generate(
                input_ids=batch,
                attention_mask=(torch.arange(start, device=model.device) >= start - sizes[:, None]).long(),
                max_new_tokens=max(map(len, rule)) + 1 if rule else MOST_TOKENS,
                prefix_allowed_tokens_fn=follow if rule else None,
                do_sample=False,
                use_cache=True,
                eos_token_id=end,
                pad_token_id=pad,
            )
        return self.tokenizer.batch_decode(found[:, start:], skip_special_tokens=True)
