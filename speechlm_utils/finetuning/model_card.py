"""Write for readers what a fine-tuned classifier is: the model card, and tables that stand in a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

SCORES = {"macro_f1_all": "macro-F1, all classes", "macro_f1_present": "macro-F1, present classes"}
TEXT_SCORES = {
    "afc": {"macro_f1_all": "macro-F1, all six classes", "macro_f1_present": "macro-F1, the classes in test"},
    "afd": {
        "f1": "F1 of fallacious",
        "f1_argmax": "without a threshold",
        "f1_unseen": "without texts of train",
    },
}
"""Scores of the real transcripts that are shown, the one to compare with the published score first."""
CARD = """# {title}

Classifies spoken sentences by what is said and, with speech tokens, by how it is said; trained with
`speechlm_utils` by the method of arXiv 2512.07571. Base model and codec are not in this folder.

| | |
| --- | --- |
| task | {task} |
| labels | {labels} |
| base model | {base} |
| reads | {reads} |
| codec | {codec} |
| trained | {trained} |
| made with | {versions} |

## Load it
```python
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier

classifier = SpeechTokenClassifier.from_pretrained("path/of/this/folder"{codec_argument})
logits = classifier.predict({wav}, "the words that are said")  # in the order of classifier.label_names
```
Base model{and_codec} must be as named above: another hash is refused. On the machine and with the versions
of the training, logits equal those of the training bit for bit.

## Data
{data}

## Scores
{scores}

