"""Write down what is said in the clips that have no text, by Whisper.

Only empty cells of the column `text` are filled; what a person wrote stays. A recognised text is marked by
its confidence (0 to 1) in the column `text_confidence`: texts without one were written by people. All other
cells and the order of rows stay as they are. An interrupted run is repeated with the same command.

The default model, Whisper tiny.en, knows English only. It is small: read the least confident texts, and
correct them in the file.

examples:
  speechlm transcribe CORPUS
  speechlm transcribe CORPUS --model openai/whisper-small --language de
  speechlm transcribe CORPUS --refresh           recognised texts again, for example by a larger model
"""

import argparse
import csv
import json
from pathlib import Path

from ..files import write_atomically

N_SHOWN = 10  # least confident texts
BATCH = 16  # clips; the file is written after each
COLUMN = "text_confidence"


def add_transcribe_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`; this module's docstring is its help."""
    about = {"help": "write down what is said in clips without a text", "description": __doc__}
    keep = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser("transcribe", **about, formatter_class=keep)
    option = parser.add_argument
    option("corpus", type=Path, help="folder with metadata.csv or metadata.jsonl")
    option("--model", default="whisper-tiny.en", help="Whisper by name or folder (default: whisper-tiny.en)")
    option("--language", metavar="CODE", help="what is spoken, for example de; needs a multilingual model")
    option("--device", default="cpu", help="torch device, for example cuda")
    option("--refresh", action="store_true", help="recognise again what was recognised before")
    parser.set_defaults(command=run_transcribe)


def run_transcribe(args: argparse.Namespace) -> int:
    """Fill the empty texts and print what was done and what to read again."""
    from ..corpus.columns import NAMES, find_metadata, read_rows
    from ..whisper.recogniser import Recogniser

    path = find_metadata(args.corpus)
    if path is None:
        raise FileNotFoundError(f"{args.corpus}: holds neither {' nor '.join(NAMES)}")
    rows = [row for _, row in read_rows(path, ("file_name", "text"))]
    todo = [row for row in rows if (args.refresh if row.get(COLUMN) else not row["text"].strip())]
    if not todo:
        print(f"{path}: all {len(rows)} clips have a text; nothing was recognised")
        return 0
    recogniser = Recogniser(args.model, args.language, args.device)
    fill_texts(path, rows, todo, recogniser)
    confidence = [float(row[COLUMN]) for row in todo]
    print(f"{path}: {len(todo)} of {len(rows)} texts recognised by {args.model}, ", end="")
    print(f"mean confidence {sum(confidence) / len(todo):.2f}; the least confident:")
    for row in sorted(todo, key=lambda row: float(row[COLUMN]))[:N_SHOWN]:
        print(f"  {row[COLUMN]}  {row['file_name']}: {row['text'] or '(nothing was heard)'}")
    return 0


def fill_texts(path: Path, rows: list[dict], todo: list[dict], recogniser) -> None:
    """Recognise the clips of some rows, in place, and write the table after each batch."""
    from tqdm import tqdm

    from ..audio import load_audio
    from ..corpus.table import locate_files
    from ..whisper.states import SAMPLE_RATE

    for row in rows:
        row.setdefault(COLUMN, "")
    with tqdm(total=len(todo), desc="recognise", unit="clip", leave=False) as bar:
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            wavs = [load_audio(locate_files(row["file_name"], path.parent), SAMPLE_RATE) for row in batch]
            for row, (text, confidence) in zip(batch, recogniser.recognise(wavs), strict=True):
                row["text"], row[COLUMN] = text, f"{confidence:.3f}"
            write_rows(path, rows)
            bar.update(len(batch))


def write_rows(path: Path, rows: list[dict]) -> None:
    """Write the rows of a metadata file again, in its own format."""
    with write_atomically(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            file.writelines(_update_line(*pair) for pair in zip(_read_lines(path), rows, strict=True))
            return
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _read_lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _update_line(line: str, row: dict) -> str:
    """Put text and confidence of a row into its JSON object, whose other values keep their types."""
    new = {"text": row["text"]} | ({COLUMN: float(row[COLUMN])} if row[COLUMN] else {})
    return json.dumps(json.loads(line) | new, ensure_ascii=False) + "\n"
