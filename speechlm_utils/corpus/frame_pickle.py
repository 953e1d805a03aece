"""Read a pickled pandas table without running the pickle.

A pickle is a program. This reader never runs it: every class and function that the file names becomes an
inert record of a name and its arguments, names outside a short list are refused, and the table is put
together from these records here. So it calls nothing that the file chooses, and it does not depend on the
version of pandas that wrote the file.
"""

import pickle
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

DANGER = (
    "is a pickle, and a pickle can run any command when it is loaded. This reader does not run it: it "
    "refuses every name but those of a plain table (pandas, numpy, pyarrow) and calls none of them. Still, "
    "use only a file that you made with MAMKit yourself or got from somebody you trust, and then say so: "
    "allow_pickle=True (--allow-pickle on the command line)"
)

_KINDS = {
    "frame": "pandas.DataFrame pandas.core.frame.DataFrame",
    "manager": "pandas.core.internals.managers.BlockManager",
    "block": "pandas._libs.internals._unpickle_block pandas.core.internals.blocks.new_block",
    "new_index": "pandas.core.indexes.base._new_Index",
    "index": "pandas.Index pandas.core.indexes.base.Index pandas.core.indexes.numeric.Int64Index",
    "range": "pandas.RangeIndex pandas.core.indexes.range.RangeIndex",
    "strings": "pandas.arrays.ArrowStringArray pandas.core.arrays.string_arrow.ArrowStringArray "
    "pandas.core.arrays.string_arrow.ArrowStringArrayNumpySemantics pandas.arrays.StringArray "
    "pandas.core.arrays.string_.StringArray pandas.arrays.NumpyExtensionArray",
    "backed": "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
    "other": "pandas.StringDtype pandas.core.arrays.string_.StringDtype numpy.ndarray",
    "missing": "pandas.NA pandas._libs.missing.NA",
    "array": "numpy._core.multiarray._reconstruct",
    "frombuffer": "numpy._core.numeric._frombuffer",
    "scalar": "numpy._core.multiarray.scalar",
    "dtype": "numpy.dtype",
    "encode": "_codecs.encode",
    "data": "builtins.bytes builtins.bytearray pyarrow.lib.py_buffer",
    "slice": "builtins.slice",
    "arrow": "pyarrow.lib._restore_array",
    "chunks": "pyarrow.lib.chunked_array",
    "alias": "pyarrow.lib.type_for_alias",
}
_ALLOWED = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""What a table of numbers, texts and lists names, pickled by pandas 1 to 3 and numpy 1 or 2."""

_BROKEN = (ValueError, TypeError, LookupError, AttributeError, EOFError, OverflowError, RecursionError)


class _Record:
    """What a pickle wanted to call or make: its kind, its arguments and its state; nothing happens."""

    kind = ""

    def __new__(cls, *args: Any):
        record = object.__new__(cls)
        record.args, record.state = args, None
        return record

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __repr__(self) -> str:
        return f"<{type(self).__name__} that is not read>"


class _TableUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[_Record]:
        full = f"{module}.{name}".replace("__builtin__.", "builtins.").replace("numpy.core.", "numpy._core.")
        if full not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which a plain table does not need")
        return type(full, (_Record,), {"kind": _ALLOWED[full]})


def read_frame_pickle(path: str | Path, allow_pickle: bool = False) -> dict[str, list]:
    """Read a pickled pandas DataFrame without running the pickle.

    Parameters
    ----------
    path : written by `DataFrame.to_pickle` without compression
    allow_pickle : must be True; the error explains the danger

    Returns
    -------
    columns : dict, name -> list of cells (numbers, texts, None, lists and arrays of them). Columns of other
        types are refused: dates, categories, sparse columns, several index levels

    Raises
    ------
    PermissionError
        Without allow_pickle.
    FileNotFoundError, ValueError
        If there is no such file, or it names anything but the parts of a table; the message says what.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected MAMKit's folder with dataset.pkl")
    if not allow_pickle:
        raise PermissionError(f"{path} {DANGER}")
    try:
        with open(path, "rb") as file:
            return _Table().read(_TableUnpickler(file).load())
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path}: refused, {error}") from error
    except _BROKEN as error:
        raise ValueError(f"{path}: not a pickled table as this reader knows it ({error})") from error


