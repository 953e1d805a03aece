"""One run: what each arm reads, the record, and that seeds and only seeds change it."""

from dataclasses import replace

import pytest

from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.studies import arms as arms_module
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.run import list_arm_tokens, prepare_clips, run_arm
from speechlm_utils.tokens import list_occurrences

SHORT = {"max_steps": 2, "n_epochs": 1, "batch_size": 4, "lora_rank": 2}


@pytest.fixture
def short(monkeypatch):
    """Every arm, with two steps."""
    for name, arm in ARMS.items():
        rows = {**arm.rows, "max_steps": 1, "batch_size": 4}
        monkeypatch.setitem(arms_module.ARMS, name, replace(arm, tune={**arm.tune, **SHORT}, rows=rows))


@pytest.mark.parametrize(
    "name",
    [
        "text",
        "lasso",
        "lasso-10",
        "matched",
        "count-only",
        "rms",
        "prosody-in-words",
        "fdr",
        "interleaved",
        "mfcc-fusion",
        "encoder-fusion",
    ],
)
def test_record_says_what_was_read_and_found(name, material, llm, short):
    record = run_arm(name, material, 1, llm)
    sizes = {split: len(clips) for split, clips in material.clips.items()}
    assert (record["arm"], record["seed"], record["corpus"], record["n_clips"]) == (name, 1, "tiny", sizes)
    for split in ("validation", "test"):
        assert len(record["predictions"][split]) == sizes[split]
        assert 0 <= record["scores"][split]["macro_f1_all"] <= 1
    assert (record["audio_tokens_per_clip"] > 0) == bool(record["tokens"])
    assert record["n_trainable"] > 0 and record["seconds"] > 0
    assert record["peak_memory_gib"] is None or record["peak_memory_gib"] > 0  # see test_machine.py
    assert record["codec_hash"] == material.codec_hash and record["tune"]["seed"] == 1


def test_same_seed_gives_the_same_predictions(material, llm, short):
    one, two = (run_arm("lasso", material, 4, llm) for _ in range(2))
    assert one["predictions"] == two["predictions"] and one["history"] == two["history"]


def test_classifier_is_kept_where_asked(material, llm, short, tmp_path):
    run_arm("lasso", material, 0, llm, tmp_path / "kept")
    kept = SpeechTokenClassifier.from_pretrained(tmp_path / "kept")
    assert kept.tokens == [*map(tuple, material.selections["acoustic", False])]


def test_record_survives_a_classifier_that_cannot_be_saved(material, llm, short, tmp_path):
    (tmp_path / "file").write_text("no folder")
    record = run_arm("text", material, 0, llm, tmp_path / "file")
    assert len(record["predictions"]["test"]) == len(material.clips["test"])
    assert "file" in record["not_saved"]
    assert "not_saved" not in run_arm("text", material, 0, llm, tmp_path / "kept")


def test_fusion_reads_its_features_and_interleaving_its_word_ends(material):
    fused, _ = prepare_clips(ARMS["encoder-fusion"], material, 0)
    assert all(clip.features is material.features["encoder"][clip.id] for clip in fused["test"])
    timed, unlabelled = prepare_clips(ARMS["interleaved"], material, 0)
    for clip in [*timed["train"], *unlabelled]:
        assert len(clip.word_ends) == len(clip.text.split())
    plain, _ = prepare_clips(ARMS["lasso"], material, 0)
    assert plain["test"][0].word_ends is None and plain["test"][0].features is None


def test_matched_and_random_tokens_depend_on_the_seed(material):
    for name in ("matched", "random"):
        draws = {tuple(list_arm_tokens(ARMS[name], material, seed)) for seed in range(6)}
        assert len(draws) > 1
    matched = list_arm_tokens(ARMS["matched"], material, 0)
    assert not set(matched) & set(material.selections["acoustic", False])


def test_another_number_of_tokens_is_another_selection(material):
    tokens = list_arm_tokens(ARMS["lasso-10"], material, 0)
    assert tokens == [*map(tuple, material.sizes[10])]
    assert tokens != list_arm_tokens(ARMS["lasso"], material, 0)


def test_shuffled_clips_exchange_codes_within_their_split(material):
    clips, _ = prepare_clips(ARMS["shuffled"], material, 0)
    for split, some in clips.items():
        own = material.clips[split]
        assert [clip.text for clip in some] == [clip.text for clip in own]
        assert sorted(c.codes.tobytes() for c in some) == sorted(c.codes.tobytes() for c in own)
        assert any(a.codes is not b.codes for a, b in zip(some, own, strict=True))


def test_count_only_keeps_how_many_tokens_and_nothing_else(material):
    tokens = material.selections["acoustic", False]
    clips, unlabelled = prepare_clips(ARMS["count-only"], material, 0)
    read = [(clips["test"], material.clips["test"]), (unlabelled, material.unlabelled)]  # steps 3 and 2
    for ours, own in (pair for some in read for pair in zip(*some, strict=True)):
        kept = list_occurrences(ours.codes, tokens[:1], collapse_repeats=True)
        assert len(kept) == len(list_occurrences(own.codes, tokens, collapse_repeats=True))
        assert not list_occurrences(ours.codes, tokens[1:])


def test_words_are_left_out_or_joined_by_prosody(material):
    silent, _ = prepare_clips(ARMS["audio"], material, 0)
    told, _ = prepare_clips(ARMS["prosody-in-words"], material, 0)
    assert {clip.text for clip in silent["train"]} == {""}
    assert all(clip.text.endswith("(pitch: high)") for clip in told["test"])
