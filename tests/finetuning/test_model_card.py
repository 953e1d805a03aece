"""What is written for readers: the model card, tables in a page, and the scores of the real transcripts."""

import csv
import importlib.util
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score
from tiny_llm import save_tiny_llm

from speechlm_utils.corpus.mmused import load_mmused_csv
from speechlm_utils.finetuning.model_card import (
    format_model_card,
    format_table,
)

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "reference" / "mmused_text_only.json"
ABOUT = {
    "task": "fallacy",
    "label_names": ["ad_hominem", "slogans"],
    "tokens": [[2, 5], [3, 417]],
    "template": "<|text|> text <|text_end|>",
    "llm_name": "/home/somebody/models/my-llama",
    "llm_hash": "aaaabbbbccccdddd",
    "dtype": "bfloat16",
    "quantization": "4bit",
    "codec_facts": {
        "name": "fnlp/SpeechTokenizer",
        "hash": "0123456789abcdef",
        "sample_rate": 16000,
        "frame_rate": 50.0,
        "n_layers": 8,
        "codebook_size": 1024,
    },
    "settings": {
        "use_audio": True,
        "lora_rank": 64,
        "lora_modules": ["q_proj", "v_proj"],
        "train_rows": True,
        "learning_rate": 1e-3,
        "batch_size": 32,
        "max_steps": None,
        "n_epochs": 10,
        "seed": 7,
    },
    "versions": {"torch": "2.11.0"},
}
RESULTS_OF_TINY = {
    "corpus": "MM-USED-fallacy",
    "data": {
        "labels": {"train": {"ad_hominem": 5, "slogans": 3}, "test": {"ad_hominem": 4, "slogans": 0}},
        "train_hash": "feedfeedfeedfeed",
    },
    "metrics": {"test": {"macro_f1_all": 0.25, "macro_f1_present": 0.5}},
}


def test_the_card_names_all_that_a_reader_needs():
    card = format_model_card(ABOUT, RESULTS_OF_TINY)
    assert "| base model | folder `my-llama` (4bit, bfloat16; hash `aaaabbbbccccdddd`) |" in card
    assert "somebody" not in card  # a path of one machine helps nobody else
    assert "`fnlp/SpeechTokenizer` (8 layers of 1024 codes, 16000 Hz; hash `0123456789abcdef`)" in card
    assert "words and 2 speech tokens" in card and "at most 10 epochs" in card and "seed 7" in card
    assert "| train | 8 | 5 | 3 |" in card and "`MM-USED-fallacy`" in card
    assert "| test | 4 | 7 | 0.250 | 0.500 |" in card
    assert "test holds no clip of slogans" in card
    code = re.search(r"```python\n(.*?)```", card, re.S)[1]
    compile(code, "README.md", "exec")
    assert 'from_pretrained("path/of/this/folder")' in code


def test_the_card_asks_for_a_codec_that_has_no_name_and_for_none_without_audio():
    bare = format_model_card(ABOUT | {"codec_facts": {"hash": "0123"}}, {})
    assert 'codec="folder or hub name of the codec"' in bare and "name not recorded" in bare
    assert "Not recorded." in bare and "None: no clips were held out." in bare
    words = ABOUT | {"codec_facts": None, "settings": ABOUT["settings"] | {"use_audio": False}}
    card = format_model_card(words, {})
    assert "# fallacy: text classifier" in card and "codec=" not in card and "none needed" in card
    assert "another sound" not in card


def test_a_table_has_a_cell_for_every_column():
    assert format_table(["a", "b"], [["x", 0.12345], [3, None]]) == "\n".join(
        ["| a | b |", "| --- | --- |", "| x | 0.123 |", "| 3 |  |"]
    )


def test_only_what_lies_between_the_markers_is_replaced(script):
    page = "top\n<!-- results -->\nold\n<!-- end of results -->\nbottom\n"
    new = script.replace_between(page, "results", "new")
    assert new == "top\n<!-- results -->\nnew\n<!-- end of results -->\nbottom\n"
    assert script.replace_between(new, "results", "new") == new
    for wrong in ("no markers", page + page, "<!-- end of results --> <!-- results -->"):
        with pytest.raises(ValueError, match="the page needs the marker"):
            script.replace_between(wrong, "results", "new")


