"""Words and same texts in any script, and word errors counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechlm_utils.words import (
    find_unspaced,
    is_plain,
    normalise_text,
    split_words,
    word_error_rate,
    write_plainly,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हम हिन्दी में बोलते हैं।", "हम हिन्दी में बोलते हैं"),
        ("நாங்கள் தமிழ் பேசுகிறோம்", "நாங்கள் தமிழ் பேசுகிறோம்"),
        ("السَّلَامُ عَلَيْكُمْ؟", "السَّلَامُ عَلَيْكُمْ"),
        ("שָׁלוֹם עֲלֵיכֶם", "שָׁלוֹם עֲלֵיכֶם"),
        ('צה"ל הודיע', 'צה"ל הודיע'),
        ("می\u200cخواهم بروم", "می\u200cخواهم بروم"),
        ("한국어를 말해요", "한국어를 말해요"),
        ("Don’t STOP, l’été d'Anjou", "don't stop l'été d'anjou"),
        ("'tis the dogs' rock 'n' roll", "tis the dogs rock n roll"),
        ("end.Start snake_case well-known", "end start snake case well known"),
        ("1,000 or 3.5 and 250", "1,000 or 3.5 and 250"),
        ("Stra\u00dfe STRASSE", "strasse strasse"),
        ("\u0130stanbul e\u0301te\u0301", "i\u0307stanbul \u00e9t\u00e9"),
        ("co\u00adoperate zero\u200bwidth", "cooperate zero width"),
        ("我们说中文。", "我 们 说 中 文"),
        ("ผมรัก", "ผ ม รั ก"),
        ("😀 -- …", ""),
    ],
)
def test_words_of_every_script(text, words):
    assert split_words(text) == words.split()


@pytest.mark.parametrize(
    ("text", "same"),
    [("  A\tb\nC ", "a b c"), ("well-known", "well known"), ("ΟΔΌΣ;", "οδόσ"), ("今日は。", "今 日 は"),
     ("ﬁne", "fine"), ("10 $", "10"), ("?!", ""), ("STRASSE straße", "strasse strasse"), ("Don’t!", "dont")],
)  # fmt: skip
def test_normalise_text(text, same):
    assert normalise_text(text) == same


def test_letters_of_other_scripts_stay():
    assert len({normalise_text(text) for text in ("今日は", "明日は", "ναι", "όχι", "हाँ", "")}) == 6


@given(st.text(max_size=40))
def test_same_text_is_so_however_it_is_written_again(text):
    words = split_words(text)
    assert split_words(" ".join(words)) == words
    assert normalise_text(normalise_text(text)) == normalise_text(text)
    for other in (text + " !", f"  {text}", f"“{text}”"):
        assert normalise_text(other) == normalise_text(text)


def test_scripts_without_spaces_are_named():
    assert find_unspaced(["say hello", "我说 สวัสดี"]) == ["Han", "Thai"]
    assert find_unspaced(["안녕 नमस्ते", ""]) == []


def test_word_error_rate_counts_by_hand():
    heard = ["We can't go on, on!", "the cat"]
    assert (
        word_error_rate(["we can't go on", "a black cat"], heard) == 3 / 7
    )  # one added, one other, one lost
    assert word_error_rate(["so it is"], ["So, it is."]) == 0
    assert word_error_rate(["so it is"], [""]) == 1
    with pytest.raises(ValueError, match="no word"):
        word_error_rate(["..."], ["so"])
    with pytest.raises(ValueError):
        word_error_rate(["so"], [])


def test_word_errors_are_the_fewest_and_pooled():
    assert word_error_rate(["a b c d"], ["b c d e"]) == 2 / 4  # one lost, one added: not four others
    assert word_error_rate(["a b c d e f g h i", "x"], ["a b c d e f g h i", "y"]) == 1 / 10
    assert word_error_rate(["x", ""], ["x y", "z"]) == 2
    assert word_error_rate(["ill disposed"], ["ill-disposed"]) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Don’t — stop, NOW!\n", "don't stop now"),
        ("an ill-disposed 'quote' of 250", "an ill disposed quote of 250"),
        ("snake_case...", "snake case"),
        ("Für Öl? Ça va!", "für öl ça va"),
        ("नमस्ते; धन्यवाद।", "नमस्ते धन्यवाद"),
        ("?!", ""),
    ],
)
def test_words_are_written_plainly_in_any_script(text, words):
    assert write_plainly(text) == words
    assert write_plainly(words) == words


def test_plain_texts_are_told_from_others():
    assert is_plain(["we don't know", "", "an ill-disposed man"])
    for texts in (["we know", "We know"], ["we know."], ["do we", "do we?"], [], ["", " "]):
        assert not is_plain(texts)
