"""Merging of runs with a planted gain, and the script from end to end on a tiny corpus, codec and LLM."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from tiny_llm import save_tiny_llm

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.evaluation.experiments import (
    CONDITIONS,
    choose_subset,
    load_reference,
    merge_runs,
    score_runs,
    tabulate_controls,
    tabulate_runs,
)
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier

ROOT = Path(__file__).resolve().parents[2]


def load_script(name="reference_results"):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_run(condition, seed, share_right, n_clips=120):
    """A run that is right on 80 % of the specific clips and on `share_right` of the ambiguous ones."""
    rng = np.random.default_rng(100 * seed + len(condition))
    y, ambiguous = np.arange(n_clips) % 3, np.arange(n_clips) % 2 == 0
    is_right = rng.random(n_clips) < np.where(ambiguous, share_right, 0.8)
    return {
        "condition": condition,
        "seed": seed,
        "task": "fallacy",
        "label_names": ["a", "b", "c"],
        "ids": [f"c{i}" for i in range(n_clips)],
        "y_true": y.tolist(),
        "groups": [f"s{i // 2}" for i in range(n_clips)],
        "ambiguous": ambiguous.tolist(),
        "predictions": np.where(is_right, y, (y + 1) % 3).tolist(),
        "seconds": 1.0,
    }


@pytest.fixture
def runs():
    return [make_run(c, s, r) for c, r in (("selected", 0.9), ("text", 0.3)) for s in (1, 0)]


def test_planted_gain_lies_in_the_ambiguous_clips(runs):
    merged = merge_runs(runs, Bootstrap(300))
    assert [(run["condition"], run["seed"]) for run in merged["runs"]] == [
        ("text", 0), ("text", 1), ("selected", 0), ("selected", 1)
    ]  # fmt: skip
    found = {one["subset"]: one for one in merged["comparisons"]}
    assert found["ambiguous"]["low"] > 0.3 and found["all"]["low"] > 0.1
    assert abs(found["specific"]["difference"]) < 0.15
    assert found["all"]["seeds"] == [0, 1] and found["all"]["n_groups"] == 60
    json.dumps(merged)


def test_table_holds_mean_spread_and_difference(runs):
    table = tabulate_runs(merge_runs(runs, Bootstrap(50)))
    assert list(table.index) == ["text", "text + selected"]
    scores = score_runs(merge_runs(runs, Bootstrap(50)))
    assert table.loc["text", "mean"] == pytest.approx(np.mean(scores["text"]))
    assert table.loc["text", "sd"] == pytest.approx(abs(scores["text"][0] - scores["text"][1]) / 2**0.5)
    assert np.isnan(table.loc["text", "difference"])
    gain = table.loc["text + selected", "mean"] - table.loc["text", "mean"]
    assert table.loc["text + selected", "difference"] == pytest.approx(gain)


def test_only_seeds_that_both_have_are_compared(runs):
    merged = merge_runs(
        [run for run in runs if (run["condition"], run["seed"]) != ("text", 1)], Bootstrap(50)
    )
    assert {tuple(one["seeds"]) for one in merged["comparisons"]} == {(0,)}
    assert merge_runs([runs[0]], Bootstrap(50))["comparisons"] == []  # nothing to compare with


def test_selected_tokens_are_compared_with_each_control_over_common_seeds(runs):
    runs = [*runs, make_run("random", 0, 0.55), make_run("random", 7, 0.1), make_run("matched", 7, 0.1)]
    table = tabulate_controls(merge_runs(runs, Bootstrap(200)), bootstrap=Bootstrap(200))
    assert list(table.index) == ["text + random"]  # matched has no seed that selected has
    assert table.loc["text + random", "seeds"] == 1
    assert table.loc["text + random", "low"] > 0
    assert tabulate_controls(merge_runs([make_run("text", 0, 0.5)], Bootstrap(200))).empty


def test_runs_on_other_clips_are_refused(runs):
    runs[1]["ids"] = ["other", *runs[1]["ids"][1:]]
    with pytest.raises(ValueError, match=r"selected, seed 0: its ids are not those of selected, seed 1"):
        merge_runs(runs)
    with pytest.raises(ValueError, match="none given"):
        merge_runs([])


def test_subsets():
    assert choose_subset([True, False], "all").tolist() == [True, True]
    assert choose_subset([True, False], "specific").tolist() == [False, True]
    with pytest.raises(ValueError, match="'hard'"):
        choose_subset([True], "hard")


def test_reference_file_is_optional_and_checked(tmp_path, runs):
    path = tmp_path / "llm.json"
    assert load_reference(path) is None
    path.write_text(json.dumps(merge_runs(runs, Bootstrap(20))))
    assert len(load_reference(path)["runs"]) == 4
    path.write_text('{"runs": []}')
    with pytest.raises(ValueError, match=r"llm\.json: lacks"):
        load_reference(path)
    path.write_text("{")
    with pytest.raises(ValueError, match=r"llm\.json: no file of merged runs"):
        load_reference(path)


def test_jobs_are_ordered_by_importance():
    jobs = load_script().plan_jobs(["rms", "text", "random", "selected"], [0, 1])
    assert [(job.condition, job.seed) for job in jobs] == [
        ("text", 0), ("selected", 0), ("text", 1), ("selected", 1),
        ("random", 0), ("rms", 0), ("random", 1), ("rms", 1),
    ]  # fmt: skip


def test_script_runs_all_conditions_and_resumes(tmp_path, tiny_corpus, tiny_codec_dir, capsys):
    script = load_script()
    llm = save_tiny_llm(tmp_path / "llm")
    command = [
        *("--corpus", tiny_corpus, "--codec", tiny_codec_dir, "--llm", llm, "--cache", tmp_path / "cache"),
        *("--work", tmp_path / "work", "--out", tmp_path / "out", "--n-tokens", 6, "--epochs", 1),
        *("--row-steps", 1, "--lora-rank", 2, "--seeds", 0, "--conditions", *CONDITIONS),
    ]
    script.main([str(part) for part in [*command, "--keep", tmp_path / "kept"]])
    merged = load_reference(tmp_path / "out" / "llm_fallacy.json")
    assert [run["condition"] for run in merged["runs"]] == list(CONDITIONS)
    assert len(merged["ids"]) == len(merged["runs"][0]["predictions"]) == 6
    assert len(merged["comparisons"]) == 3 * (len(CONDITIONS) - 1)
    tokens = {run["condition"]: run["tokens"] for run in merged["runs"]}
    assert tokens["text"] == [] and tokens["fresh"] == tokens["selected"] != tokens["random"]
    assert len({len(one) for name, one in tokens.items() if name not in ("text", "rms")}) == 1

    kept = SpeechTokenClassifier.from_pretrained(tmp_path / "kept", codec=tiny_codec_dir)
    assert [list(token) for token in kept.tokens] == tokens["selected"]
    options = ["--jobs", 1, "--steps", 2, "--k", 1, "--random-clips", 2, "--random-models", 2]
    options += ["--filler", kept.tokenizer.decode([10]), "--out", tmp_path / "attribution.json"]
    folders = [*command[:4], "--cache", tmp_path / "cache", "--classifier", tmp_path / "kept"]
    load_script("reference_attribution").main([str(part) for part in [*folders, *options]])
    found = json.loads((tmp_path / "attribution.json").read_text())
    assert found["n_clips"] == 6 and found["deletion"][0]["k"] == 1
    assert len(found["random_models"]["head"]["models"]) == 2

    def count_finished(*more):
        capsys.readouterr()
        script.main([str(part) for part in [*command, *more, "--list"]])
        return capsys.readouterr().out.count("finished in")

    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("*.json")}
    (tmp_path / "work" / "fallacy_text_0.json").unlink()
    assert count_finished() == len(CONDITIONS)  # it stands in the merged file
    assert count_finished("--lora-dropout", 0.1) == count_finished("--collapse-repeats") == 0
    merged["runs"] = [run for run in merged["runs"] if run["condition"] != "text"]
    (tmp_path / "out" / "llm_fallacy.json").write_text(json.dumps(merged))
    assert count_finished() == len(CONDITIONS) - 1
    script.main([str(part) for part in command])
    again = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("*.json")}
    assert [path.name for path in files if files[path] != again[path]] == ["fallacy_text_0.json"]
    assert len(load_reference(tmp_path / "out" / "llm_fallacy.json")["runs"]) == len(CONDITIONS)
