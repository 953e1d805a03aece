"""A training that was stopped goes on, and ends as if it had not been."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm import checkpoints
from speechlm_utils.llm.checkpoints import resumable
from speechlm_utils.llm.distributed import SplitTrainer
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings

CLIPS = {split: make_clips(n, n, split) for split, n in {"train": 18, "validation": 6, "test": 6}.items()}
SETTINGS = FineTuneSettings(
    learning_rate=0.02, batch_size=4, n_epochs=2, patience=2, lora_rank=2, text_only_warmup=0.4
)


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    return LLMSpec(save_tiny_llm(tmp_path_factory.mktemp("llm")))


@pytest.fixture(scope="module")
def whole(llm):
    """A fine-tuning that nothing disturbed."""
    return tune(llm)


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after every step."""
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 0.0)


def tune(llm, settings=SETTINGS, clips=CLIPS):
    return fine_tune(build_classifier("task", "abc", TOKENS, settings, llm), clips)


def pretrain(llm):
    settings = PretrainSettings(learning_rate=0.03, batch_size=4, n_epochs=2)
    return pretrain_token_embeddings(*load_llm(llm), CLIPS, TOKENS, settings)


class Stop:
    """Ctrl-C in the middle of a step, the n-th of all; counts steps."""

    def __init__(self, monkeypatch, at=None):
        self.n_steps, self.at, self.step = 0, at, SplitTrainer.training_step
        monkeypatch.setattr(SplitTrainer, "training_step", lambda *args: self._count(*args))

    def _count(self, *args):
        if self.n_steps == self.at:
            self.at = None
            raise KeyboardInterrupt
        self.n_steps += 1
        return self.step(*args)


@pytest.mark.parametrize(("at", "tied"), [(0, True), (5, True), (8, True), (4, False)])
def test_pre_training_goes_on_from_any_step(tmp_path, often, monkeypatch, at, tied):
    llm = LLMSpec(save_tiny_llm(tmp_path / "llm", tied))
    whole, stop = pretrain(llm), Stop(monkeypatch, at)
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "unfinished") as was_begun:
        assert not was_begun
        pretrain(llm)
    with resumable(tmp_path / "unfinished") as was_begun:
        assert was_begun
        again = pretrain(llm)
    assert stop.n_steps == len(whole.losses) == 10
    assert all(np.array_equal(whole.embeddings[name], again.embeddings[name]) for name in whole.embeddings)
    assert again.losses.tolist() == whole.losses.tolist() and again.epoch_losses == whole.epoch_losses
    assert not (tmp_path / "unfinished").exists()


@pytest.mark.parametrize(("at", "eval_steps"), [(1, None), (8, None), (7, 2)])
def test_fine_tuning_goes_on_in_either_part(llm, tmp_path, often, monkeypatch, at, eval_steps):
    settings = replace(SETTINGS, eval_steps=eval_steps)
    whole, stop = tune(llm, settings), Stop(monkeypatch, at)
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "unfinished"):
        tune(llm, settings)
    with resumable(tmp_path / "unfinished"):
        again = tune(llm, settings)
    assert stop.n_steps == len(whole.losses)
    assert np.array_equal(again.logits["test"], whole.logits["test"]) and again.history == whole.history
    assert again.losses.tolist() == whole.losses.tolist()


def test_patience_is_remembered(llm, tmp_path, often, monkeypatch):
    settings = replace(SETTINGS, learning_rate=1e-9, n_epochs=9, text_only_warmup=0.0)
    whole, stop = tune(llm, settings), Stop(monkeypatch, 11)
    assert len(whole.history) == 3
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "unfinished"):
        tune(llm, settings)
    with resumable(tmp_path / "unfinished"):
        assert tune(llm, settings).history == whole.history
    assert stop.n_steps == len(whole.losses) == 15


