"""One run of one arm: a pure function from arm, material and seed to a record."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..clips import Clip, label_ids
from ..finetuning.finetune import FineTuneResult, build_classifier, fine_tune
from ..finetuning.lora import FineTuneSettings
from ..llm.load import load_llm
from ..llm.spec import LLMSpec
from ..pretraining.pretrain import PretrainSettings, pretrain_token_embeddings
from ..selection.bag_of_words import sum_counts
from ..selection.controls import matched_random_tokens, random_tokens, shuffle_codes
from ..selection.decoys import select_with_decoys
from ..tokens import Token
from .arms import ARMS, RECIPE, ROWS, Arm
from .interventions import read_sequence, write_tokens
from .machine import name_device, watch_memory
from .material import Material

N_MATCHED = 10  # draws of matched tokens, made together so that they share few; a seed takes one
PACKAGES = ("torch", "transformers", "peft")


def run_arm(
    name: str, material: Material, seed: int, llm: LLMSpec = LLMSpec(), folder: Path | None = None
) -> dict:
    """Train the classifier of an arm and return its record: what it read, predicted, scored and cost.

    Nothing but the returned record remains, unless a folder is given, where the classifier is saved; if that
    fails, the record says so under "not_saved".
    """
    arm = ARMS[name]
    if arm.asked:
        raise ValueError(f"{name}: nothing is trained, a model is asked; see `speechlm.ask_arm`")
    tune, rows = make_settings(arm, seed)
    clips, unlabelled = prepare_clips(arm, material, seed)
    if arm.fused:
        tune = replace(tune, n_features=len(clips["train"][0].features))
    tokens = list_arm_tokens(arm, material, seed)
    start, cpu, measure_memory = time.monotonic(), time.process_time(), watch_memory()
    embeddings = None
    if tokens and arm.pretrained:
        embeddings = pretrain_token_embeddings(*load_llm(llm), {"train": unlabelled}, tokens, rows).embeddings
    classifier = build_classifier(material.task, material.label_names, tokens, tune, llm, embeddings)
    result = fine_tune(classifier, clips)
    about = {"arm": name, "corpus": material.corpus, "task": material.task, "seed": seed}
    about |= describe_result(result, clips)
    record = about | {
        "tokens": [list(token) for token in tokens],
        "tune": tune.to_record(),
        "rows": {key: getattr(rows, key) for key in (*ROWS, "n_epochs", "loss_on")} if embeddings else None,
        "seconds": time.monotonic() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_gib": measure_memory(),
        "codec_hash": material.codec_hash,
        "train_hash": material.hash,
        "llm": str(llm.name),
        "dtype": classifier.llm.dtype,
        "device": name_device(),
        "versions": {package: version(package) for package in PACKAGES},
    }
    if folder is not None:
        classifier.codec_facts = {"hash": material.codec_hash}
        try:
            classifier.save(folder)
        except (OSError, ValueError) as error:  # a full disk must not cost the training
            record["not_saved"] = str(error)
    return record


def make_settings(arm: Arm, seed: int) -> tuple[FineTuneSettings, PretrainSettings]:
    """Return the settings of step 3 and of step 2."""
    tune = FineTuneSettings(**{**RECIPE, **arm.tune}, use_audio=arm.tokens != "none", seed=seed)
    return tune, PretrainSettings(**{**ROWS, **arm.rows}, seed=seed)


def prepare_clips(arm: Arm, material: Material, seed: int) -> tuple[dict[str, list[Clip]], list[Clip]]:
    """Return the clips of each split, and those for step 2, as the arm hears and reads them."""
    clips, unlabelled = material.clips, material.unlabelled
    if arm.equal_loudness:
        clips = {split: material.loud[split] for split in clips}
        unlabelled = material.loud["unlabelled"]
    rng, prepared = np.random.default_rng(seed), {}
    for split, some in clips.items():
        some = [_write_words(arm, _add_measured(arm, clip, material), material.prosody) for clip in some]
        prepared[split] = shuffle_codes(some, rng) if arm.audio == "shuffled" else some
    if arm.audio == "count":
        tokens = material.selections[arm.layers, arm.equal_loudness]
        prepared = {split: [_keep_count(clip, tokens) for clip in some] for split, some in prepared.items()}
        unlabelled = [_keep_count(clip, tokens) for clip in unlabelled]
    if "interleaved" in arm.rows:
        unlabelled = [_add_measured(arm, clip, material) for clip in unlabelled]
    return prepared, list(unlabelled)


def _add_measured(arm: Arm, clip: Clip, material: Material) -> Clip:
    """Give a clip what its arm needs beside codes: features to fuse, or the ends of its words."""
    if arm.fused:
        return replace(clip, features=material.features[arm.fused][clip.id])
    return replace(clip, word_ends=material.word_ends[clip.id]) if "interleaved" in arm.tune else clip


def _write_words(arm: Arm, clip: Clip, prosody: Mapping[str, str]) -> Clip:
    if arm.words == "none":
        return replace(clip, text="")
    return replace(clip, text=f"{clip.text} ({prosody[clip.id]})") if arm.words == "prosody" else clip


def _keep_count(clip: Clip, tokens: Sequence[Token]) -> Clip:
    """Replace all tokens that a prompt would hold by as many of the first one, and nothing else."""
    return write_tokens(clip, [tokens[0]] * len(read_sequence(clip, tokens)), tokens[:1])


def list_arm_tokens(arm: Arm, material: Material, seed: int) -> list[Token]:
    """List the tokens of an arm's prompts; random and matched ones and decoys depend on the seed."""
    if arm.tokens == "none":
        return []
    chosen = material.selections[arm.layers, arm.equal_loudness]
    selected = [*map(tuple, material.sizes[arm.n_tokens] if arm.n_tokens else chosen)]
    train, layers = material.clips["train"], material.layers[arm.layers]
    if arm.tokens == "fdr":
        y = label_ids(train, material.task, material.label_names)
        return select_with_decoys(train, y, layers, seed=seed)
    if arm.tokens == "random":
        return random_tokens(len(selected), train, layers, seed)
    if arm.tokens == "matched":
        return matched_random_tokens(selected, train, layers, N_MATCHED)[seed % N_MATCHED]
    if arm.tokens == "all":
        rows, codes = np.nonzero(sum_counts(train, layers))
        return [(layers[row], int(code)) for row, code in zip(rows, codes, strict=True)]
    return selected[:1] if arm.audio == "count" else selected


def describe_result(result: FineTuneResult, clips: Mapping[str, Sequence[Clip]]) -> dict:
    """Put predictions, scores and sizes of validation and test into plain types."""
    return {
        "predictions": {split: one.argmax(axis=1).tolist() for split, one in result.logits.items()},
        "scores": result.metrics,
        "history": result.history,
        "n_steps": len(result.losses),
        "n_trainable": result.n_trainable,
        "n_clips": {split: len(some) for split, some in clips.items()},
        "text_tokens_per_clip": result.report.n_text / result.report.n_prompts,
        "audio_tokens_per_clip": result.report.n_audio / result.report.n_prompts,
        "n_cut": result.report.n_cut,
    }