## Limits
{limits}
"""


def write_model_card(folder: str | Path, about: Mapping, results: Mapping) -> None:
    """Write the README.md of an artefact.

    Parameters
    ----------
    folder : of the artefact; a README.md in it is overwritten
    about : what `settings.json` holds
    results : what `results.json` holds; it may be empty, the card then says that nothing is known
    """
    (Path(folder) / "README.md").write_text(format_model_card(about, results), encoding="utf-8")


def format_model_card(about: Mapping, results: Mapping) -> str:
    """Return the text of the card, see `write_model_card`."""
    settings, codec = about["settings"], about["codec_facts"] or {}
    hears = settings["use_audio"]
    needs_codec = hears and not codec.get("name")
    prompt = f"words and {len(about['tokens'])} speech tokens, `{about['template']}`"
    return CARD.format(
        title=f"{about['task']}: {'speech token' if hears else 'text'} classifier",
        task=f"`{about['task']}`",
        labels=", ".join(f"`{name}`" for name in about["label_names"]),
        base=_name_base(about),
        reads=prompt if hears else "words alone",
        codec=_name_codec(codec) if hears else "none needed",
        trained=_describe_training(settings),
        versions=", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        codec_argument=', codec="folder or hub name of the codec"' if needs_codec else "",
        wav='"clip.wav"' if hears else "None",
        and_codec=" and codec" if hears else "",
        data=_describe_data(results),
        scores=_describe_scores(results, settings["seed"]),
        limits="\n".join(f"- {limit}" for limit in _list_limits(about, results)),
    )


def format_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats get three decimals, None is left empty."""
    lines = [columns, ["---"] * len(columns), *([_show(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace_between(text: str, name: str, content: str) -> str:
    """Put a content between the markers `<!-- name -->` and `<!-- end of name -->` of a page.

    Raises
    ------
    ValueError
        If the page does not hold each marker once, in this order.
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if (text.count(start), text.count(end)) != (1, 1) or text.index(start) > text.index(end):
        raise ValueError(f"the page needs the marker {start!r} once, and {end!r} once after it")
    return f"{text.split(start)[0]}{start}\n{content}\n{end}{text.split(end)[1]}"


def format_text_scores(merged: Mapping) -> str:
    """Return the results of `scripts/mmused_text_only.py` as tables, beside baselines and published scores.

    Parameters
    ----------
    merged : what `data/reference/mmused_text_only.json` holds
    """
    parts = []
    for task, found in merged["tasks"].items():
        columns = TEXT_SCORES[task]
        runs = [run["scores"]["test"] for run in found["runs"]]
        ours = [_show_spread([run[key] for run in runs]) for key in columns]
        rows = [[f"**{merged['llm']}, LoRA**", len(runs), *ours]]
        for name, scores in found["baselines"].items():
            rows.append([name, None, *(scores.get(key) for key in columns)])
        rows.append(
            ["published, best text-only", None, f"{found['published']:.4f}", *[None] * (len(columns) - 1)]
        )
        counts = ", ".join(f"{split} {sum(n.values())}" for split, n in found["n_clips"].items())
        same = (
            "the shared task's" if found["test_debates"] == found["debates_of_shared_task"] else "other ones"
        )
        rates = f"{found['tuning']['learning_rate']:g} of {', '.join(found['tuning']['validation'])}"
        about = (
            f"**{task.upper()}**, scores on test, mean ± sd over seeds. Texts: {counts}. Test debates: "
            f"{' and '.join(found['test_debates'])}, {same}. Learning rate, chosen on validation: {rates}."
        )
        parts += [about, format_table(["", "seeds", *columns.values()], rows)]
    return "\n\n".join(parts)


def _show_spread(values: Sequence[float]) -> str:
    """Write mean and standard deviation (of the sample); of one value only this."""
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def _show(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _describe_training(settings: Mapping) -> str:
    n_epochs, n_steps = settings["n_epochs"], settings["max_steps"]
    parts = (
        f"LoRA of rank {settings['lora_rank']} on {', '.join(settings['lora_modules'])}, and a linear head",
        f"embeddings of the new tokens {'trained along' if settings['train_rows'] else 'kept as given'}",
        f"learning rate {settings['learning_rate']:g}, batches of {settings['batch_size']}",
        f"{n_steps} steps" if n_steps else f"at most {n_epochs} epochs, the best validation kept",
        f"seed {settings['seed']}",
    )
    return "; ".join(parts)


def _name_base(about: Mapping) -> str:
    """Name the base model; of a folder, which is of this machine, only its own name."""
    how = about["dtype"] if about["quantization"] is None else f"{about['quantization']}, {about['dtype']}"
    return f"{_shorten(about['llm_name'])} ({how}; hash `{about['llm_hash']}`)"


def _name_codec(codec: Mapping) -> str:
    if not codec:
        return "not recorded"
    sizes = ""
    if codec.get("n_layers"):
        sizes = f"{codec['n_layers']} layers of {codec['codebook_size']} codes, {codec['sample_rate']} Hz; "
    return f"{_shorten(codec.get('name') or 'name not recorded')} ({sizes}hash `{codec['hash']}`)"


def _shorten(name: str) -> str:
    return f"folder `{Path(name).name}`" if Path(name).is_absolute() or name.startswith(".") else f"`{name}`"


def _describe_data(results: Mapping) -> str:
    """Tabulate the clips of each split by label."""
    if "data" not in results:
        return "Not recorded."
    labels, corpus = results["data"]["labels"], results.get("corpus")
    names = list(next(iter(labels.values())))
    rows = [[split, sum(found.values()), *(found[name] for name in names)] for split, found in labels.items()]
    origin = f"{_shorten(corpus)}; t" if corpus else "T"
    return f"{origin}rain clips have the hash `{results['data']['train_hash']}`.\n\n" + format_table(
        ["split", "clips", *names], rows
    )


def _describe_scores(results: Mapping, seed: int) -> str:
    """Tabulate the scores of each split with its number of clips and the seed."""
    if not results.get("metrics"):
        return "None: no clips were held out."
    counts = {split: sum(found.values()) for split, found in results["data"]["labels"].items()}
    keys = list(dict.fromkeys(key for found in results["metrics"].values() for key in found))
    rows = [
        [split, counts[split], seed, *(found.get(key) for key in keys)]
        for split, found in results["metrics"].items()
    ]
    return format_table(["split", "clips", "seed", *(SCORES.get(key, key) for key in keys)], rows)


def _list_limits(about: Mapping, results: Mapping) -> list[str]:
    """List what the scores do not say, as far as the artefact itself knows it."""
    limits = ["One training with one seed: another seed gives other scores, see the spread before comparing."]
    if "validation" in results.get("metrics", {}):
        limits.append("Validation chose when to stop, so its scores are too good.")
    for split, found in results.get("data", {}).get("labels", {}).items():
        if absent := [name for name, n in found.items() if not n]:
            limits.append(
                f"{split} holds no clip of {', '.join(absent)}: there, F1 over all classes counts it as 0."
            )
    limits.append(
        "Known are the language, the voices and the topics of the train clips; others were not tried."
    )
    if about["settings"]["use_audio"]:
        limits.append("A token is a code of this codec: with any other, the same number means another sound.")
    return limits