class _Table:
    """Turns records into values; one method a kind. What was turned once is kept, rows may share lists."""

    def __init__(self):
        self.done: dict[int, Any] = {}

    def read(self, frame: Any) -> dict[str, list]:
        if getattr(frame, "kind", None) != "frame":
            raise ValueError(f"holds a {type(frame).__name__}, not a DataFrame")
        state = frame.state
        blocks, (names, index) = self.turn(state["_mgr"] if "_mgr" in state else state["_data"])
        columns: list[Any] = [None] * len(names)
        for values, where in blocks:
            where = range(*where.indices(len(names))) if isinstance(where, slice) else where
            rows = values if np.ndim(values) == 2 else [values]
            for place, row in zip(where, rows, strict=True):
                columns[place] = list(row.tolist() if row.dtype != object else row)
        if any(column is None or len(column) != len(index) for column in columns):
            raise ValueError(f"a column of {list(names)} is missing or not {len(index)} cells long")
        return dict(zip(names, columns, strict=True))

    def turn(self, value: Any) -> Any:
        """Turn a record, or a list of them, into plain values; other values stay as they are."""
        if isinstance(value, type):
            return None if getattr(value, "kind", "") == "missing" else value
        if not isinstance(value, _Record | list | tuple):
            return value
        if id(value) not in self.done:
            if isinstance(value, _Record):
                turned = getattr(self, f"_{value.kind}")(value)
            else:
                turned = [self.turn(one) for one in value]
            self.done[id(value)] = turned
        return self.done[id(value)]

    def _manager(self, record: _Record) -> tuple:
        if record.args:  # since pandas 1.3
            blocks, axes = record.args
            return self.turn(blocks), self.turn(axes)
        old = record.state[3]["0.14.1"]
        blocks = [(self.turn(one["values"]), self.turn(one["mgr_locs"])) for one in old["blocks"]]
        return blocks, self.turn(old["axes"])

    def _block(self, record: _Record) -> tuple:
        return self.turn(record.args[0]), self.turn(record.args[1])

    def _new_index(self, record: _Record) -> Any:
        kind, given = record.args[0].kind, record.args[1]
        if kind == "range":
            return range(*(self.turn(given[key]) for key in ("start", "stop", "step")))
        return self.turn(given["data"]).tolist()

    def _strings(self, record: _Record) -> np.ndarray:
        """Strings in the memory of Arrow or NumPy; versions name this part of the state differently."""
        parts = record.state.values() if isinstance(record.state, dict) else record.state
        kinds = ("array", "frombuffer", "arrow", "chunks")
        found = [one for one in parts if getattr(one, "kind", "") in kinds]
        return _make_objects(self.turn(found[0]))

    def _backed(self, record: _Record) -> np.ndarray:
        record.state = record.state or record.args[2]
        return self._strings(record)

    def _array(self, record: _Record) -> np.ndarray:
        _, shape, dtype, fortran, data = record.state
        dtype, data, order = self.turn(dtype), self.turn(data), "F" if fortran else "C"
        flat = _make_objects(data) if dtype.hasobject else np.frombuffer(data, dtype)
        return flat.reshape(shape, order=order)

    def _frombuffer(self, record: _Record) -> np.ndarray:
        data, dtype, shape, order, *axes = (self.turn(arg) for arg in record.args)
        if order == "K":
            return np.frombuffer(data, dtype).reshape(shape).transpose(*axes)
        return np.frombuffer(data, dtype).reshape(shape, order=order)

    def _scalar(self, record: _Record) -> Any:
        dtype, data = (self.turn(arg) for arg in record.args)
        return data if dtype.hasobject else np.frombuffer(data, dtype)[0].item()

    def _dtype(self, record: _Record) -> np.dtype:
        name = record.args[0]  # of the state, only the byte order is used; structures are refused
        if not re.fullmatch(r"[biufOSU]\d*", name):
            raise ValueError(f"numbers of type {name!r}")
        order = record.state[1] if record.state else "|"
        return np.dtype(name).newbyteorder(order) if order in "<>" else np.dtype(name)

    def _encode(self, record: _Record) -> bytes:
        return record.args[0].encode("latin1")

    def _data(self, record: _Record) -> bytes:
        return bytes(self.turn(record.args[0])) if record.args else b""

    def _slice(self, record: _Record) -> slice:
        return slice(*record.args)

    def _alias(self, record: _Record) -> str:
        return record.args[0]

    def _chunks(self, record: _Record) -> list:
        return [value for chunk in record.args[0] for value in self.turn(chunk)]

    def _arrow(self, record: _Record) -> list[str | None]:
        """Decode Arrow's strings: validity bits, offsets, bytes."""
        name, length, _, first, (valid, offsets, data), *_ = self.turn(record.args[0])
        if name not in ("string", "large_string"):
            raise ValueError(f"Arrow values of type {name}")
        ends = np.frombuffer(offsets, "<i8" if name == "large_string" else "<i4")[first : first + length + 1]
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[first:] if valid else None
        pieces = [bytes(data or b"")[a:b].decode() for a, b in pairwise(ends)]
        return [text if bits is None or bits[i] else None for i, text in enumerate(pieces)]

    def _other(self, record: _Record) -> _Record:
        return record

    _frame = _index = _range = _missing = _other


def _make_objects(values: Any) -> np.ndarray:
    """Make a flat array of objects; lists among them stay lists."""
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array
