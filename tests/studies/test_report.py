"""Reading a study: scores and gains by hand, files that are none."""

import json

import numpy as np
import pytest

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.metrics import macro_f1_scores
from speechlm_utils.studies.report import (
    choose_subset,
    compare_arms,
    continue_study,
    count_collapsed,
    describe_clips,
    join_studies,
    load_study,
    pool_spread,
    score_arm,
    stack_predictions,
    tabulate_study,
)

QUICK = Bootstrap(300, rows="seeds")


@pytest.fixture
def study():
    """Forty clips of twenty sentences and two voices; "lasso" is right, "text" guesses, with two seeds."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=40)
    about = {
        "ids": [f"c{i}" for i in range(40)],
        "y_true": y.tolist(),
        "sentences": [f"s{i // 2}" for i in range(40)],
        "voices": [f"v{i % 2}" for i in range(40)],
        "ambiguous": [i < 20 for i in range(40)],
    }
    runs = [
        {
            "arm": arm,
            "seed": seed,
            "predictions": {s: (rng.integers(2, size=40) if arm == "text" else y).tolist() for s in splits},
            "audio_tokens_per_clip": 0.0 if arm == "text" else 30.0,
        }
        for arm, splits in (("text", ("validation", "test")), ("lasso", ("test",)))
        for seed in range(2)
    ]
    return {"label_names": ["a", "b"], "clips": {"validation": about, "test": about}, "runs": runs}


def test_scores_are_macro_f1_of_each_seed(study):
    y = np.array(study["clips"]["test"]["y_true"])
    rows = stack_predictions(study, "text")
    assert rows.shape == (2, 40) and score_arm(study, "lasso") == [1.0, 1.0]
    assert score_arm(study, "text") == [macro_f1_scores(y, row, 2)["macro_f1_present"] for row in rows]
    first = [macro_f1_scores(y[:20], row[:20], 2)["macro_f1_present"] for row in rows]
    assert score_arm(study, "text", subset="ambiguous") == first


def test_arms_of_two_studies_of_the_same_clips_can_be_compared(study):
    both = join_studies(study, study, "other: ")
    assert [run["arm"] for run in both["runs"][-4:]] == ["other: text"] * 2 + ["other: lasso"] * 2
    assert compare_arms(both, "lasso", "other: lasso", bootstrap=QUICK).estimate == 0
    assert len(study["runs"]) == 4 and score_arm(both, "other: text") == score_arm(study, "text")


def test_runs_are_added_only_to_those_of_the_same_clips(study, tmp_path):
    path = tmp_path / "llm.json"
    path.write_text(json.dumps(study))
    about = {name: study[name] for name in ("label_names", "clips")}
    assert continue_study(path, about)["runs"] == study["runs"]
    assert continue_study(tmp_path / "new.json", about) == about | {"runs": []}
    for name in about:
        with pytest.raises(ValueError, match=f"llm.json: has other {name}"):
            continue_study(path, about | {name: {}})


@pytest.mark.parametrize("name", ["test clips", "classes"])
def test_studies_of_other_clips_or_classes_are_not_joined(study, name):
    other = {**study, "label_names": ["a", "c"]}
    if name == "test clips":
        other = {**study, "clips": {"test": {**study["clips"]["test"], "ids": ["c0"]}}}
    with pytest.raises(ValueError, match=name):
        join_studies(study, other, "other: ")


def test_voices_alone_are_resampled_where_sentences_are_no_others(study):
    study["clips"]["test"]["sentences"] = study["clips"]["test"]["voices"]
    gain = compare_arms(study, "text", "lasso", bootstrap=QUICK)
    assert gain.n == (2, 2) and gain.unit == "voices and seeds"


def test_gain_is_the_difference_over_sentences_voices_and_seeds(study):
    gain = compare_arms(study, "text", "lasso", bootstrap=QUICK)
    assert np.isclose(gain.estimate, 1 - np.mean(score_arm(study, "text")))
    assert gain.n == (20, 2, 2) and gain.unit == "sentences, voices and seeds" and gain.verdict == "above"


def test_arm_of_one_seed_is_given_the_spread_of_the_others(study):
    spread = np.std(score_arm(study, "text"), ddof=1)
    assert np.isclose(pool_spread(study), spread / np.sqrt(2))  # both seeds of "lasso" are right: no spread
    assert np.isclose(
        pool_spread(study, "validation"), np.std(score_arm(study, "text", "validation"), ddof=1)
    )
    one = {**study, "runs": study["runs"][:3]}
    gain = compare_arms(one, "text", "lasso", bootstrap=QUICK)
    as_it_is = compare_arms(one, "text", "lasso", bootstrap=Bootstrap(300, rows="runs"))
    assert gain.n == (20, 2, "2 and 1") and gain.estimate == as_it_is.estimate
    assert gain.high - gain.low > as_it_is.high - as_it_is.low
    nothing = {**study, "runs": [study["runs"][0], study["runs"][2]]}
    assert pool_spread(nothing) == 0
    assert compare_arms(nothing, "text", "lasso", bootstrap=QUICK).unit == "sentences and voices"


def test_linear_models_beside_trained_ones_are_given_no_spread(study):
    trained = {**study, "runs": [run | {"llm": "tiny"} for run in study["runs"][:3]]}
    both = join_studies({**study, "runs": study["runs"][2:3]}, trained, "LLM: ")
    runs = Bootstrap(300, rows="runs")
    assert np.isclose(pool_spread(both), np.std(score_arm(both, "LLM: text"), ddof=1))
    gain = compare_arms(both, "lasso", "LLM: lasso", bootstrap=runs)
    assert gain.unit == "sentences, voices and runs" and gain.n == (20, 2, 1) and gain.high > gain.low
    assert compare_arms(both, "lasso", "lasso", bootstrap=runs).unit == "sentences and voices"


def test_table_tells_validation_only_where_every_run_has_it(study):
    table = tabulate_study(study, QUICK)
    assert list(table.index) == ["text", "lasso"] and table.seeds.tolist() == [2, 2]
    assert np.isclose(table.validation["text"], np.mean(score_arm(study, "text", "validation")))
    assert np.isnan(table.validation["lasso"]) and table.test["lasso"] == 1.0
    assert str(table["less text"]["lasso"]) == str(compare_arms(study, "text", "lasso", bootstrap=QUICK))


def test_unknown_arm_and_subset_are_named(study):
    with pytest.raises(ValueError, match=r"arm='fresh': the study has \['lasso', 'text'\]"):
        stack_predictions(study, "fresh")
    with pytest.raises(ValueError, match="subset='some'"):
        choose_subset([True], "some")


def test_clips_are_described_but_not_those_of_train(material):
    found = describe_clips(material.clips, material.task, material.label_names)
    assert set(found) == {"validation", "test"}
    assert found["test"]["ids"] == [clip.id for clip in material.clips["test"]]
    assert len({len(one) for one in found["test"].values()}) == 1


@pytest.mark.parametrize(
    ("text", "says"), [("{", "no study"), ("[]", "no study|lacks"), ('{"runs": []}', "lacks")]
)
def test_file_that_is_no_study_is_named(text, says, tmp_path):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(ValueError, match=f"study.json: .*({says})|study.json: ({says})"):
        load_study(tmp_path / "study.json")


def test_study_is_read_as_it_was_written(study, tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(study))
    assert load_study(tmp_path / "study.json") == study


def test_runs_that_predict_one_class_are_counted(study):
    assert count_collapsed(study) == {}
    one = {"arm": "stuck", "seed": 0, "predictions": {"test": [1] * 40}}
    other = one | {"seed": 1, "predictions": {"test": [1] * 39 + [0]}}
    study["runs"] += [one, other]
    assert count_collapsed(study) == {"stuck": 1}
