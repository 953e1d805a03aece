"""Write for readers what a fine-tuned classifier is: the model card, and tables that stand in a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from huggingface_hub import ModelCard, ModelCardData

TEMPLATE = Path(__file__).with_name("model_card_template.md")


def format_model_card(about: Mapping, results: Mapping) -> str:
    """Return an artefact's model card from what `settings.json` and `results.json` (or {}) hold."""
    labels = results.get("data", {}).get("labels", {})
    sizes = {split: sum(found.values()) for split, found in labels.items()}
    metrics, seed = results.get("metrics", {}), about["settings"]["seed"]
    card = ModelCard.from_template(
        ModelCardData(library_name="peft", tags=["speech", "text-classification"]),
        template_path=str(TEMPLATE),
        **about,
        data=results.get("data"),
        corpus=results.get("corpus"),
        metrics=metrics,
        counts=[[split, sizes[split], *found.values()] for split, found in labels.items()],
        scores=[[split, sizes[split], seed, *found.values()] for split, found in metrics.items()],
        absent={
            split: names for split, found in labels.items() if (names := [n for n in found if not found[n]])
        },
        shorten=_shorten,
        table=format_table,
    )
    return str(card)


def _shorten(name: str) -> str:
    """Name a model, a codec or a corpus; of a folder, which is of this machine, only its own name."""
    return f"folder `{Path(name).name}`" if Path(name).is_absolute() or name.startswith(".") else f"`{name}`"


def format_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats get three decimals, None is left empty."""
    shown = [[_show(value) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [columns, ["---"] * len(columns), *shown])


def _show(value: object) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
