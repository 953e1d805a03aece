"""The quiz: clips are sampled blind, answers are counted and compared, the table is saved."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import FALLACIES, RATE, make_wav

from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.explorers.quiz import filter_words, make_quiz, sample_blind, write_quiz
from speechlm_utils.studies.report import describe_clips

N = 4


@pytest.fixture(scope="module")
def corpus(tiny_corpus):
    return load_corpus(tiny_corpus)


@pytest.fixture(scope="module")
def study(corpus):
    """Words are always the first class, words and tokens are always right."""
    test = [clip for clip in corpus if "fallacy" in clip.labels and clip.split == "test"]
    about = describe_clips({"test": test}, "fallacy", FALLACIES)
    truth = about["test"]["y_true"]
    runs = [{"arm": arm, "predictions": {"test": said}} for arm, said in
            (("text", [0] * len(test)), ("lasso", truth), ("text", truth))]  # fmt: skip
    return {"label_names": list(FALLACIES), "clips": about, "runs": runs}


def test_sample_takes_each_sentence_once_and_classes_in_turn(corpus):
    clips = [clip for clip in corpus if "fallacy" in clip.labels]
    some = sample_blind(clips, 6)
    assert len({clip.group for clip in some}) == 6
    assert {clip.labels["fallacy"] for clip in some} == set(FALLACIES)
    assert {clip.ambiguous for clip in some} == {True, False}
    assert len(sample_blind(clips, 1000)) <= len({clip.group for clip in clips})
    assert sample_blind(clips, 6) == some


def test_filter_leaves_the_low_tone_and_takes_the_high_one():
    t = np.arange(RATE) / RATE
    low, high = (0.1 * np.sin(2 * np.pi * hertz * t) for hertz in (150, 1500))
    spectrum = np.abs(np.fft.rfft(filter_words(low + high, RATE)))
    assert spectrum[1500] < 1e-3 * spectrum[150]
    assert np.abs(filter_words(make_wav(120, 0.3, RATE, 0), RATE)).max() <= 1


def test_items_carry_truth_and_what_each_model_says(corpus, study):
    data = make_quiz(corpus, study, N).data
    by_id = {clip.id: clip for clip in corpus}
    assert len(data["items"]) == N - 1  # as many sentences as the test part has
    for item in data["items"]:
        assert FALLACIES[item["truth"]] == by_id[item["id"]].labels["fallacy"]
        assert item["models"] == {"words alone": 0, "words + 75 speech tokens": item["truth"]}
    assert {by_id[one["id"]].split for one in data["examples"]} == {"train"}
    assert data["sizes"]["test"] == 6


def test_nothing_is_written_without_a_study(tmp_path, study, tiny_corpus):
    assert write_quiz(tmp_path, tmp_path / "run") is None
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "llm_demo_fallacy.json").write_text(json.dumps(study))
    (tmp_path / "demo").symlink_to(tiny_corpus)
    written = write_quiz(tmp_path, tmp_path / "run")
    assert written == tmp_path / "run" / "quiz.html" and "<h1>Quiz" in written.read_text()


@pytest.fixture
def page(corpus, study, read):
    return read(make_quiz(corpus, study, N))


def answer_all(page, quiz, choose):
    """Answer a round; `choose` gets the item whose words or sound are shown."""
    sources = {item[key]: item for item in quiz.data["items"] for key in ("melody", "sound")}
    words = {f"“{item['text']}”": item for item in quiz.data["items"]}
    for _ in quiz.data["items"]:
        player = page.locator("audio")
        shown = page.locator(".words")
        item = words[shown.inner_text()] if shown.count() else sources[player.get_attribute("src")]
        name = FALLACIES[choose(item)].replace("_", " ")
        page.get_by_role("group").get_by_role("button", name=name).press("Enter")


def test_round_of_words_tells_accuracy_with_interval_and_saves_a_table(corpus, study, read, tmp_path):
    quiz = make_quiz(corpus, study, N)
    page, n = read(quiz), len(quiz.data["items"])
    page.get_by_role("button", name="Words alone").press("Enter")
    assert page.locator("audio").count() == 0
    assert "Words alone: clip 1 of" in page.get_by_role("heading", level=2).inner_text()
    answer_all(page, quiz, lambda item: item["truth"])
    rows = page.locator("table tr").all_inner_texts()
    mine = next(row for row in rows if row.startswith("you, words alone"))
    assert f"{n} of {n}" in mine and "100 % [44 %, 100 %]" in mine  # Wilson, 3 of 3
    assert any(row.startswith("model, words + 75 speech tokens") and f"{n} of {n}" in row for row in rows)
    assert "you (words alone) less the model (words + 75 speech tokens): +0 " in page.content()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the answers").press("Enter")
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    table = list(csv.DictReader(io.StringIO(saved, newline="")))
    assert len(table) == n and all(row["answer"] == row["true"] for row in table)
    assert {row["model, words alone"] for row in table} == {"ad hominem"}


def test_melody_gives_no_words_and_both_gives_both(corpus, study, read):
    quiz = make_quiz(corpus, study, N)
    page = read(quiz)
    page.get_by_role("button", name="Melody alone").click()
    assert page.locator(".words").count() == 0
    answer_all(page, quiz, lambda item: (item["truth"] + 1) % 3)
    assert "you are below the model" in page.content() or "not decided" in page.content()
    page.get_by_role("button", name="Another round").click()
    page.get_by_role("button", name="Words and sound").click()
    assert page.locator(".words").count() == page.locator("audio").count() == 1
    page.get_by_role("button", name="Give this round up").click()
    assert page.get_by_role("button", name="Words and sound").count() == 1
    assert "you, melody alone" in page.content() and "you, words and sound" not in page.content()


def test_first_page_hides_the_answers(page):
    assert "Nobody tells you" in page.content()
    assert page.get_by_role("table").count() == 0
