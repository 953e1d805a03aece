"""The one strict reader of tables: CSV or JSON lines as rows of trimmed cells with true line numbers."""

import csv
import io
import json
import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .columns import check_columns

Rows = list[tuple[int, dict[str, str]]]
SEPARATORS = ",;\t"
_BLANKS = "\ufeff\u200b\u2060\u00a0"  # beside those that str.strip knows
_MISSING = {"nan", "-nan", "<na>", "nat", "#n/a", "n/a", "null"}  # how programs write that nothing is there
_SPOKEN = ("text", "text_recognised", "phones")  # "null" may have been said
ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a spreadsheet (.xlsx)"}


@contextmanager
def name_errors(place: str) -> Iterator[None]:
    """Put the place (file and line) before the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def read_rows(path: Path, required: Sequence[str], known: Sequence[str] = ()) -> Rows:
    """Read a table, JSON lines by its ending or else CSV, as (line on which a row starts, cells) pairs.

    Cells are trimmed (`read_cell`), those of a CSV parted by commas, semicolons or tabs. `known` are further
    names that columns are meant to have. An absent value is "". FileNotFoundError or ValueError names the
    file, and the line where there is one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    text = _decode(path, path.read_bytes())
    read = _read_jsonl if path.suffix == ".jsonl" else _read_csv
    rows = list(read(path, text))
    if not rows:
        raise ValueError(f"{path}: lists no clips")
    with name_errors(str(path)):
        check_columns(list(dict.fromkeys(key for _, row in rows for key in row)), (*required, *known))
    for line, row in rows:
        if missing := sorted(set(required) - set(row)):
            raise ValueError(f"{path}, line {line}: no column {missing}; there are {sorted(row)}")
    return rows


def read_cell(name: str, value: object) -> str:
    """Turn one value, of whatever reader, into a cell: trimmed text, "" where nothing is there.

    Whole numbers are written without a point. A list, an infinite number, a control character, and "nan" or
    "n/a" where a missing value was turned into text raise ValueError, which names the column.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float) or value in (math.inf, -math.inf):
        raise ValueError(f"{name}={str(value)[:40]!r} ({type(value).__name__}) is neither text nor number")
    cell = str(value).strip().strip(_BLANKS).strip()
    if wrong := next((c for c in cell if (c < " " and c not in "\n\r\t") or "\ud800" <= c <= "\udfff"), ""):
        raise ValueError(f"{name}={cell[:40]!r} holds the control character U+{ord(wrong):04X}")
    if (cell.lower() in _MISSING and name not in _SPOKEN) or cell in ("nan", "NaN", "<NA>"):
        raise ValueError(f"{name}={cell!r} is how a program writes a missing value; leave the cell empty")
    return cell if name == "file_name" else unicodedata.normalize("NFC", cell)


def find_separator(text: str) -> str:
    """Return what parts the cells of a CSV: the comma, unless the first line has `file_name` without it."""
    head = text.partition("\n")[0]
    for separator in SEPARATORS:
        if "file_name" in [cell.strip(_BLANKS + ' \r"') for cell in head.split(separator)]:
            return separator
    return max(SEPARATORS, key=head.count)


def _decode(path: Path, content: bytes) -> str:
    if kind := next((kind for mark, kind in ENCODINGS.items() if content.startswith(mark)), ""):
        raise ValueError(f"{path}: is {kind}; save it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
        line = content.count(b"\n", 0, at) + 1
        raise ValueError(f"{path}, line {line}: byte {at} is not UTF-8; save the file as UTF-8") from None


def _read_csv(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    columns: list[str] = []
    for line, cells in _split_csv(path, text):
        if not columns:
            columns = [cell.strip().strip(_BLANKS).strip() for cell in cells]
            if "" in columns or len(set(columns)) < len(columns):
                what = "a column has no name, or two have the same"
                raise ValueError(f"{path}, line {line}: {what}: {columns}")
            continue
        if len(cells) != len(columns):
            told = f"{len(cells)} cells, the header has {len(columns)}"
            raise ValueError(f"{path}, line {line}: the number of cells differs from the header's: {told}")
        with name_errors(f"{path}, line {line}"):
            yield line, {name: read_cell(name, cell) for name, cell in zip(columns, cells, strict=True)}


def _split_csv(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line on which it starts."""
    # strict: else a quote left open swallows the rows after it; blanks after a separator hide no quote
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, strict=True, skipinitialspace=True, delimiter=find_separator(text))
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            upto = f" (it goes on to line {reader.line_num})" if reader.line_num > line else ""
            raise ValueError(f"{path}, line {line}: no valid CSV ({error}){upto}") from None
        if any(cell.strip() for cell in cells) or len(cells) > 1:
            yield line, cells


def _read_jsonl(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for line, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        with name_errors(f"{path}, line {line}"):
            try:
                row = json.loads(one, object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant)
            except json.JSONDecodeError as error:
                raise ValueError(f"no valid JSON ({error})") from None
            except RecursionError:
                raise ValueError("no valid JSON (nested too deeply)") from None
            if not isinstance(row, dict):
                raise ValueError(f"expected an object, got {one.strip()[:40]!r}")
            yield line, {key.strip(): read_cell(key.strip(), value) for key, value in row.items()}


def _refuse_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [key.strip() for key, _ in pairs]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"no valid JSON ({repeated[0]!r} stands there twice)")
    return dict(pairs)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"no valid JSON ({name} is no value; null or nothing says that there is none)")
