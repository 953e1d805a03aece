"""Two processes train as one: equal losses, scores and stops; the script writes from the first process.

Two CPU processes (gloo) are started once; each runs this file, and does what `train_all` does in one.
"""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.distributed import (
    SplitBatches,
    check_processes,
    connect_processes,
    share_of_mean,
)
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings

ROOT = Path(__file__).resolve().parents[2]
# The sums over a batch are added in another order: float32 keeps about 7 digits, and Adam divides small
# gradients by their own size, so that a step passes their rounding on.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}

# 13 clips in batches of 4: the last batch is one clip, so the second process has nothing but a blank
EMBEDDING_SETTINGS = PretrainSettings(learning_rate=0.03, batch_size=4, n_epochs=2, seed=1)
CLASSIFIER_SETTINGS = FineTuneSettings(
    learning_rate=0.01, batch_size=4, n_epochs=12, patience=2, lora_rank=4, lora_dropout=0.0, seed=2
)


def train_all(folder, progress=False):
    """Run step 2 and step 3 on the tiny model of `folder`; returns what must not depend on the processes."""
    model, tokenizer = load_llm(LLMSpec(folder))
    unlabelled = {"train": make_clips(13), "validation": make_clips(5, seed=5)}
    found = pretrain_token_embeddings(model, tokenizer, unlabelled, TOKENS, EMBEDDING_SETTINGS, progress)
    by_split = {
        "train": make_clips(13),
        "validation": make_clips(7, 3, "validation"),
        "test": make_clips(6, 4, "test"),
    }
    about = ("task", list("abc"), TOKENS, CLASSIFIER_SETTINGS, LLMSpec(folder), found.embeddings)
    tuned = fine_tune(build_classifier(*about), by_split, progress)
    return {
        "embedding losses": found.losses.tolist(),
        "embedding validations": found.epoch_losses,
        "embeddings": [value.tolist() for value in found.embeddings.values()],
        "classifier losses": tuned.losses.tolist(),
        "classifier validations": [[entry["loss"], entry["macro_f1_all"]] for entry in tuned.history],
        "logits": tuned.logits["test"].tolist(),
    }


def run_script(folder, corpus, codec, run_dir):
    """Run both steps of scripts/train_distributed.py on a corpus folder."""
    spec = importlib.util.spec_from_file_location("train_distributed", ROOT / "scripts/train_distributed.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shared = (
        f"--corpus {corpus} --codec {codec} --run-dir {run_dir} --cache-dir {run_dir}/cache --llm {folder}"
    )
    options = f"{shared} --n-tokens 5 --batch-size 2 --quiet"
    script.main(f"embeddings {options} --n-epochs 1 --n-validation-clips 2".split())
    script.main(f"classifier {options} --max-steps 3 --lora-rank 4 --lora-dropout 0".split())


