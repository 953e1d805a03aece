"""Step 2 on a two-layer Llama: only new embeddings move."""

import os

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.llm.embeddings import load_embeddings, save_embeddings, write_embeddings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.prompts import encode_prompts
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens, list_added_names
from speechlm_utils.pretraining import pretrain
from speechlm_utils.pretraining.causal_loss import (
    audio_loss,
)
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings

SETTINGS = PretrainSettings(learning_rate=0.03, batch_size=8, n_epochs=6, seed=1)
CLIPS = {"train": make_clips(40), "validation": make_clips(12, seed=5)}


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def trained(request, tmp_path_factory):
    """(state dict before with the new tokens, model after, tokenizer, result)."""
    folder = save_tiny_llm(tmp_path_factory.mktemp("llm"), tied=request.param)
    model, tokenizer = load_llm(LLMSpec(folder))
    add_speech_tokens(tokenizer, model, TOKENS, seed=1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    result = pretrain_token_embeddings(model, tokenizer, CLIPS, TOKENS, SETTINGS)
    return before, model, tokenizer, result


def is_tied(model):
    return model.lm_head.weight is model.model.embed_tokens.weight


def test_only_the_new_embeddings_moved(trained):
    before, model, tokenizer, result = trained
    names = list_added_names(TOKENS)
    places = tokenizer.convert_tokens_to_ids(names)
    for name, after in model.state_dict().items():
        same = (before[name] == after).all(dim=-1)
        if name in ("model.embed_tokens.weight", "lm_head.weight"):
            moved = set((~same).nonzero().flatten().tolist())
            # the last marker is read by no later position: its input row moves only where the head shares it
            silent = {places[3]} if name == "model.embed_tokens.weight" and not is_tied(model) else set()
            assert moved == set(places) - silent, name
        else:
            assert same.all(), name
    assert is_tied(model) == model.config.tie_word_embeddings
    trained = np.stack([result.embeddings[name] for name in names])
    assert np.array_equal(trained, model.model.embed_tokens.weight[places].detach())


def test_training_beats_the_embeddings_as_sampled_and_the_unigram_baseline(trained):
    result = trained[-1]
    assert result.loss_after < result.loss_before - 1
    assert result.loss_after < result.baseline
    assert len(result.losses) == 6 * 5 and len(result.epoch_losses) == 6
    assert result.epoch_losses[-1] < result.epoch_losses[0]
    assert list(result.embeddings)[:4] == ["<|text|>", "<|text_end|>", "<|audio|>", "<|audio_end|>"]
    assert {(value.shape, str(value.dtype)) for value in result.embeddings.values()} == {((32,), "float32")}


def test_saved_embeddings_give_a_fresh_model_the_same_loss(trained, tmp_path):
    _, model, _, result = trained
    save_embeddings(tmp_path / "rows.safetensors", result.embeddings)
    fresh, other = load_llm(LLMSpec(save_tiny_llm(tmp_path, tied=is_tied(model))))
    write_embeddings(
        fresh, add_speech_tokens(other, fresh, TOKENS), load_embeddings(tmp_path / "rows.safetensors")
    )
    prompts, _ = encode_prompts(other, make_clips(12, seed=5), TOKENS)
    assert audio_loss(fresh, prompts, other.pad_token_id, 8) == result.loss_after


def test_embeddings_of_a_model_in_bfloat16_are_trained_in_float32(tmp_path):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path), "bfloat16"))
    result = pretrain_token_embeddings(model, tokenizer, CLIPS, TOKENS, SETTINGS)
    assert model.dtype == torch.bfloat16 and result.loss_after < result.loss_before - 1


def test_weights_that_are_integers_stay_frozen(tmp_path):
    """As those of a model in 4 bits, which can have no gradient."""
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path)))
    packed = torch.nn.Parameter(torch.arange(4, dtype=torch.uint8), requires_grad=False)
    model.model.layers[0].register_parameter("packed", packed)
    pretrain_token_embeddings(
        model, tokenizer, {"train": make_clips(8)}, TOKENS, PretrainSettings(batch_size=8, max_steps=1)
    )
    assert not packed.requires_grad
    assert model.model.embed_tokens.weight.requires_grad


