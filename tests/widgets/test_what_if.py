"""What-if: every edit shows the prediction of exactly the tokens listed; nothing that one does breaks it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import FALLACIES
from widget_tools import (
    TOKENS,
    find_disabled,
    is_problem,
    read,
    read_words,
    softmax,
)

from speechlm_utils import widgets
from speechlm_utils.attribution.edits import edit_clip
from speechlm_utils.tokens import list_occurrences
from speechlm_utils.widgets.what_if import MOST, WhatIf, describe_change


@pytest.fixture
def box(classifier, clips):
    return WhatIf(classifier, clips)


def press(box, name):
    next(button for button in box.buttons if button.description == name).click()


def listed(box):
    return [label.split()[-1] for label, _ in box.places.options]


def test_at_first_nothing_is_edited(box, clips):
    clip = next(iter(clips.values()))
    kept = list_occurrences(clip.codes, TOKENS)
    assert len(kept) > 3 and listed(box) == [str(token) for token in kept]
    assert f"{len(kept)} audio tokens (as spoken: {len(kept)}); most probable" in read(box.status.widget)
    assert "moved" not in read(box.status.widget)


def test_edits_change_list_and_prediction(box, classifier):
    spoken = listed(box)
    box.places.value = (0, 2)
    press(box, "Mute")
    assert listed(box) == [spoken[1], *spoken[3:]]
    after = softmax(classifier.predict([edit_clip(box.clip, box.tokens)])[0])
    assert f"({after.max():.0%})" in read(box.status.widget)
    box.places.value = (1,)
    press(box, "Repeat")
    assert listed(box) == [spoken[1], spoken[3], *spoken[3:]]
    box.places.value, box.other.value = (0,), (3, 7)
    press(box, "Swap")
    assert listed(box) == ["L3-0007", spoken[3], *spoken[3:]] and box.places.value == (0,)
    after = softmax(classifier.predict([edit_clip(box.clip, box.tokens)])[0])
    assert read_words(box.picture) == describe_change(box.before, after, FALLACIES)
    press(box, "Mute all")
    assert listed(box) == [] and "no speech token" in read(box.sequence)
    press(box, "Back to as spoken")
    assert listed(box) == spoken and not find_disabled(box.controls)


def test_another_clip_brings_its_tokens_to_the_same_words(box, clips, classifier):
    first, second = list(clips.values())[:2]
    box.donor.value = second
    assert listed(box) == [str(token) for token in list_occurrences(second.codes, TOKENS)]
    assert first.text in read(box.sequence) and box.clip is first
    np.testing.assert_allclose(box.before, softmax(classifier.predict([first])[0]), rtol=1e-6)
    box.choice.value = second
    assert "moved" not in read(box.status.widget)


def test_nothing_chosen_is_said_and_changes_nothing(box):
    before = listed(box), box.picture.widget.value
    for name in ("Mute", "Repeat", "Swap"):
        press(box, name)
        assert is_problem(box.status) and "choose one or more tokens" in read(box.status.widget)
    assert (listed(box), box.picture.widget.value) == before and not find_disabled(box.controls)


def test_repeating_ends_before_the_list_explodes(box):
    for _ in range(12):
        box.places.value = tuple(range(len(box.places.options)))
        press(box, "Repeat")
    assert is_problem(box.status) and f"{MOST} are the most" in read(box.status.widget)
    assert 0 < len(box.places.options) <= MOST


def test_a_failing_model_leaves_a_usable_control(box, clips, monkeypatch, classifier):
    with monkeypatch.context() as patch:
        patch.setattr(type(classifier), "predict", lambda *args: 1 / 0)
        box.choice.value = list(clips.values())[1]
        assert is_problem(box.status) and not box.picture.widget.value and not box.places.options
        press(box, "Mute all")
        press(box, "Mute")
        assert is_problem(box.status) and not find_disabled(box.controls)
    box.choice.value = list(clips.values())[2]
    assert "most probable" in read(box.status.widget) and listed(box)


def test_change_is_put_into_words():
    before, after = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.35, 0.45])
    said = describe_change(before, after, ["a_b", "c", "d"])
    assert said == "most probable: d (45%), it was a b; moved most: a b, 60% to 20%"
    assert describe_change(before, before, ["a_b", "c", "d"]) == "most probable: a b (60%)"


def test_no_clip_is_refused_and_controls_are_named(classifier, box):
    with pytest.raises(ValueError, match="none given"):
        WhatIf(classifier, {})
    assert all(control.description for control in box.controls)


def test_executed_notebook_shows_one_edit(classifier, clips, monkeypatch):
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    monkeypatch.setattr(plt, "show", lambda: None)
    remark = widgets.explore_what_if(classifier, clips)
    ax = plt.gcf().axes[0]
    assert "JupyterLab" in remark.data and "muted" in ax.get_title() + ax.get_title(loc="left")
    plt.close("all")
