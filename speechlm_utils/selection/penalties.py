"""Why l1 is sparse and l2 is not, in one and two dimensions: the smallest problems that show it.

The selection itself (selector.py) solves the same problem with thousands of coefficients.
"""

import numpy as np


def soft_threshold(a: np.ndarray, strength: float) -> np.ndarray:
    """Minimise (w - a)² / 2 + strength · |w|: move a towards zero by `strength`, and stop at zero."""
    if strength < 0:
        raise ValueError(f"strength={strength}: must be at least 0")
    a = np.asarray(a, dtype=float)
    return np.sign(a) * np.maximum(np.abs(a) - strength, 0)


def shrink(a: np.ndarray, strength: float) -> np.ndarray:
    """Minimise (w - a)² / 2 + strength · w² / 2: divide a by 1 + strength; never exactly 0 but where a is."""
    if strength < 0:
        raise ValueError(f"strength={strength}: must be at least 0")
    return np.asarray(a, dtype=float) / (1 + strength)


def boundary(norm: str, budget: float, n_points: int = 4001) -> np.ndarray:
    """Return points (n_points, 2) round the diamond |w1| + |w2| = budget, or the circle w1² + w2² = budget².

    The diamond's corners are among its points, so that a minimum there is found exactly.
    """
    if norm not in ("l1", "l2"):
        raise ValueError(f"norm={norm!r}: must be 'l1' or 'l2'")
    if norm == "l2":
        angle = np.linspace(0, 2 * np.pi, n_points)
        return budget * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    place = np.linspace(0, 4, n_points)
    corners = budget * np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]], dtype=float)
    return np.stack([np.interp(place, range(5), corner) for corner in corners.T], axis=1)


def quadratic_loss(points: np.ndarray, centre: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return (w - centre)ᵀ matrix (w - centre) for points of shape (..., 2)."""
    offset = np.asarray(points) - centre
    return np.einsum("...i,ij,...j->...", offset, matrix, offset)


def minimise_within(centre: np.ndarray, matrix: np.ndarray, budget: float, norm: str) -> np.ndarray:
    """Find the w (2,) of smallest `quadratic_loss` whose norm is at most the budget."""
    centre = np.asarray(centre, dtype=float)
    if np.linalg.norm(centre, ord=1 if norm == "l1" else 2) <= budget:
        return centre
    points = boundary(norm, budget)
    return points[quadratic_loss(points, centre, matrix).argmin()]
