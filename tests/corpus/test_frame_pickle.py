"""Pickles of pandas 1 to 3 are read; a hostile pickle is refused by name and does nothing."""

import os
import pickle
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from speechlm_utils.corpus.frame_pickle import read_frame_pickle

COLUMNS = {
    "text": ["one", None, "three — ναι", ""],
    "numbers": [[1, 2], [np.int64(3)], np.array([4, 5]), []],
    "share": [0.5, 1.5, float("inf"), -2.0],
    "n": [1, 2, 3, 2**40],
    "yes": [True, False, True, True],
    "mixed": ["a", 1, [None, ["b"]], 2.5],
}


def check_columns(columns, text=True):
    assert list(columns) == list(COLUMNS)
    for name in ("share", "n", "yes", "mixed"):
        assert columns[name] == COLUMNS[name] and all(
            type(a) is type(b) for a, b in zip(columns[name], COLUMNS[name], strict=True)
        )
    assert [list(cell) for cell in columns["numbers"]] == [[1, 2], [3], [4, 5], []]
    assert [None if cell != cell else cell for cell in columns["text"]] == COLUMNS["text"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("text_type", [None, object, "string[python]", "string[pyarrow]"])
def test_tables_of_the_installed_pandas_are_read(protocol, text_type, tmp_path):
    frame = pd.DataFrame(COLUMNS)
    if text_type is not None:
        frame["text"] = frame["text"].astype(text_type)
    frame.to_pickle(tmp_path / "t.pkl", protocol=protocol)
    check_columns(read_frame_pickle(tmp_path / "t.pkl", allow_pickle=True))


def test_chunks_slices_and_views_are_read(tmp_path):
    frame = pd.DataFrame({"a": [f"text {i}" if i % 3 else None for i in range(40)], "b": range(40)})
    frame = pd.concat([frame.iloc[5:17], frame.iloc[20:39:2]])  # Arrow chunks with offsets, index with gaps
    frame.to_pickle(tmp_path / "t.pkl")
    read = read_frame_pickle(tmp_path / "t.pkl", allow_pickle=True)
    assert read["b"] == frame["b"].tolist()
    assert read["a"] == [text if isinstance(text, str) else None for text in frame["a"]]


def stand_in(module, name):
    """A class or function that an older pandas had; it is pickled by that name."""
    return type(name, (), {"__module__": module, "old_name": (module, name)})


class OldPickler(pickle._Pickler):
    """Writes the names that stand-ins ask for, and numpy's names of before version 2."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_global(self, obj, name=None):
        module, name = getattr(obj, "old_name", (getattr(obj, "__module__", ""), name or obj.__qualname__))
        module = (module or "builtins").replace("numpy._core", "numpy.core")
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch[type] = dispatch[types.FunctionType] = save_global


def write_old(path, version, protocol):
    """Write COLUMNS as pandas 1.0, 1.2, 1.5 or 2.2 lays a frame out; texts are objects there."""
    manager_class = stand_in("pandas.core.internals.managers", "BlockManager")
    index_class = stand_in("pandas.core.indexes.base", "Index")
    number_class = stand_in("pandas.core.indexes.numeric", "Int64Index")
    range_class = stand_in("pandas.core.indexes.range", "RangeIndex")
    new_index = stand_in("pandas.core.indexes.base", "_new_Index")
    new_block = stand_in(*{"1.3": ("pandas.core.internals.blocks", "new_block")}.get(
        version, ("pandas._libs.internals", "_unpickle_block")))  # fmt: skip

    def reduce_to(cls, function, args, state=None):
        made = cls.__new__(cls)
        cls.__reduce_ex__ = lambda self, protocol: self.how
        made.how = (function, args) if state is None else (function, args, state)
        return made

    def newobj(cls):  # as copyreg.__newobj__, which pickle writes as NEWOBJ
        return cls.__new__(cls)

    newobj.__name__ = "__newobj__"
    frame = pd.DataFrame(COLUMNS).astype({"text": object})
    names = np.array(list(COLUMNS), dtype=object)
    part = types.new_class
    items = reduce_to(part("I"), new_index, (index_class, {"data": names, "name": None}))
    if version == "1.0":
        rows = reduce_to(part("R"), new_index, (number_class, {"data": np.arange(4), "name": None}))
    else:
        rows = reduce_to(
            part("R"), new_index, (range_class, {"name": None, "start": 0, "stop": 4, "step": 1})
        )
    objects = np.array([0, 1, 5])
    values = np.empty((3, 4), dtype=object)
    for i, k in enumerate(objects):
        for j, cell in enumerate(frame[names[k]]):
            values[i, j] = cell
    blocks = [(values, objects)]
    for i, name in ((2, "share"), (3, "n"), (4, "yes")):
        blocks.append((frame[[name]].to_numpy().T, slice(i, i + 1, 1)))
    if version in ("1.0", "1.2"):
        old = {"axes": [items, rows], "blocks": [{"values": v, "mgr_locs": w} for v, w in blocks]}
        inner = ([items, rows], [v for v, _ in blocks], [], {"0.14.1": old})
        manager_class.__reduce_ex__ = lambda self, protocol: (newobj, (manager_class,), inner)
        manager = manager_class()
    else:
        made = tuple(reduce_to(part("B"), new_block, (v, w, 2)) for v, w in blocks)
        manager = reduce_to(part("M"), manager_class, (made, [items, rows]))
    key = "_data" if version == "1.0" else "_mgr"
    state = {key: manager, "_typ": "dataframe", "_metadata": [], "attrs": {}}
    frame_class = stand_in("pandas.core.frame", "DataFrame")
    frame_class.__reduce_ex__ = lambda self, protocol: (newobj, (frame_class,), state)
    with open(path, "wb") as file:
        OldPickler(file, protocol).dump(frame_class())


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3", "2.2"])
def test_layouts_of_older_pandas_are_read(version, protocol, tmp_path):
    write_old(tmp_path / "t.pkl", version, protocol)
    check_columns(read_frame_pickle(tmp_path / "t.pkl", allow_pickle=True))


def test_without_the_opt_in_nothing_is_read(tmp_path):
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(Attack(os.system, "touch " + str(tmp_path / "owned"))))
    with pytest.raises(PermissionError, match=r"t.pkl is a pickle.*can run any command.*allow_pickle=True"):
        read_frame_pickle(tmp_path / "t.pkl")
    assert not (tmp_path / "owned").exists()


class Attack:
    """Pickled, it calls a function with arguments when it is loaded."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def write_attacks(target):
    """Pickles that create the file `target` when they are loaded in the usual way: name -> (bytes, what)."""
    touch = f"open({str(target)!r}, 'w').close()"
    system = Attack(os.system, f"touch {target}")
    frame = pd.DataFrame({"a": ["x", system]}, dtype=object)
    nested = pd.DataFrame({"a": [["deep", {"k": (1, system)}]]}, dtype=object)
    indexed = pd.DataFrame({"a": [1]}, index=pd.Index([system], dtype=object))
    return {
        "system": (pickle.dumps(system), "posix.system"),
        "protocol 0": (pickle.dumps(system, 0), "posix.system"),
        "eval": (pickle.dumps(Attack(eval, touch.replace(".close()", ""))), "builtins.eval"),
        "exec": (pickle.dumps(Attack(exec, touch), 2), "__builtin__.exec"),
        "getattr": (pickle.dumps(Attack(getattr, Path(target), "touch")), "builtins.getattr"),
        "a cell": (pickle.dumps(frame), "posix.system"),
        "deep in a cell": (pickle.dumps(nested), "posix.system"),
        "the index": (pickle.dumps(indexed), "posix.system"),
        "a method": (
            b"\x80\x04\x8c\x06pandas\x8c\x10DataFrame.to_csv\x93"
            + pickle.dumps(str(target))[2:-1]
            + b"\x85R.",
            "pandas.DataFrame.to_csv",
        ),
        "a module": (pickle.dumps(Attack(np.savetxt, str(target), [1.0])), "numpy.savetxt"),
        "instance opcode": (b"(S'touch " + str(target).encode() + b"'\nios\nsystem\n.", "os.system"),
        "object opcode": (b"(cos\nsystem\nS'touch " + str(target).encode() + b"'\no.", "os.system"),
    }


@pytest.mark.parametrize("name", sorted(write_attacks("x")))
def test_a_hostile_pickle_is_refused_by_name(name, tmp_path):
    content, what = write_attacks(tmp_path / "owned")[name]
    path = tmp_path / "dataset.pkl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"dataset.pkl: refused, it names {what}, which a plain table"):
        read_frame_pickle(path, allow_pickle=True)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["system", "exec", "a cell", "deep in a cell", "instance opcode"])
