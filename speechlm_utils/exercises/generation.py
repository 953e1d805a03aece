"""Checks of the exercises of notebook 10."""

import numpy as np

from .feedback import compare, exercise


@exercise("Thirds of train")
def check_thirds(function) -> str:
    """Check a function (values, train values) -> 0, 1 or 2 for each value, by the thirds of train."""
    rng = np.random.default_rng(0)
    for shift in (0.0, 1.5, -1.0):
        train, values = rng.normal(size=300), shift + rng.normal(size=40)
        edges, own = (np.quantile(one, (1 / 3, 2 / 3)) for one in (train, values))
        right = np.searchsorted(edges, values)
        third = train.min() + np.ptp(train) / 3 * np.array([1, 2])
        hints = {
            "These are thirds of the clips at hand: a test set of loud clips would hold no loud clip.":
                np.searchsorted(own, values),
            "These edges divide the *range* of train; thirds hold equally many clips.":
                np.searchsorted(third, values),
            "The words run from low to high: 0 is the lowest third.": 2 - right,
        }  # fmt: skip
        hints = {text: wrong for text, wrong in hints.items() if not np.array_equal(wrong, right)}
        compare(function(values, train), right, hints, "", "Some words differ.", rtol=0)
    return "The edges are learned on train, like everything else."


@exercise("The likeliest that is allowed")
def check_allowed(function) -> str:
    """Check a function (logits, allowed ids) -> the id that a constrained decoder writes."""
    cases = [
        ([3.0, 0.1, 0.5, 2.0, -1.0], [2, 3, 4]),
        ([-5.0, -2.0, -1.0, -3.0], [3, 0]),
        ([9.0, 1.0, 2.0], [1]),
    ]
    for logits, allowed in cases:
        some = np.array(logits)[allowed]
        right = allowed[int(some.argmax())]
        hints = {
            "That is a place in `allowed`, not the id that stands there.": int(some.argmax()),
            "That one is likeliest of all, but not allowed.": int(np.argmax(logits)),
            "A logit of 0 is no “impossible”: rule the others out with minus infinity.": int(
                np.argmax([x if i in allowed else 0 for i, x in enumerate(logits)])
            ),
            "That is the least likely one.": allowed[int(some.argmin())],
        }
        hints = {text: wrong for text, wrong in hints.items() if wrong != right}
        compare(function(logits, allowed), right, hints, f"logits {logits}, allowed {allowed}", rtol=0)
    return "So every answer can be scored, even that of a model that has learned nothing."


@exercise("A model that always says the same")
def check_same_words(function) -> str:
    """Check a function (words of train, words of test) -> share right of the most frequent words of train."""
    rng = np.random.default_rng(1)
    for shares in ((0.5, 0.3, 0.2), (0.2, 0.5, 0.3)):
        train, test = rng.choice(3, (200, 4), p=shares), rng.choice(3, (80, 4), p=shares[::-1])
        train[:, 1] = (train[:, 1] + 1) % 3

        def share(table, test=test):
            counts = np.stack([np.bincount(one, minlength=3) for one in table.T])
            return float((test == counts.argmax(axis=1)).mean())

        joint = np.bincount(train.ravel(), minlength=3).argmax()
        hints = {
            "The most frequent words of test: the model has never seen them.": share(test),
            "Take the most frequent word of each attribute by itself.": float((test == joint).mean()),
            "That is how often it is right on train.": share(train, train),
        }
        right = share(train)
        hints = {text: wrong for text, wrong in hints.items() if not np.isclose(wrong, right)}
        compare(function(train, test), right, hints, f"{len(test)} clips", rtol=1e-6)
    return "A model must be better than this before it has heard anything."