def test_trainings_that_had_ended_are_loaded(llm, whole, tmp_path, often, monkeypatch):
    stop = Stop(monkeypatch)
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "unfinished"):
        tune(llm)
        raise KeyboardInterrupt  # before it was saved
    n_steps = stop.n_steps
    with resumable(tmp_path / "unfinished"):
        again = tune(llm)
    assert stop.n_steps == n_steps and np.array_equal(again.logits["test"], whole.logits["test"])


def stop_in_second_part(llm, folder, monkeypatch, at=7):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), resumable(folder):
        Stop(patch, at)
        tune(llm)
    return sorted(folder.glob("training_2/checkpoint-*"))


@pytest.mark.parametrize("file", ["optimizer.pt", "whole.json"])
def test_damaged_checkpoint_is_told_and_the_one_before_it_taken(
    llm, whole, tmp_path, often, monkeypatch, caplog, file
):
    folder = tmp_path / "unfinished"
    *_, last = stop_in_second_part(llm, folder, monkeypatch)
    content = bytearray((last / file).read_bytes())
    content[len(content) // 2] ^= 255
    (last / file).write_bytes(content)
    with resumable(folder):
        again = tune(llm)
    assert f"{last}: is damaged" in caplog.text and "going on from step" in caplog.text
    assert np.array_equal(again.logits["test"], whole.logits["test"])


def test_checkpoint_that_was_not_written_to_its_end_is_removed(
    llm, whole, tmp_path, often, monkeypatch, caplog
):
    folder = tmp_path / "unfinished"
    for checkpoint in stop_in_second_part(llm, folder, monkeypatch):
        (checkpoint / "whole.json").unlink()
    with resumable(folder):
        again = tune(llm)
    assert "damaged" not in caplog.text and np.array_equal(again.logits["test"], whole.logits["test"])


@pytest.mark.parametrize("change", ["settings", "prompts", "model"])
def test_checkpoints_of_other_inputs_are_thrown_away(llm, tmp_path, often, monkeypatch, caplog, change):
    folder, settings, clips = tmp_path / "unfinished", SETTINGS, CLIPS
    stop_in_second_part(llm, folder, monkeypatch)
    if change == "settings":
        settings = replace(SETTINGS, learning_rate=0.01)
    elif change == "prompts":
        clips = CLIPS | {"train": [replace(clip, text="he is wrong") for clip in CLIPS["train"]]}
    else:
        llm = LLMSpec(save_tiny_llm(tmp_path / "other", seed=5))
    whole = tune(llm, settings, clips)
    with resumable(folder):
        again = tune(llm, settings, clips)
    assert f"is of another training ({change}); starting anew" in caplog.text
    assert np.array_equal(again.logits["test"], whole.logits["test"])


def test_second_run_with_the_folder_is_refused(tmp_path):
    with resumable(tmp_path / "unfinished"):
        with pytest.raises(BlockingIOError, match="another run is writing there"):
            with resumable(tmp_path / "unfinished"):
                pass


def test_full_disk_is_told_and_the_last_checkpoint_stays(llm, whole, tmp_path, often, monkeypatch):
    folder, saves = tmp_path / "unfinished", []
    real = SplitTrainer._save_optimizer_and_scheduler

    def fail(self, place):
        saves.append(place)
        if len(saves) == 5:
            raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")
        real(self, place)

    with monkeypatch.context() as patch, pytest.raises(OSError) as told:
        patch.setattr(SplitTrainer, "_save_optimizer_and_scheduler", fail)
        with resumable(folder):
            tune(llm)
    assert "cannot write a checkpoint" in str(told.value) and str(folder) in str(told.value)
    with resumable(folder):
        assert np.array_equal(tune(llm).logits["test"], whole.logits["test"])


def test_without_a_block_or_time_nothing_is_written(llm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tune(llm)
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "unfinished"):
        Stop(monkeypatch, 7)
        tune(llm)
    names = {path.name for path in (tmp_path / "unfinished").rglob("*") if path.is_file()}
    assert names == {"about.json", "finished.safetensors"}  # of the first part
    about = json.loads((tmp_path / "unfinished" / "training_1" / "about.json").read_text())
    assert set(about) == {"model", "prompts", "settings"}
