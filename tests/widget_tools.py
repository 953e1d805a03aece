"""What tests of the large controls share: a tiny classifier that hears, and the words of a widget."""

import re
from datetime import datetime
from html import unescape

import numpy as np

from speechlm_utils.finetuning.finetune import build_classifier
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.spec import LLMSpec

TOKENS = [(2, code) for code in range(40)] + [(3, code) for code in range(20)]  # the tiny codec has 64 codes


def build_tiny_classifier(llm_folder, codec, names):
    """An untrained classifier of the task fallacy with a codec."""
    settings = FineTuneSettings(lora_rank=2, max_length=200, seed=0)
    classifier = build_classifier("fallacy", names, TOKENS, settings, LLMSpec(llm_folder))
    classifier.codec = codec
    return classifier


def read(widget):
    """The text of an HTML widget, tags taken off."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", widget.value)).split())


def is_problem(status):
    """Whether a status line tells of something that went wrong."""
    return 'data-kind="problem"' in status.widget.value


def read_words(picture):
    """The text that stands for a picture."""
    return unescape(re.search(r'alt="([^"]*)"', picture.widget.value)[1])


def find_disabled(controls):
    """Names of the controls that are disabled."""
    return [control.description for control in controls if control.disabled]


def make_file(name, content):
    """A file as FileUpload hands it over."""
    about = {"name": name, "type": "", "size": len(content), "last_modified": datetime(2026, 1, 1)}
    return about | {"content": memoryview(content)}


def softmax(logits):
    """Probabilities of one row of logits, from the definition."""
    odds = np.exp(logits - logits.max())
    return odds / odds.sum()
