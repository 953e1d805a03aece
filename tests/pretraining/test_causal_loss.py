"""The loss is the model's own, where there is a label; the baseline is that of known shares."""

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.llm.batches import pad_batch
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import Prompt, encode_prompts
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.trainer import wrap_model
from speechlm_utils.llm.vocabulary import add_speech_tokens
from speechlm_utils.pretraining import pretrain
from speechlm_utils.pretraining.causal_loss import (
    CausalTrainer,
    _compute_logits,
    audio_loss,
    audio_losses,
    check_logits,
    make_item,
    unigram_loss,
)
from speechlm_utils.pretraining.pretrain import pretrain_token_embeddings


def test_capped_and_scaled_logits_are_known_and_others_refused(tmp_path, monkeypatch):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path)))
    check_logits(model)
    head = model.get_output_embeddings()

    def soften(module, args, out):
        out.logits = 3 * torch.tanh(out.logits / 3)
        return out

    handle = model.register_forward_hook(soften)
    with pytest.raises(ValueError, match="LlamaForCausalLM: its logits are not those of its output head"):
        pretrain_token_embeddings(model, tokenizer, {"train": make_clips(4)}, TOKENS)
    handle.remove()
    hidden = torch.randn(5, 32)
    for name, expected in {
        "final_logit_softcapping": lambda z: 2 * torch.tanh(z / 2),
        "logit_scale": lambda z: z * 2,
        "logits_scaling": lambda z: z / 2,
    }.items():
        monkeypatch.setattr(model.config, name, 2.0, raising=False)
        torch.testing.assert_close(_compute_logits(model, hidden), expected(head(hidden)))
        monkeypatch.undo()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("loss_on", ["audio", "all"])
def test_loss_and_gradient_equal_the_models_own(tmp_path, tied, loss_on):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path, tied)))
    ids = add_speech_tokens(tokenizer, model, TOKENS)
    targets = None if tied else ["model.embed_tokens", "lm_head"]
    config = pretrain.TrainableTokensConfig(token_indices=list(ids.values()), target_modules=targets)
    wrapped = wrap_model(model, config)
    prompts, _ = encode_prompts(tokenizer, make_clips(5), TOKENS)
    batch = pad_batch([make_item(prompt, loss_on) for prompt in prompts], tokenizer.pad_token_id)
    trainable = [p for p in wrapped.parameters() if p.requires_grad]
    assert [tuple(p.shape) for p in trainable] == [(8, 32)] * (1 if tied else 2)
    trainer = CausalTrainer(model=wrapped, args=embeddings_arguments(tmp_path))
    results = []
    for loss in (trainer.compute_loss(wrapped, dict(batch)), wrapped(**batch).loss):
        results.append((loss.detach(), torch.autograd.grad(loss, trainable)))
    torch.testing.assert_close(results[0], results[1], rtol=1e-4, atol=1e-6)


def embeddings_arguments(folder):
    from transformers import TrainingArguments

    return TrainingArguments(output_dir=folder, report_to="none", use_cpu=True)


def test_audio_loss_is_that_of_each_clip_alone(tmp_path):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path)))
    add_speech_tokens(tokenizer, model, TOKENS)
    prompts, _ = encode_prompts(tokenizer, make_clips(5), TOKENS)
    total, count, means = 0.0, 0, []
    for prompt in prompts:
        ids = torch.tensor([prompt.input_ids])
        with torch.inference_mode():
            logs = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        picked = logs.gather(1, ids[0, 1:, None])[-(prompt.n_audio + 1) :]
        total, count = total - float(picked.sum()), count + len(picked)
        means.append(-float(picked.mean()))
    assert audio_loss(model, prompts, tokenizer.pad_token_id, 2) == pytest.approx(total / count, rel=1e-5)
    assert audio_losses(model, prompts, tokenizer.pad_token_id, 2) == pytest.approx(means, rel=1e-5)


def test_unigram_loss_of_a_known_share():
    train = [Prompt([1, 2, 3, 7, 7, 7, 8], n_text=0, n_audio=3)]
    judged = [Prompt([1, 2, 3, 7, 9, 8], n_text=0, n_audio=2)]
    expected = -np.mean(np.log(np.array([4, 1, 2]) / 7))  # 3 + 1, 0 + 1, 1 + 1 of 4 + 3 kinds
    assert unigram_loss(train, judged, n_kinds=3) == pytest.approx(expected)
