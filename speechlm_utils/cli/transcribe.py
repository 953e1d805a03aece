"""Write down what is said in the clips that have no text, by Whisper.

Only empty cells of the column `text` are filled; what a person wrote stays. A recognised text is marked by
its confidence (0 to 1) in the column `text_confidence` and kept in `text_recognised`: once it is corrected in
`text`, it is a person's. All other cells (blanks around them apart)
and the order of rows stay as they are. An interrupted run is
repeated with the same command.

Where all texts that people wrote are in lower case without punctuation, recognised ones are too. Else they
keep Whisper's: beware that it may have heard a question mark in the voice, which then counts as words.

The default model, Whisper tiny.en, knows English only. It is small: read the least confident texts, and
correct them in the file. A column `language` says what is spoken in which clip, --language in the others.

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
CONFIDENCE, HEARD = "text_confidence", "text_recognised"


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
    from ..corpus.layout import require_metadata
    from ..corpus.rows import read_rows
    from ..corpus.schema import is_recognised
    from ..notebook.catalogue import find_own
    from ..whisper.recogniser import Recogniser
    from ..words import is_plain

    path = require_metadata(find_own(args.corpus))
    table = Table(path, [row for _, row in read_rows(path, ("file_name", "text"))])
    by_people = [row["text"] for row in table.rows if not is_recognised(row)]
    todo = [row for row in table.rows if (args.refresh if is_recognised(row) else not row["text"].strip())]
    if not todo:
        print(f"{path}: all {len(table.rows)} clips have a text; nothing was recognised")
        return 0
    recogniser = Recogniser(args.model, args.language, args.device)
    by_language: dict[str | None, list[dict]] = {}
    for row in todo:
        language = recogniser.check_language(row.get("language") or args.language)
        by_language.setdefault(language, []).append(row)
    fill_texts(table, by_language, recogniser, is_plain(by_people))
    confidence = [float(row[CONFIDENCE]) for row in todo]
    print(f"{path}: {len(todo)} of {len(table.rows)} texts recognised by {args.model}, ", end="")
    print(f"mean confidence {sum(confidence) / len(todo):.2f}; the least confident:")
    for row in sorted(todo, key=lambda row: float(row[CONFIDENCE]))[:N_SHOWN]:
        print(f"  {row[CONFIDENCE]}  {row['file_name']}: {row['text'] or '(nothing was heard)'}")
    return 0


def fill_texts(table: "Table", by_language: dict[str | None, list[dict]], recogniser, plain: bool) -> None:
    """Recognise the clips of some rows, in place, and write the table after each batch."""
    from tqdm import tqdm

    from ..audio import load_audio
    from ..corpus.table import locate_files
    from ..whisper.states import SAMPLE_RATE
    from ..words import write_plainly

    folder, n_rows = table.path.parent, sum(map(len, by_language.values()))
    with tqdm(total=n_rows, desc="recognise", unit="clip", leave=False) as bar:
        for language, todo in by_language.items():
            recogniser.use_language(language)
            for start in range(0, len(todo), BATCH):
                batch = todo[start : start + BATCH]
                wavs = [load_audio(locate_files(row["file_name"], folder), SAMPLE_RATE) for row in batch]
                for row, (text, confidence) in zip(batch, recogniser.recognise(wavs), strict=True):
                    text = write_plainly(text) if plain else text
                    row.update({"text": text, CONFIDENCE: f"{confidence:.3f}", HEARD: text})
                table.write()
                bar.update(len(batch))


class Table:
    """A metadata file and its rows, to be written again in its own format while nobody else changes it."""

    def __init__(self, path: Path, rows: list[dict]):
        self.path, self.rows, self.content = path, rows, path.read_bytes()
        for row in rows:
            row.setdefault(CONFIDENCE, "")
            row.setdefault(HEARD, "")

    def write(self) -> None:
        """Write the rows; OSError if somebody changed the file since it was read."""
        if self.path.read_bytes() != self.content:
            what = "was changed meanwhile, so the last clips were not written"
            raise OSError(f"{self.path}: {what}; run the same command again")
        with write_atomically(self.path) as part:
            with open(part, "w", newline="", encoding="utf-8") as file:
                self._write_to(file)
            self.content = part.read_bytes()

    def _write_to(self, file) -> None:
        if self.path.suffix == ".jsonl":
            lines = _read_lines(self.path)
            file.writelines(_update_line(*pair) for pair in zip(lines, self.rows, strict=True))
            return
        from ..corpus.rows import find_separator

        end = "\r\n" if b"\r\n" in self.content else "\n"
        separator = find_separator(self.content.decode("utf-8-sig"))
        writer = csv.DictWriter(file, list(self.rows[0]), lineterminator=end, delimiter=separator)
        writer.writeheader()
        writer.writerows(self.rows)


def _read_lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]


def _update_line(line: str, row: dict) -> str:
    """Put text and confidence of a row into its JSON object, whose other values keep their types."""
    new = {"text": row["text"]}
    if row[CONFIDENCE]:
        new |= {CONFIDENCE: float(row[CONFIDENCE]), HEARD: row[HEARD]}
    return json.dumps(json.loads(line) | new, ensure_ascii=False) + "\n"