def test_these_pickles_are_hostile_indeed(name, tmp_path):
    pickle.loads(write_attacks(tmp_path / "owned")[name][0])
    assert (tmp_path / "owned").exists()


NOT_A_TABLE = {
    "a list": (pickle.dumps([1, 2]), "holds a list, not a DataFrame"),
    "an array": (pickle.dumps(np.arange(3)), "not a DataFrame"),
    "cut off": (pickle.dumps(pd.DataFrame({"a": [1, 2]}))[:-40], "dataset.pkl: "),
    "no pickle": (b"fallacy,snippet\n", "dataset.pkl: "),
    "empty": (b"", "Ran out of input"),
    "a date": (pickle.dumps(pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])})), "names pandas.*Datetime"),
    "pointers": (  # numpy would take these bytes for the addresses of objects
        b"\x80\x04cnumpy\nndarray\n(K\x01\x85cnumpy\ndtype\n\x8c\x02O8\x85RC\x08AAAAAAAAtR.",
        "not a DataFrame",
    ),
}


@pytest.mark.parametrize("name", NOT_A_TABLE)
def test_what_is_no_table_is_named(name, tmp_path):
    content, message = NOT_A_TABLE[name]
    (tmp_path / "dataset.pkl").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_frame_pickle(tmp_path / "dataset.pkl", allow_pickle=True)


def test_the_flags_of_a_type_are_not_believed(tmp_path):
    """With such flags numpy would take raw bytes for the addresses of objects; here they change nothing."""
    honest, false = b"J\xff\xff\xff\xffK?t", b"J\xff\xff\xff\xffK\x00t"
    content = pickle.dumps(pd.DataFrame({"a": [[1]]}, dtype=object))
    assert honest in content
    (tmp_path / "t.pkl").write_bytes(content.replace(honest, false))
    assert read_frame_pickle(tmp_path / "t.pkl", allow_pickle=True) == {"a": [[1]]}
