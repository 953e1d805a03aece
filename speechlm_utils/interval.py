"""An estimate with its interval, which says what was resampled and what follows from it."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval, of a coverage (`level`), from `n` resampled units.

    `unit` says what they are, in the plural: "sentences", "voices", "sentences and seeds"; `reference` is
    what the interval is held against (0 for a difference), None where nothing is.
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
        if self.low > self.reference:
            return "above"
        return "below" if self.high < self.reference else "not decided"

    @property
    def values(self) -> list[float]:
        """The three numbers, as records and tables hold them: estimate, low, high."""
        return [self.estimate, self.low, self.high]

    @property
    def numbers(self) -> dict[str, float]:
        """The same by name, of a difference."""
        return dict(zip(("difference", "low", "high"), self.values, strict=True))

    def __str__(self) -> str:
        sign = "" if self.reference is None else "+"
        shown = f"{self.estimate:{sign}.3f} [{self.low:{sign}.3f}, {self.high:{sign}.3f}]"
        about = f"{shown} ({self.level:.0%} over {self.n} {self.unit})"
        return f"{about}: {self.verdict}" if self.verdict else about

    def _repr_html_(self) -> str:
        return f"<p><code>{escape(str(self))}</code></p>"
