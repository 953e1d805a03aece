"""MAMKit's folder gives the records of the CSV; a hostile pickle is refused by name and does nothing."""

import os
import pickle
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from test_mmused import FOLDER, load_texts, needs_mmused, write_csv

from speechlm_utils.audio import list_parts, load_audio
from speechlm_utils.mamkit import FALLACIES, load_mamkit, load_mamkit_speech, read_frame_pickle
from speechlm_utils.mmused import LABELS, load_mmused_csv

CLIPS = "MMUSED-fallacy/audio_clips"
AFC_ROWS = (
    f"train,0, They are all afraid!,{CLIPS}/7_1976/3.wav,0",
    f'val,0,"Ask the experts, I did.",{CLIPS}/7_1976/9.wav|{CLIPS}/7_1976/4.wav|{CLIPS}/7_1976/11.wav,1',
    f"train,1,Sí — “We” win!,{CLIPS}/8_1980/2.wav,5",
    f"test,0,First a tax. ,{CLIPS}/47_2024/2.wav|{CLIPS}/47_2024/3.wav,4",
)
DEBATES = {"7_1976": 12, "8_1980": 4, "47_2024": 4}  # sentences, numbered from 1


def make_frame(clips):
    """The columns of MAMKit's table for the records of an AFC file; every debate has a few more sentences."""
    rows = []
    for clip in clips:
        files = list_parts(clip.audio)
        numbers = [int(file.stem) for file in files]
        fallacy = FALLACIES[LABELS["afc"].index(clip.labels["fallacy"])]
        rows.append(
            {
                "dialogue_id": clip.group,
                "filename": f"{clip.group}.txt",
                "fallacy": fallacy,
                "snippet": clip.text,
                "snippet_indexes": numbers,
                "snippet_sentences": [f"Sentence {n}." for n in numbers],
                "snippet_start_time": [1.5 * n for n in numbers],
                "dialogue_indexes": list(range(1, 1 + DEBATES.get(clip.group, 0))),
                "dialogue_sentences": [f"Sentence {n}." for n in range(1, 1 + DEBATES.get(clip.group, 0))],
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def corpus(tmp_path):
    """Both forms of one small corpus: the CSV file and MAMKit's folder with its sounds."""
    csv = write_csv(tmp_path, *AFC_ROWS)
    for debate, n in DEBATES.items():
        (tmp_path / CLIPS / debate).mkdir(parents=True)
        for i in range(1, n + 1):
            wav = np.full(160 + i, i / 100, dtype=np.float32)
            soundfile.write(tmp_path / CLIPS / debate / f"{i}.wav", wav, 16000, subtype="FLOAT")
    folder = tmp_path / "MMUSED-fallacy"
    make_frame(load_texts(csv)).to_pickle(folder / "dataset.pkl")
    return csv, folder


# --- records ------------------------------------------------------------------------------------------------


def test_afc_equals_the_csv(corpus):
    csv, folder = corpus
    expected = load_mmused_csv(csv, folder.parent)
    clips = load_mamkit(folder, "afc", allow_pickle=True, authors_csv=csv)
    assert clips == expected and [c.split for c in clips] == ["train", "validation", "train", "test"]
    wav = load_audio(clips[1].audio)  # sentences 9, 4, 11 in this order
    assert [len(wav), *np.round(wav[[0, 169, 333]], 2)] == pytest.approx([169 + 164 + 171, 0.09, 0.04, 0.11])
    alone = load_mamkit(folder, "afc", allow_pickle=True)
    assert [c.split for c in alone] == ["train", "train", "train", "test"]
    assert {c.id: (c.text, c.labels, c.audio) for c in alone} == {
        c.id: (c.text, c.labels, c.audio) for c in expected
    }


@needs_mmused
def test_real_afc_equals_the_csv(tmp_path):
    csv = FOLDER / "dataset_combined_afc.csv"
    folder = tmp_path / "MMUSED-fallacy"
    folder.mkdir()
    expected = load_mmused_csv(csv, tmp_path, check_audio=False)
    frame = make_frame(expected).sample(frac=1, random_state=0)  # MAMKit's order is another
    frame.to_pickle(folder / "dataset.pkl")
    clips = load_mamkit(folder, "afc", allow_pickle=True, check_audio=False, authors_csv=csv)
    assert sorted(clips, key=lambda c: c.id) == sorted(expected, key=lambda c: c.id)
    by_debate = load_mamkit(folder, "afc", True, check_audio=False, split="debate", seed=3)
    same = load_mmused_csv(csv, tmp_path, check_audio=False, split="debate", seed=3)
    assert {c.id: c.split for c in by_debate} == {c.id: c.split for c in same}


def test_afd_has_every_sentence_once(corpus):
    """Three snippets in 20 sentences; pairing sentences with rows would give four records."""
    _, folder = corpus
    clips = load_mamkit(folder, "afd", allow_pickle=True)
    assert len(clips) == 20 and len({c.id for c in clips}) == 20
    fallacious = {c.id for c in clips if c.labels == {"detection": "fallacious"}}
    assert fallacious == {
        "7_1976/3",
        "7_1976/9",
        "7_1976/4",
        "7_1976/11",
        "8_1980/2",
        "47_2024/2",
        "47_2024/3",
    }
    assert {c.labels["detection"] for c in clips} == set(LABELS["afd"])
    clip = next(c for c in clips if c.id == "7_1976/11")
    assert clip.text == "Sentence 11." and clip.audio == folder / "audio_clips/7_1976/11.wav"
    assert Counter(c.split for c in clips) == {"train": 16, "test": 4}


def test_afd_keeps_sentences_that_only_a_snippet_lists_and_takes_the_authors_split(corpus, caplog):
    csv, folder = corpus
    frame = make_frame(load_texts(csv))
    frame.at[2, "snippet_indexes"] = [2, 77]
    frame.at[2, "snippet_sentences"] = ["Sentence 2.", "A late one."]
    frame.to_pickle(folder / "dataset.pkl")
    afd = write_csv(csv.parent, f"val,0,Sentence 5.,{CLIPS}/7_1976/5.wav,0", name="dataset_combined_afd.csv")
    clips = load_mamkit(folder, "afd", True, check_audio=False, authors_csv=afd)
    (late,) = [c for c in clips if c.text == "A late one."]
    assert late.id == "8_1980/77" and late.labels == {"detection": "fallacious"}
    assert [c.id for c in clips if c.split == "validation"] == ["7_1976/5"]
    assert "20 of 21 records are not in the authors' file" in caplog.text
    with pytest.raises(FileNotFoundError, match="1 of 21 sound files are missing.*8_1980/77.wav"):
        load_mamkit(folder, "afd", allow_pickle=True)


def test_rows_that_repeat_are_kept_once_and_others_get_their_own_id(corpus, caplog):
    csv, folder = corpus
    frame = make_frame(load_texts(csv))
    other = frame.iloc[[0]].assign(fallacy="Slogans")
    pd.concat([frame, frame.iloc[[0]], other]).to_pickle(folder / "dataset.pkl")
    clips = load_mamkit(folder, "afc", allow_pickle=True)
    assert [c.id for c in clips if c.group == "7_1976"] == ["7_1976/3", "7_1976/3~2", "7_1976/9+4+11"]
    assert [c.labels["fallacy"] for c in clips][:2] == ["appeal_to_emotion", "slogans"]
    assert "1 rows repeat another row" in caplog.text and "1 rows differ from another only" in caplog.text


BAD_CELLS = [
    ("afc", "fallacy", "Strawman", r"row 0: fallacy='Strawman' is not one of"),
    ("afc", "snippet", 3.5, r"row 0: expected a text, got 3.5"),
    ("afc", "snippet_indexes", "3", r"row 0: expected a list of sentence numbers, got '3'"),
    ("afc", "snippet_indexes", ["x"], r"row 0: expected a list of sentence numbers, got \['x'\]"),
    ("afc", "snippet_indexes", [], r"row 0: the list of sentences of 7_1976 is empty"),
    ("afc", "dialogue_id", "../../etc", r"row 0: dialogue_id='../../etc' is no name of a folder"),
    ("afd", "dialogue_sentences", ["Only one."], r"row 0: 12 dialogue_indexes but 1 dialogue_sentences"),
    (
        "afd",
        "snippet_sentences",
        ["Other."],
        r"row 0: .*7_1976/3.wav says 'Other.', above it says 'Sen",
    ),
]


@pytest.mark.parametrize(("task", "column", "value", "message"), BAD_CELLS)
def test_a_bad_cell_is_named(task, column, value, message, corpus):
    csv, folder = corpus
    frame = make_frame(load_texts(csv)).astype(object)
    frame.at[0, column] = value
    frame.to_pickle(folder / "dataset.pkl")
    with pytest.raises(ValueError, match=message):
        load_mamkit(folder, task, allow_pickle=True)


def test_a_bad_folder_or_task_is_named(corpus, tmp_path):
    _, folder = corpus
    with pytest.raises(FileNotFoundError, match="dataset.pkl: no such file"):
        load_mamkit(tmp_path, "afc", allow_pickle=True)
    with pytest.raises(ValueError, match="task='fallacy': must be one of"):
        load_mamkit(folder, "fallacy", allow_pickle=True)
    pd.DataFrame({"snippet": ["a"]}).to_pickle(folder / "dataset.pkl")
    with pytest.raises(ValueError, match=r"no column \['dialogue_id', 'fallacy', 'snippet_indexes'\]"):
        load_mamkit(folder, "afc", allow_pickle=True)


def test_unlabelled_speech_is_the_train_part(corpus, tmp_path):
    folder = tmp_path / "MMUSED"
    folder.mkdir()
    frame = pd.DataFrame(
        {
            "dialogue_id": ["7_1976", "7_1976", "7_1976", "8_1980", "9_1980"],
            "speech": [" Good evening.", "We begin.", "We begin.", "Later.", "Last."],
            "speech_indexes": [[1], [2, 3], [2, 3], [1], [4]],
            "component": ["O", "Premise", "Claim", "O", "O"],
            "split": ["TRAIN", "TRAIN", "TRAIN", "VALIDATION", "TEST"],
        }
    )
    frame.to_pickle(folder / "dataset.pkl")
    with pytest.raises(PermissionError, match="--allow-pickle"):
        load_mamkit_speech(folder)
    clips = load_mamkit_speech(folder, allow_pickle=True, check_audio=False)
    assert [(c.id, c.text) for c in clips] == [
        ("MMUSED/7_1976/1", "Good evening."),
        ("MMUSED/7_1976/2+3", "We begin."),
    ]
    assert {c.split for c in clips} == {"unlabelled"} and all(c.labels == {} for c in clips)
    assert clips[1].audio == tuple(folder / f"audio_clips/7_1976/{n}.wav" for n in (2, 3))
    both = load_mamkit_speech(folder, True, check_audio=False, parts=("TRAIN", "TEST"))
    assert [c.group for c in both] == ["7_1976", "7_1976", "9_1980"]
    with pytest.raises(ValueError, match=r"its split has no \['DEV'\]; it has \['TEST', 'TRAIN', 'VALID"):
        load_mamkit_speech(folder, True, parts=("DEV",))
    with pytest.raises(FileNotFoundError, match="3 of 3 sound files are missing"):
        load_mamkit_speech(folder, allow_pickle=True)


# --- the pickle ---------------------------------------------------------------------------------------------

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
        load_mamkit(tmp_path, "afc", allow_pickle=True)
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
