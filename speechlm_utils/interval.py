"""An estimate with its interval, which says what was resampled and what follows from it."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval.

    Attributes
    ----------
    estimate, low, high : float
    n : int, units that were resampled
    unit : str, what they are, in the plural: "sentences", "voices", "clips", "sentences and seeds"
    reference : float, what the interval is held against (0 for a difference), or None where nothing is
    level : float, coverage
    """

    estimate: float
    low: float
    high: float
    n: int
    unit: str
    reference: float | None = 0.0
    level: float = 0.95

    @property
    def verdict(self) -> str:
        """Say "above" or "below" if the interval leaves the reference out, else "not decided"."""
        if self.reference is None:
            return ""
        return (
            "above" if self.low > self.reference else "below" if self.high < self.reference else "not decided"
        )

    @property
    def values(self) -> list[float]:
        """The three numbers, as records and tables hold them: estimate, low, high."""
        return [self.estimate, self.low, self.high]

    def __str__(self) -> str:
        sign = "" if self.reference is None else "+"
        shown = f"{self.estimate:{sign}.3f} [{self.low:{sign}.3f}, {self.high:{sign}.3f}]"
        about = f"{shown} ({self.level:.0%} over {self.n} {self.unit})"
        return f"{about}: {self.verdict}" if self.verdict else about

    def _repr_html_(self) -> str:
        return f"<p><code>{escape(str(self))}</code></p>"
