"""The best weights come back, and checkpoints are small."""

from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig
from tiny_llm import TOKENS, save_tiny_llm

from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.trainer import BestWeights, wrap_model
from speechlm_utils.llm.vocabulary import add_speech_tokens


@pytest.mark.parametrize(("metric", "best"), [("loss", 1), ("macro_f1_all", 2)])
def test_best_weights_come_back_and_patience_ends(metric, best):
    model, control = torch.nn.Linear(1, 1, bias=False), SimpleNamespace(should_training_stop=False)
    keeper, stops, state = BestWeights(2), [], SimpleNamespace(best_metric=None)
    keeper.on_train_begin(None, state, control)
    args = SimpleNamespace(metric_for_best_model=metric, greater_is_better=metric != "loss")
    for step, value in enumerate([2.0, 1.0, 3.0, 3.0, 3.0]):
        with torch.no_grad():
            model.weight.fill_(step)
        keeper.on_evaluate(args, state, control, {f"eval_{metric}": value}, model)
        better = state.best_metric is None or (value > state.best_metric) == args.greater_is_better
        state.best_metric = value if better else state.best_metric  # as the Trainer does next
        stops.append(control.should_training_stop)
    keeper.on_train_end(args, state, control, model)
    assert model.weight.item() == best
    assert stops.index(True) == best + 2


def test_checkpoints_hold_no_embedding_matrix(tmp_path):
    model, tokenizer = load_llm(LLMSpec(save_tiny_llm(tmp_path / "llm")), 2)
    ids = list(add_speech_tokens(tokenizer, model, TOKENS).values())
    config = LoraConfig(
        task_type="SEQ_CLS", r=4, target_modules=["q_proj", "v_proj"], trainable_token_indices=ids
    )
    wrap_model(model, config).save_pretrained(tmp_path)
    assert (tmp_path / "adapter_model.safetensors").stat().st_size < 15_000  # the matrix has 37,000