# --- scripts/mmused_text_only.py ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "mmused_text_only.py"
    spec = importlib.util.spec_from_file_location("mmused_text_only", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def csv_dir(tmp_path):
    """Both files in the authors' format, small; a word tells the class, AFC's test has no class 4."""
    words = ("fear", "expert", "liar", "because", "slope", "great")
    for task, n_classes, shares in (("afc", 6, [6] * 6), ("afd", 2, [40, 8])):
        rows = []
        for split, factor in (("train", 2), ("val", 1), ("test", 1)):
            labels = [k for k in range(n_classes) for _ in range(shares[k] * factor // 2)]
            labels = [k for k in labels if (task, split, k) != ("afc", "test", 4)]
            for i, label in enumerate(labels):
                debate = "47_2024" if split == "test" else "9_1980"
                files = f"MMUSED-fallacy/audio_clips/{debate}/{split}{i}.wav"
                rows.append([split, i, f" they say {words[label]} number {i} in {split}", files, label])
        if task == "afd":
            rows[-1][2] = rows[0][2].upper()  # a test text that stands in train
        with open(tmp_path / f"dataset_combined_{task}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["split", "index", "text", "audio_path_list", "label"], *rows])
    return tmp_path


@pytest.fixture
def arguments(csv_dir, tmp_path):
    llm, page = save_tiny_llm(tmp_path / "llm"), tmp_path / "page.md"
    page.write_text("before\n<!-- results -->\n<!-- end of results -->\nafter\n")
    paths = ["--csv-dir", csv_dir, "--llm", llm, "--work", tmp_path / "work", "--out", tmp_path / "out.json"]
    sizes = ["--page", page, "--seeds", 0, 1, "--epochs", 1, "--batch-size", 8, "--lora-rank", 2]
    return [str(value) for value in [*paths, *sizes]]


def test_the_script_tunes_on_validation_runs_each_seed_once_and_writes_the_page(
    script, arguments, tmp_path, capsys
):
    script.main([*arguments, "--list"])
    assert capsys.readouterr().out.count("to do") == 4 and not (tmp_path / "work").exists()
    script.main(arguments)
    files = sorted((tmp_path / "work").iterdir())
    assert len(files) == 2 * (2 + 2)
    for path in files:
        run = json.loads(path.read_text())
        assert ("test" in run["logits"]) == (not run["is_tuning"]) == ("test" in run["scores"])
    merged = json.loads((tmp_path / "out.json").read_text())
    for task, found in merged["tasks"].items():
        tried = found["tuning"]["validation"]
        assert tried[f"{found['tuning']['learning_rate']:g}"] == max(tried.values())
        assert [run["seed"] for run in found["runs"]] == [0, 1] and found["test_debates"] == ["47_2024"]
        assert found["n_test_texts_in_train"] == (task == "afd")
    assert "slippery_slope" not in merged["tasks"]["afc"]["n_clips"]["test"]
    assert merged["tasks"]["afd"]["runs"][0]["n_train"] == {"fallacious": 8, "not_fallacious": 24}
    assert merged["tasks"]["afd"]["baselines"]["most frequent class"]["f1"] == 0
    assert merged["tasks"]["afd"]["baselines"]["all are fallacious"]["f1"] == pytest.approx(2 * 4 / (24 + 4))
    page = (tmp_path / "page.md").read_text()
    assert (
        page.startswith("before\n") and page.endswith("after\n") and script.format_text_scores(merged) in page
    )
    changed = [path.stat().st_mtime_ns for path in files]
    script.main(arguments)
    assert [path.stat().st_mtime_ns for path in files] == changed  # nothing is trained twice
    for path in files:
        path.unlink()
    script.main(arguments)  # what stands in the merged file is not trained again either
    assert not list((tmp_path / "work").iterdir())
    assert json.loads((tmp_path / "out.json").read_text()) == merged
    script.main([*arguments, "--task", "afd", "--seeds", "1"])
    tasks = json.loads((tmp_path / "out.json").read_text())["tasks"]
    assert tasks["afc"] == merged["tasks"]["afc"] and [run["seed"] for run in tasks["afd"]["runs"]] == [1]


def test_the_threshold_comes_from_validation_and_test_scores_follow_it(script):
    names, y = (
        ["fallacious", "not_fallacious"],
        {"validation": np.array([0, 0, 1, 1]), "test": np.array([0, 1, 1])},
    )
    margins = {"validation": np.array([3.0, 1.0, 0.0, -1.0]), "test": np.array([0.6, 0.4, 2.0])}
    logits = {split: np.stack([z, np.zeros(len(z))], axis=1) for split, z in margins.items()}
    scores = script.score_splits(names, y, logits, np.array([False, False, True]))
    assert scores["validation"]["threshold"] == 0.5 and scores["validation"]["f1"] == 1
    assert scores["test"]["f1"] == pytest.approx(2 / 3)  # clips 0 and 2 lie above 0.5
    assert scores["test"]["f1_unseen"] == 1  # without clip 2, which stands in train
    assert scores["test"]["f1_argmax"] == script.score_class(y["test"], [0, 0, 0], names, "fallacious")


def test_negatives_are_drawn_by_seed_and_no_positive_is_lost(script, csv_dir):
    clips = load_mmused_csv(csv_dir / "dataset_combined_afd.csv", task="afd")
    train = [clip for clip in clips if clip.split == "train"]
    kept = [script.keep_negatives(train, "detection", 1.5, seed) for seed in (0, 0, 1)]
    assert kept[0] == kept[1] != kept[2]
    for some in kept:
        labels = [clip.labels["detection"] for clip in some]
        assert (labels.count("fallacious"), labels.count("not_fallacious")) == (8, 12)
        assert [clip.id for clip in some] == [clip.id for clip in train if clip in some]
    assert script.keep_negatives(train, "detection", 100, 0) == train


def test_without_a_folder_the_script_says_what_to_give(script, monkeypatch, capsys):
    monkeypatch.delenv("SPEECHLM_MMUSED", raising=False)
    with pytest.raises(SystemExit):
        script.main([])
    assert "--csv-dir FOLDER, or SPEECHLM_MMUSED" in capsys.readouterr().err


def test_the_real_files_have_the_published_counts(script):
    folder = Path(os.environ.get("SPEECHLM_MMUSED", ROOT.parent / "shared" / "mmused_fallacy"))
    if not (folder / "dataset_combined_afd.csv").is_file():
        pytest.skip("no copy of MM-USED-fallacy's texts: set SPEECHLM_MMUSED to their folder")
    runner = script.Runner(script.build_parser().parse_args(["--csv-dir", str(folder)]))
    assert {split: len(clips) for split, clips in runner.clips("afd").items()} == {
        "train": 13400,
        "validation": 3350,
        "test": 2160,
    }
    assert runner.is_seen("afd").sum() == 32 and runner.is_seen("afc").sum() == 0
    assert len(runner.train_clips(script.Job("afd", 1e-3, 0, False))) == 4 * 960


def test_the_page_shows_the_results_that_lie_in_the_repository(script):
    if not RESULTS.is_file():
        pytest.skip("scripts/mmused_text_only.py has not been run: there are no results to show")
    page = (ROOT / "docs" / "mmused.md").read_text(encoding="utf-8")
    table = script.format_text_scores(json.loads(RESULTS.read_text(encoding="utf-8")))
    assert script.replace_between(page, "results", table) == page


def test_f1_of_one_class_is_named_and_equals_scikit_learn(script):
    names = ("fallacious", "not_fallacious", "unclear")
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    each = f1_score(y_true, y_pred, average=None)
    assert [script.score_class(y_true, y_pred, names, name) for name in names] == pytest.approx(each.tolist())
    assert script.score_class([0, 1], [1, 1], names, "fallacious") == 0


def test_f1_of_a_class_that_is_not_there_raises(script):
    with pytest.raises(ValueError, match=r"class 'fallacy' is not one of \['a', 'b'\]"):
        script.score_class([0, 1], [0, 1], ("a", "b"), "fallacy")
    with pytest.raises(ValueError, match="y_true holds no clip of class 'b'"):
        script.score_class([0, 0], [0, 1], ("a", "b"), "b")


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_the_best_of_all_that_there_are(script, seed):
    rng = np.random.default_rng(seed)
    y = rng.random(60) < 0.2
    scores = np.round(y + rng.normal(size=60), 1)  # rounded, so that some are equal
    threshold, f1 = script.choose_threshold(y, scores)
    assert f1_score(y, scores > threshold) == pytest.approx(f1)
    assert f1 == pytest.approx(max(f1_score(y, scores > t) for t in [*(scores - 0.05), *(scores + 0.05)]))
    assert threshold not in scores


def test_a_threshold_by_hand(script):
    assert script.choose_threshold([True, True, False, False], [4.0, 3.0, 1.0, 0.0]) == (2.0, 1.0)
    assert script.choose_threshold([False, True], [1.0, 0.0]) == pytest.approx(
        (-0.5, 2 / 3)
    )  # all are of the class


@pytest.mark.parametrize(
    ("y", "scores"), [([True], [1.0, 2.0]), ([False, False], [1.0, 2.0]), ([True, False], [np.nan, 0.0])]
)
def test_no_threshold_without_sound_scores(script, y, scores):
    with pytest.raises(ValueError, match="at least one of the class, and finite"):
        script.choose_threshold(y, scores)
