"""A classifier is known by its task, its labels, and the clips that it was trained on."""

from types import SimpleNamespace

from speechlm_utils.clips import Clip, hash_texts
from speechlm_utils.finetuning.origin import list_foreign

TRAIN = [Clip(str(i), f"text {i}", None, {"mood": "ab"[i % 2]}) for i in range(4)]


def make(clips=TRAIN, task="mood", names=("a", "b")):
    data = {"data": {"texts_hash": hash_texts(clips)}} if clips else {}
    return SimpleNamespace(task=task, label_names=list(names), results=data)


def test_trained_on_one_of_the_parts():
    assert list_foreign(make(), "mood", [TRAIN]) == []
    assert list_foreign(make(TRAIN[:2]), "mood", [TRAIN, TRAIN[:2]]) == []


def test_what_is_foreign_is_named():
    assert list_foreign(make(task="topic"), "mood", [TRAIN]) == ["task"]
    assert list_foreign(make(names="abc"), "mood", [TRAIN]) == ["set of labels"]
    for other in (TRAIN[:2], []):
        (told,) = list_foreign(make(other), "mood", [TRAIN])
        assert told.startswith("train part")
