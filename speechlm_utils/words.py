"""What counts as a word, and as the same text, in any script; the word error rate."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import regex

# UAX 29 by `regex`: marks stay with their letters, apostrophes within words, and every Chinese character,
# kana or Thai letter is a segment of its own, since no rule without a dictionary finds the words there.
_BOUNDARY = regex.compile(r"(?V1w)\b")
_WORD = regex.compile(r"[\p{L}\p{N}]")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ`´＇", "'") | {"\u00ad": None, "\u200b": " "})
_STOPS = regex.compile(r"(?<=\p{L}\p{M}*)[.,:;_](?=\p{L})")  # "end.Start" are two words, "3.5" is one
_UNSPACED = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan")
_SCRIPTS = {name: regex.compile(rf"\p{{Script={name}}}") for name in _UNSPACED}


def split_words(text: str) -> list[str]:
    """Split a text into its words by Unicode's rules (UAX 29), without case and punctuation.

    An apostrophe, whichever, stays inside its word: "Don’t" is "don't". In scripts that part no words by
    spaces (`find_unspaced` names them) every character counts as a word: put spaces between the words first
    if these are to be counted.
    """
    return list(_split(text))


@lru_cache(maxsize=2**16)
def _split(text: str) -> tuple[str, ...]:
    # NFKC again, since folding case can leave letters apart that belong together
    folded = unicodedata.normalize(
        "NFKC", unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    )
    pieces = _BOUNDARY.split(_STOPS.sub(" ", folded.translate(_APOSTROPHES)))
    return tuple(piece for piece in pieces if _WORD.search(piece))


def normalise_text(text: str) -> str:
    """Reduce a text to what makes it the same sentence: its words without apostrophes.

    Two texts with one result are the same for groups, for made splits, and in the report of leaks.
    """
    return " ".join(_split(text)).replace("'", "")


def find_unspaced(texts: Iterable[str]) -> list[str]:
    """Name the scripts in the texts that part no words by spaces: there every character is a word."""
    joined = "\n".join(texts)
    return [name for name, letter in _SCRIPTS.items() if letter.search(joined)]


def write_plainly(text: str) -> str:
    """Write the words alone, in lower case: apostrophes within words stay, hyphens become spaces."""
    text = text.lower().replace("’", "'")  # letters, their marks (of Hindi, for example) and numbers stay
    letters = (c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return " ".join(filter(None, (word.strip("'") for word in "".join(letters).split())))


def is_plain(texts: Iterable[str]) -> bool:
    """Tell whether there are texts, all in lower case and without stops, commas and such."""
    joined = " ".join(texts).strip()
    return bool(joined) and joined == joined.lower() and not set(joined) & set(".,;:?!…")


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Return the word error rate over all texts: words replaced, left out or added, per reference word.

    Case and punctuation do not count, apostrophes within words do. Raises ValueError if the numbers of texts
    differ, or the references hold no word.
    """
    pairs = [tuple(map(_split, texts)) for texts in zip(references, hypotheses, strict=True)]
    n_words = sum(len(reference) for reference, _ in pairs)
    if not n_words:
        raise ValueError("references hold no word to compare with")
    return sum(_count_edits(*pair) for pair in pairs) / n_words


def _count_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, 1):
        before, row = row, [i]
        for j, other in enumerate(hypothesis, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (word != other)))
    return row[-1]
