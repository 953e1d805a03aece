"""Every value of a profile has the type that its notebook needs, or is named with what to write instead."""

import pytest
import yaml

from speechlm_utils.cli.parameters import check_values

DECLARED = {
    "corpus_dir": '"../data/demo"',
    "task": '"fallacy"',
    "seed": "0",
    "n_tokens": "75",
    "clips_per_split": "240",
    "C": "None",
    "Cs": "[0.01, 0.02]",
    "l1": "{}",
    "pretraining": '{"max_steps": 20}',
    "finetuning": "{}",
    "warm": "0.5",
    "loud": "False",
    "layers": "[2, 3]",
    "names": '["a"]',
    "columns": "{}",
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("warm: 1e-3", "warm='1e-3': is a text to YAML; write 1.0e-3"),
        ("warm: 5E4", r"write 5\.0e\+4"),
        ("Cs: [0.1, 1e-2]", "write 1.0e-2"),
        ("C: 1e-3", "write 1.0e-3"),
        ("C: 0", "C=0: should be greater than 0"),
        ("C: -0.5", "greater than 0"),
        ("Cs: [0.1, -1.0]", "greater than 0"),
        ("Cs: 0.1", "Cs=0.1: should be a valid list"),
        ("n_tokens: 0", "n_tokens=0: should be greater than 0"),
        ("n_tokens: 75.5", "n_tokens=75.5: .*integer"),
        ("n_tokens: '75'", "n_tokens='75': is a text to YAML; write 75"),
        ("clips_per_split: -3", "greater than 0"),
        ("seed: -1", "greater than or equal to 0"),
        ("seed: true", "seed=True"),
        ("loud: 1", "loud=1: should be a valid boolean"),
        ("loud: 'no'", "loud='no'"),
        ("task: no", "task=False: .*YAML reads yes or no here, so put the word in quotes"),
        ("task: 2026-01-01", "task=datetime.*put the word in quotes"),
        ("task: 7", "task=7: should be a valid string"),
        ("task: [mood, topic]", "task="),
        ("task: null", "task=None"),
        ("corpus_dir: .nan", "corpus_dir=nan"),
        ("layers: [2, x]", "layers"),
        ("names: [1]", "names"),
        ("columns: [text]", "should be a valid dictionary"),
        ("pretraining: {learning_rate: 1e-3}", "x, pretraining: learning_rate='1e-3': .*write 1.0e-3"),
        (
            "pretraining: {learning_rat: 0.1}",
            "x, pretraining: unknown 'learning_rat'; known: .*learning_rate",
        ),
        ("finetuning: {batch_size: 0}", "x, finetuning: batch_size=0: should be greater than 0"),
        ("finetuning: {lora_modules: q_proj}", "x, finetuning: lora_modules='q_proj'"),
        ("l1: {max_iter: many}", "x, l1: max_iter='many'"),
        ("l1: {tolerance: 0.1}", "x, l1: unknown 'tolerance'"),
    ],
)
def test_a_wrong_value_is_named(text, message):
    with pytest.raises(ValueError, match=message) as error:
        check_values("x", yaml.safe_load(text), DECLARED)
    assert str(error.value).startswith("x") and "\n" not in str(error.value)


def test_right_values_pass():
    text = """
    {corpus_dir: ../own, task: "no", seed: 3, n_tokens: 20, clips_per_split: null, C: 0.02, Cs: [1, 0.5],
     warm: 1,
     l1: {solver: saga, max_iter: 1000}, pretraining: {learning_rate: 3.0e-4, collapse_repeats: true},
     finetuning: {lora_modules: [q_proj, v_proj], max_steps: null}, loud: yes, layers: [4], names: [],
     columns: {text: a}}
    """
    check_values("x", yaml.safe_load(text), DECLARED)
    check_values("x", {}, {})


def test_settings_are_those_that_the_records_have():
    """Read in the source, for speed, and here held against the classes."""
    from dataclasses import fields

    from speechlm_utils.cli.parameters import RECORDS, _read_record
    from speechlm_utils.finetuning.lora import FineTuneSettings
    from speechlm_utils.pretraining.pretrain import PretrainSettings
    from speechlm_utils.selection.l1 import L1LogisticRegression

    for name, record in {"pretraining": PretrainSettings, "finetuning": FineTuneSettings}.items():
        known = {one.name: one.default for one in fields(record)}
        assert {key: known[key] for key in known} == _read_record(RECORDS[name])
    assert set(_read_record(RECORDS["l1"])) == set(L1LogisticRegression().get_params())
