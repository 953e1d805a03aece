"""A study with planted differences between its arms."""

import numpy as np


def make_study(shares, n_clips=120, n_seeds=3):
    """A study whose arms are right in these shares of the clips; two arms of one share are always alike."""
    rng = np.random.default_rng(0)
    y, luck = rng.integers(2, size=n_clips), rng.random(n_clips)
    about = {
        "y_true": y.tolist(),
        "sentences": [f"s{i}" for i in range(n_clips)],
        "voices": [f"v{i % 6}" for i in range(n_clips)],
        "ambiguous": [False] * n_clips,
    }
    runs = [
        {"arm": arm, "seed": seed, "predictions": {"test": np.where(luck < share, y, 1 - y).tolist()}}
        for arm, share in shares.items()
        for seed in range(n_seeds)
    ]
    return {"label_names": ["a", "b"], "clips": {"test": about}, "runs": runs}
