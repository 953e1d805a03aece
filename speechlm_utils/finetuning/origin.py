"""Tell whether a classifier that lies in a folder belongs to the corpus at hand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..clips import Clip, hash_texts, label_names

if TYPE_CHECKING:
    from .classifier import SpeechTokenClassifier


def list_foreign(found: "SpeechTokenClassifier", task: str, parts: Sequence[Sequence[Clip]]) -> list[str]:
    """Name what is another's in a classifier: task, labels, train clips; [] where it was trained here.

    `parts` are the train clips that it may have been trained on, or on a sample of which: those of one of
    them, with the texts and labels that they have now. Codec and language model are compared at loading.
    """
    if found.task != task:
        return ["task"]
    data = found.results.get("data", {})
    is_mine = not {data.get("sampled_from"), data.get("texts_hash")}.isdisjoint(map(hash_texts, parts))
    has_labels = found.label_names == label_names(parts[0], task)
    checks = {"set of labels": has_labels, "train part, or its texts and labels were others": is_mine}
    return [name for name, is_same in checks.items() if not is_same]
