"""Costs: means of what runs say, the Pareto front by hand, arms without a record."""

import numpy as np
from planted_study import make_study

from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.costs import find_front, list_not_run, tabulate_costs


def test_front_by_hand():
    costs, scores = [1, 2, 3, 2, np.nan, 1], [0.5, 0.8, 0.7, 0.8, 0.9, 0.4]
    assert find_front(costs, scores).tolist() == [True, True, False, True, False, False]


def test_costs_are_means_of_the_runs_that_say_them():
    study = make_study({"text": 0.9, "lasso": 0.9}, n_seeds=2)
    for run, seconds in zip(study["runs"], (10.0, None, 4.0, 8.0), strict=True):
        run |= {"cpu_seconds": seconds, "n_trainable": 5, "device": "cpu"}
    table = tabulate_costs(study)
    assert table["CPU seconds"].tolist() == [10.0, 6.0] and table["parameters trained"].tolist() == [5.0, 5.0]
    assert table["memory, GiB"].isna().all() and table.device.tolist() == ["cpu", "cpu"]


def test_costs_of_gpu_and_cpu_are_not_mixed():
    study = make_study({"lasso": 0.9, "text": 0.9}, n_seeds=2)
    machines = ("NVIDIA H100", "x86_64", "NVIDIA H100", "NVIDIA H100")
    for run, seconds, machine in zip(study["runs"], (5.0, 90.0, 4.0, 8.0), machines, strict=True):
        run |= {"cpu_seconds": seconds, "device": machine}
    table = tabulate_costs(study)
    assert table["CPU seconds"].tolist() == [90.0, 6.0] and table.device.tolist() == ["x86_64", "NVIDIA H100"]
    assert table["runs timed"].tolist() == [1, 2]
    study["runs"][1]["cpu_seconds"] = None  # stopped and resumed
    table = tabulate_costs(study)
    assert table["CPU seconds"].tolist() == [5.0, 6.0] and set(table.device) == {"NVIDIA H100"}


def test_tokens_of_a_clip_are_counted_once_and_unknown_where_no_list_is_read():
    study = make_study({"text": 0.9, "lasso": 0.9, "audio": 0.9})
    held = {"text": {"audio_tokens_per_clip": 0.0}, "audio": {"audio_tokens_per_clip": 7.0}}
    held["lasso"] = {"audio_tokens_per_clip": 60.0, "audio_tokens_per_clip_once": 40.0}
    for run in study["runs"]:
        run |= held[run["arm"]]
    counted = tabulate_costs(study)["audio tokens a clip"]
    assert (counted["lasso"], counted["audio"]) == (40.0, 7.0) and np.isnan(counted["text"])


def test_arms_without_a_record_are_named_with_their_command():
    table = list_not_run(make_study({"text": 0.9, "lasso": 0.9}), "fallacy")
    assert set(table.index) == set(ARMS) - {"text", "lasso"} and set(table.record) == {"not run here"}
    assert "--task fallacy --arms speechlm --seeds" in table.command["speechlm"]
