"""Rows of the two trainings: one step of each, against the straightforward step on the same batch."""

import numpy as np
import torch
from peft import TrainableTokensConfig
from timing import Material, Pair, Row, choose_by_length

from speechlm_utils.finetuning.finetune import build_classifier
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.batches import batch_items, pad_batch
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import encode_prompts
from speechlm_utils.llm.spec import PromptFormat
from speechlm_utils.llm.trainer import wrap_model
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.pretraining.causal_loss import make_item, token_losses

FORMAT, RATE = PromptFormat(collapse_repeats=True), 1e-2


def prepare_pretraining(material: Material) -> Pair:
    """A step of AdamW: forward, backward, and the optimiser."""
    clips = choose_by_length(material.clips, material.sizes["pretrained"])
    fast, plain = TokenEmbeddingStep(material, clips), FullMatrixStep(material, clips)

    def check(ours, theirs) -> str:
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-3 * np.abs(theirs).max())
        return f"gradients to {np.abs(ours - theirs).max() / np.abs(theirs).max():.0e} of the largest"

    count = int(fast.batch["attention_mask"].sum())
    memory = {"memory": fast.count_bytes() / plain.count_bytes()}
    return Pair(fast, plain, check, f"{len(clips)} clips, {count} tokens", memory)


class TokenEmbeddingStep:
    """The package's: a delta for the new embeddings alone, logits where there is a loss."""

    def __init__(self, material: Material, clips):
        self.model, tokenizer = load_llm(material.llm)
        self.ids = list(add_speech_tokens(tokenizer, self.model, material.tokens).values())
        prompts, _ = encode_prompts(tokenizer, clips, material.tokens, FORMAT)
        self.batch = pad_batch([make_item(prompt, "audio") for prompt in prompts], tokenizer.pad_token_id)
        self.prepare()
        self.optimizer = torch.optim.AdamW(self.list_trained(), lr=RATE, weight_decay=0.0)

    def prepare(self) -> None:
        self.wrapped = wrap_model(self.model, TrainableTokensConfig(token_indices=self.ids)).train()

    def list_trained(self) -> list[torch.nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def compute_loss(self) -> torch.Tensor:
        return token_losses(self.model, self.batch).mean()

    def read_gradient(self) -> np.ndarray:
        return self.list_trained()[0].grad.numpy().copy()

    def count_bytes(self) -> int:
        """Gradient and AdamW's two moments, of what is trained."""
        return sum(3 * p.numel() * p.element_size() for p in self.list_trained())

    def __call__(self) -> np.ndarray:
        self.optimizer.zero_grad()
        self.compute_loss().backward()
        self.optimizer.step()
        return self.read_gradient()


class FullMatrixStep(TokenEmbeddingStep):
    """The straightforward one: the whole matrix is trained, and the gradient of all old rows set to zero."""

    def prepare(self) -> None:
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        matrix = self.model.get_input_embeddings().weight.requires_grad_(True)
        mask = torch.zeros(len(matrix), 1)
        mask[self.ids] = 1
        matrix.register_hook(lambda gradient: gradient * mask)
        self.model.config.use_cache = False
        self.model.train()

    def compute_loss(self) -> torch.Tensor:
        return self.model(**self.batch).loss

    def read_gradient(self) -> np.ndarray:
        return self.list_trained()[0].grad[self.ids].numpy()


def prepare_finetuning(material: Material) -> Pair:
    """Forward and backward over clips whose lengths are those of the corpus."""
    task, sizes = material.task, material.sizes
    names = sorted({clip.labels[task] for clip in material.clips})
    settings = FineTuneSettings(lora_rank=16, lora_dropout=0.0, collapse_repeats=True)
    classifier = build_classifier(task, names, material.tokens, settings, material.llm)
    model, pad_id = classifier.model.train(), classifier.tokenizer.pad_token_id
    longest = max(len(item["input_ids"]) for item in classifier.make_items(material.clips)[0])
    items, size = classifier.make_items(choose_by_length(material.clips, sizes["tuned"]))[0], sizes["batch"]

    def train(batches) -> tuple[np.ndarray, np.ndarray]:
        """Return logits in the order of the items, and the gradient of one adapter."""
        model.zero_grad()
        logits = np.empty((len(items), len(names)), np.float32)
        for places, batch in batches:
            found = model(**batch).logits.float()
            torch.nn.functional.cross_entropy(
                found, torch.tensor(places) % len(names), reduction="sum"
            ).backward()
            logits[places] = found.detach().numpy()
        gradient = next(p.grad for name, p in model.named_parameters() if "lora_B" in name)
        return logits, gradient.numpy().copy()

    def pad_to_longest():
        for start in range(0, len(items), size):
            places = list(range(start, min(start + size, len(items))))
            batch = pad_batch([items[place] for place in places], pad_id)
            more = longest - batch["input_ids"].shape[1]
            pads = {"input_ids": pad_id, "attention_mask": 0}
            yield places, {k: torch.nn.functional.pad(v, (0, more), value=pads[k]) for k, v in batch.items()}

    def check(fast, plain) -> str:
        for one, other in zip(fast, plain, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2 * np.abs(other).max())
        return f"logits to {np.abs(fast[0] - plain[0]).max():.0e}"

    mean = sum(len(item["input_ids"]) for item in items) / len(items)
    return Pair(
        lambda: train(batch_items(items, size, pad_id, model.device)),
        lambda: train(pad_to_longest()),
        check,
        f"{len(items)} clips, {mean:.0f} tokens each, longest of the corpus {longest}",
    )


ROWS = [
    Row(
        "pre-training, one step",
        "embeddings of the new tokens alone, logits where there is a loss",
        "the whole matrix, gradient of old rows masked",
        2.5,
        prepare_pretraining,
    ),
    Row(
        "fine-tuning, forward and backward",
        "clips of similar length share a batch",
        "every batch padded to the longest clip",
        2,
        prepare_finetuning,
    ),
]