@contextlib.contextmanager
def force_fsdp():
    """Use scripts/accelerate/fsdp.yaml, and make accelerate shard on a CPU too, which it would not."""
    config = yaml.safe_load((ROOT / "scripts/accelerate/fsdp.yaml").read_text(encoding="utf-8"))
    options = {name.upper(): str(value) for name, value in config["fsdp_config"].items()}
    init = AcceleratorState.__init__

    def init_sharded(self, *args, fsdp_plugin=None, **kwargs):
        init(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
        if fsdp_plugin is not None:
            self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, fsdp_plugin

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ({"ACCELERATE_USE_FSDP": "true"} | options).items():
            patch.setenv(name, value)
        patch.setattr(AcceleratorState, "__init__", init_sharded)
        yield


def main(folder, corpus, codec):
    """What each of the two processes does; its findings go to a file of its own."""
    state = connect_processes()
    found = {"process": [state.process_index, state.num_processes]}
    found |= train_all(folder, progress=True)
    with force_fsdp():
        found["fsdp"] = train_all(folder)
    try:
        clips = {"train": make_clips(3)}
        pretrain_token_embeddings(*load_llm(LLMSpec(folder)), clips, TOKENS, PretrainSettings(batch_size=3))
    except ValueError as error:
        found["refused"] = str(error)
    Path(folder, f"found{os.environ['RANK']}.json").write_text(json.dumps(found))
    run_script(folder, corpus, codec, Path(folder, "two"))
    connect_processes().destroy_process_group()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def two(folder, tiny_corpus, tiny_codec_dir):
    """Start two processes as torchrun does; returns their findings and what they wrote to stderr."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}  # where tiny_llm lies
    command = [sys.executable, __file__, *map(str, (folder, tiny_corpus, tiny_codec_dir))]
    processes = [
        subprocess.Popen(
            command,
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        outputs = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], outputs
    found = [json.loads((folder / f"found{rank}.json").read_text()) for rank in (0, 1)]
    return SimpleNamespace(found=found, stdout=[o for o, _ in outputs], stderr=[e for _, e in outputs])


@pytest.fixture(scope="module")
def one(folder):
    return train_all(folder)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_give_the_loss_curve_of_one(one, two, kind):
    found = two.found[0]["fsdp"] if kind == "fsdp" else two.found[0]
    for name in ("embedding losses", "embedding validations", "classifier losses", "classifier validations"):
        np.testing.assert_allclose(found[name], one[name], **TOLERANCE, err_msg=name)
    assert len(one["embedding losses"]) == 2 * 4  # the last batch of an epoch, of one clip, was not left out


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_give_the_embeddings_and_logits_of_one(one, two, kind):
    found = two.found[0]["fsdp"] if kind == "fsdp" else two.found[0]
    for name in ("embeddings", "logits"):
        np.testing.assert_allclose(found[name], one[name], rtol=1e-3, atol=1e-4, err_msg=name)
    assert (
        np.abs(np.subtract(one["embedding losses"][0], one["embedding losses"][-1])) > 0.1
    )  # something was learnt


def test_both_processes_end_alike(one, two):
    """They stop at the same validation, before the last epoch, with bit-equal weights."""
    first, second = two.found
    assert (first.pop("process"), second.pop("process")) == ([0, 2], [1, 2])
    assert first == second
    assert 2 < len(first["classifier validations"]) < CLASSIFIER_SETTINGS.n_epochs
    assert len(first["classifier validations"]) == len(one["classifier validations"])


def test_only_the_first_process_shows_bars(two):
    assert "training token embeddings" in two.stderr[0] and "fine-tuning task" in two.stderr[0]
    assert "training token embeddings" not in two.stderr[1] and "fine-tuning" not in two.stderr[1]


def test_a_batch_that_does_not_divide_is_refused(two):
    for found in two.found:
        assert found["refused"] == "batch_size=3: cannot be divided among 2 processes"


def test_the_script_writes_from_the_first_process_what_one_process_writes(
    folder, two, tiny_corpus, tiny_codec_dir, capsys
):
    run_script(folder, tiny_corpus, tiny_codec_dir, folder / "one")
    assert "1 processes" in capsys.readouterr().out
    assert "2 processes" in two.stdout[0] and two.stdout[1] == ""
    for name in ("token_embeddings_fallacy_5.json", "classifier_fallacy.json"):
        alone, together = (json.loads((folder / n / name).read_text()) for n in ("one", "two"))
        assert (alone.pop("n_processes"), together.pop("n_processes")) == (1, 2)
        assert alone["settings"] == together["settings"]
        np.testing.assert_allclose(together["losses"], alone["losses"], **TOLERANCE)
        np.testing.assert_allclose(together["validations"], alone["validations"], **TOLERANCE)
    assert (folder / "two/token_embeddings_fallacy_5.safetensors").is_file()
    assert list((folder / "two/classifier_fallacy").iterdir())


def test_processes_that_do_not_know_of_each_other_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="2 processes were launched, but they are not connected"):
        check_processes(batch_size=4)


@pytest.mark.parametrize(("n_places", "n_processes"), [(13, 2), (12, 3), (5, 4), (4, 1)])
def test_the_parts_of_the_processes_are_the_batches_of_one(n_places, n_processes):
    places = np.random.default_rng(0).permutation(n_places).tolist()
    parts = [list(SplitBatches(places, 4 * n_processes, rank, n_processes)) for rank in range(n_processes)]
    one = SplitBatches(places, 4 * n_processes, 0, 1)
    alone = list(one)
    assert [len(part) for part in parts] == [len(alone)] * n_processes == [len(one)] * n_processes
    for whole, *split in zip(alone, *parts, strict=True):
        joined = [place for part in split for place in part]
        assert sorted(place for place in joined if place >= 0) == sorted(whole)
        assert len({len(part) for part in split}) == 1 and joined.count(-1) < n_processes


def test_share_of_mean_is_the_weighted_mean_in_one_process():
    losses, weights = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.5, 1.0, 2.5])
    assert share_of_mean(losses, 3).item() == pytest.approx(7 / 3)
    assert share_of_mean(losses * weights, weights.sum()).item() == pytest.approx(12.5 / 4)
    assert share_of_mean(losses[:0], 2.0).item() == 0  # a process whose part of the batch has no label


if __name__ == "__main__":
    main(*sys.argv[1:])