def test_equal_seeds_give_equal_embeddings(tmp_path, capfd):
    folder, settings = save_tiny_llm(tmp_path), PretrainSettings(max_steps=3, batch_size=4)
    found = []
    capfd.readouterr()
    for _ in range(2):
        llm, clips = load_llm(LLMSpec(folder)), {"train": make_clips(12)}
        found.append(pretrain_token_embeddings(*llm, clips, TOKENS, settings).embeddings)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])
    assert capfd.readouterr() == ("", "")


def test_without_validation_the_first_training_clips_are_judged(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrain, "N_JUDGED", 5)
    settings, clips = PretrainSettings(max_steps=2, batch_size=4, loss_on="all"), make_clips(8)
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path)))
    result = pretrain_token_embeddings(model, tokenizer, {"train": clips}, TOKENS, settings)
    assert len(result.losses) == 2 and result.epoch_losses == []
    judged, _ = encode_prompts(tokenizer, clips[:5], TOKENS)
    assert audio_loss(model, judged, tokenizer.pad_token_id, 4) == pytest.approx(result.loss_after)
    assert np.isfinite([result.loss_before, result.baseline]).all()


def test_a_changed_old_row_or_layer_raises(tmp_path, monkeypatch):
    folder, settings = save_tiny_llm(tmp_path), PretrainSettings(max_steps=1, batch_size=4)
    real = pretrain._train_embeddings
    damages = [
        (lambda model: model.get_input_embeddings().weight[11], "embedding 11 of the old vocabulary"),
        (lambda model: model.model.layers[0].mlp.up_proj.weight[0], "a frozen layer was changed"),
    ]
    for find, message in damages:

        def damage(model, *args, find=find):
            log = real(model, *args)
            with torch.no_grad():
                find(model).add_(1e-6)
            return log

        monkeypatch.setattr(pretrain, "_train_embeddings", damage)
        with pytest.raises(RuntimeError, match=message):
            pretrain_token_embeddings(*load_llm(LLMSpec(folder)), {"train": make_clips(4)}, TOKENS, settings)


def test_unknown_loss_positions_raise():
    with pytest.raises(ValueError, match="loss_on='words'"):
        PretrainSettings(loss_on="words")


def test_losses_go_where_they_are_asked_to(tmp_path, monkeypatch):
    """Reports change neither the embeddings nor what says which settings these were made with."""
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    folder, results = save_tiny_llm(tmp_path / "llm"), {}
    for report_to in ("none", "tensorboard"):
        about = {"report_to": report_to, "report_dir": tmp_path / report_to}
        settings = PretrainSettings(max_steps=3, batch_size=4, **about)
        assert (settings, repr(settings)) == (
            plain := PretrainSettings(max_steps=3, batch_size=4),
            repr(plain),
        )
        llm, clips = load_llm(LLMSpec(folder)), {"train": make_clips(12)}
        results[report_to] = pretrain_token_embeddings(*llm, clips, TOKENS, settings)
    assert not (tmp_path / "none").exists() and "TENSORBOARD_LOGGING_DIR" not in os.environ
    (run,) = (tmp_path / "tensorboard").iterdir()  # by title and time
    events = EventAccumulator(str(run)).Reload().Scalars("train/loss")
    assert [event.step for event in events] == [1, 2, 3]
    np.testing.assert_allclose([event.value for event in events], results["tensorboard"].losses, atol=1e-3)
    assert np.array_equal(results["none"].losses, results["tensorboard"].losses)


def test_a_tracker_that_nobody_knows_is_told(tmp_path):
    llm, settings = load_llm(LLMSpec(save_tiny_llm(tmp_path))), PretrainSettings(report_to="paper")
    with pytest.raises(ValueError, match=r"paper is not supported.*tensorboard, trackio, wandb"):
        pretrain_token_embeddings(*llm, {"train": make_clips(4)}, TOKENS, settings)
