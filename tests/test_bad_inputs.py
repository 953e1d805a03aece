"""Bad inputs raise errors that name the value and the file."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from conftest import SPEC

from speechlm_utils.audio import load_audio, normalise_rms
from speechlm_utils.clips import Clip, label_ids, label_names, sample_clips, select_clips
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.inspection import inspect_corpus
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.selection.bag_of_words import JointBagOfWords, count_matrix
from speechlm_utils.selection.controls import matched_random_tokens, random_tokens
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import find_C_for_count
from speechlm_utils.selection.selection import Selection
from speechlm_utils.selection.selector import make_selector, token_coefs
from speechlm_utils.selection.stability import split_folds
from speechlm_utils.tokens import parse_token


def raises(kind, *parts):
    """Expect an error whose message holds these parts in order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(re.escape(str(part)) for part in parts))


# --- sound files


def test_missing_file(tmp_path):
    with raises(FileNotFoundError, tmp_path / "no.wav"):
        load_audio(tmp_path / "no.wav", 16000)


@pytest.mark.parametrize("content", [b"", b"this is no sound at all"])
def test_unreadable_file(tmp_path, content):
    (tmp_path / "bad.wav").write_bytes(content)
    with raises(OSError, tmp_path / "bad.wav", "cannot be read"):
        load_audio(tmp_path / "bad.wav", 16000)


def test_file_without_samples(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    with raises(ValueError, tmp_path / "none.wav", "no samples"):
        load_audio(tmp_path / "none.wav", 16000)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_file_with_nan(tmp_path, value):
    wav = np.zeros(100, dtype=np.float32)
    wav[[41, 60]] = value
    soundfile.write(tmp_path / "nan.wav", wav, 16000, subtype="FLOAT")
    with raises(ValueError, tmp_path / "nan.wav", "2 samples", "sample 41"):
        load_audio(tmp_path / "nan.wav", 16000)


def test_bad_waveform_arrays(tiny_codec):
    with raises(ValueError, "(2, 3)"):
        normalise_rms(np.zeros((2, 3)), -26.0)
    with raises(ValueError, "no samples"):
        tiny_codec.encode(np.zeros(0))
    with raises(ValueError, "sample 3"):
        tiny_codec.encode(np.array([0, 0, 0, np.nan]))
    with raises(ValueError, "one length", "[5, 6]"):
        tiny_codec.encode_batch([np.zeros(5), np.zeros(6)])


def test_encode_names_the_clips_file(tiny_corpus, tiny_codec, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    clip = replace(load_corpus(tiny_corpus)[0], audio=tmp_path / "bad.wav")
    with raises(OSError, tmp_path / "bad.wav"):
        encode_clips([clip], tiny_codec, tmp_path)
    with raises(ValueError, "on_error='ignore'"):
        encode_clips([clip], tiny_codec, tmp_path, on_error="ignore")


@pytest.mark.parametrize("n_samples", [1, 160, 1_600])
def test_very_short_sounds_are_encoded_or_told(tmp_path, tiny_codec, n_samples):
    soundfile.write(tmp_path / "x.wav", np.full(n_samples, 0.1), 16000)
    clip = Clip("x", "hi", tmp_path / "x.wav")
    report = inspect_corpus([clip])
    assert ("too_short" in set(report.errors.kind)) == (n_samples < 1600)
    try:
        (coded,) = encode_clips([clip], tiny_codec, tmp_path)
        assert coded.codes.shape[1] >= 1
    except ValueError as error:
        assert "x.wav" in str(error)


def test_half_an_hour_is_told_by_its_header(tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(30 * 60 * 8000, dtype=np.int16), 8000, subtype="PCM_U8")
    (tmp_path / "metadata.csv").write_text("file_name,text\nlong.wav,so\n")
    with raises(ValueError, "long.wav", "lasts 1800.0 s, more than 120; cut again", "too_long"):
        load_corpus(tmp_path)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_rate_and_width_is_read_alike(tmp_path, rate, subtype):
    wav = 0.5 * np.sin(2 * np.pi * 300 * np.arange(rate) / rate)
    soundfile.write(tmp_path / "x.wav", wav, rate, subtype=subtype)
    found = load_audio(tmp_path / "x.wav", 16000)
    assert abs(len(found) - 16000) <= 1
    assert np.argmax(np.abs(np.fft.rfft(found))) == pytest.approx(300 * len(found) / 16000, abs=1)


def test_doubles_beyond_float32_are_infinite(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.array([0.1, 1e300]), 16000, subtype="DOUBLE")
    with raises(ValueError, tmp_path / "x.wav", "1 samples are NaN or infinite", "sample 1"):
        load_audio(tmp_path / "x.wav", 16000)


def test_silence_and_a_constant(tmp_path):
    for name, level in {"silent": 0.0, "constant": 0.3}.items():
        soundfile.write(tmp_path / f"{name}.wav", np.full(16000, level), 16000)
    report = inspect_corpus([Clip(name, "x", tmp_path / f"{name}.wav") for name in ("silent", "constant")])
    assert list(report.errors.kind) == ["silent", "silent"]
    reasons = list(report.errors.reason)
    assert "its level is -inf dBFS" in reasons[0] and "constant" in reasons[1]


# --- texts and names


@pytest.mark.parametrize("text", ["so " * 10_000, "<|audio|> <|L2_0001|>", "שלום עולם", "\u202e\u202c", "😀"])
def test_odd_texts_are_one_row(folder, text):
    (folder / "metadata.csv").write_text(f'file_name,text\nclips/a.wav,"{text}"\n', encoding="utf-8")
    (clip,) = load_corpus(folder)
    assert clip.text == text.strip() and clip.group


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.wav", "x" * 5000, "a\u202eb.wav"]
)
def test_names_that_lead_elsewhere_are_told_and_nothing_is_written(folder, name):
    before = {path for path in folder.parent.rglob("*") if path != folder / "metadata.csv"}
    (folder / "metadata.csv").write_text(f"file_name,text\n{name},hi\n", encoding="utf-8")
    with raises((ValueError, OSError), "1 of 1 clips cannot be used"):
        load_corpus(folder)
    assert {path for path in folder.parent.rglob("*") if path != folder / "metadata.csv"} == before


# --- corpus folders


@pytest.fixture
def folder(tmp_path, tiny_corpus):
    (tmp_path / "clips").mkdir()
    for name in ("a", "b"):
        shutil.copy(tiny_corpus / "clips/0000.wav", tmp_path / f"clips/{name}.wav")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("file,text\nclips/a.wav,hi\n", ["line 2", "no column ['file_name']", "['file', 'text']"]),
        ("file_name\nclips/a.wav\n", ["no column ['text']"]),
        ("file_name,text\n", ["lists no clips"]),
        ("file_name,text\n,hi\n", ["line 2", "file_name is empty"]),
        ("file_name,text\nclips/a.wav,hi,there\n", ["line 2", "number of cells"]),
        ("file_name,text,topic\nclips/a.wav,hi\n", ["line 2", "number of cells"]),
        ("file_name,text\nclips/a.wav,hi\nclips/a.wav,ho\n", ["line 3", "'clips/a.wav'", "twice"]),
        ("file_name,text,planted_db\nclips/a.wav,hi,loud\n", ["line 2", "db='loud'", "not a number"]),
        ("file_name,text,ambiguous\nclips/a.wav,hi,maybe\n", ["line 2", "ambiguous='maybe'"]),
    ],
)
def test_bad_metadata(folder, text, parts):
    (folder / "metadata.csv").write_text(text)
    with raises(ValueError, folder / "metadata.csv", *parts):
        load_corpus(folder)


@pytest.mark.parametrize(("line", "part"), [("{nope", "no valid JSON"), ("[1]", "expected an object")])
def test_bad_jsonl(folder, line, part):
    (folder / "metadata.jsonl").write_text('{"file_name": "clips/a.wav", "text": "hi"}\n' + line)
    with raises(ValueError, folder / "metadata.jsonl", "line 2", part):
        load_corpus(folder)


def test_folder_without_metadata(tmp_path):
    with raises(FileNotFoundError, tmp_path, "metadata.csv"):
        load_corpus(tmp_path)


def test_listed_file_is_missing_or_broken(folder):
    (folder / "metadata.csv").write_text("file_name,text\nclips/a.wav,hi\nclips/gone.wav,ho\n")
    with raises(FileNotFoundError, folder / "clips/gone.wav"):
        load_corpus(folder)
    (folder / "clips/gone.wav").write_bytes(b"")
    with raises(OSError, folder / "clips/gone.wav"):
        load_corpus(folder)
    with raises(ValueError, "on_error='maybe'"):
        load_corpus(folder, on_error="maybe")


def test_unknown_task_split_and_label(tiny_corpus):
    clips = load_corpus(tiny_corpus)
    with raises(ValueError, "task='mood'", "['fallacy', 'question', 'topic']"):
        label_names(clips, "mood")
    with raises(ValueError, "task='mood'", "'train'"):
        select_clips(clips, "mood")
    with raises(ValueError, "split='dev'", "'validation'"):
        select_clips(clips, "fallacy", "dev")
    with raises(ValueError, "limit=0"):
        sample_clips(clips, "fallacy", limit=0)
    with raises(ValueError, "clips/0024", "fallacy", "None"):
        label_ids(clips, "fallacy", label_names(clips, "fallacy"))
    with raises(ValueError, tiny_corpus / "metadata.csv", "['mood']"):
        load_corpus(tiny_corpus, tasks=["mood"])


# --- codec folders


def test_missing_codec():
    with raises(FileNotFoundError, "../no/such/codec"):
        load_codec("../no/such/codec")


def test_codec_folder_without_files(tmp_path, tiny_codec_dir):
    with raises(FileNotFoundError, tmp_path, "config.json"):
        load_codec(tmp_path)
    shutil.copy(tiny_codec_dir / "config.json", tmp_path)
    with raises(FileNotFoundError, tmp_path, "model.safetensors", "SpeechTokenizer.pt"):
        load_codec(tmp_path)


def test_hub_that_cannot_be_reached(monkeypatch):
    def fail(*_, **__):
        raise OSError("offline")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with raises(FileNotFoundError, "someone/something", "offline"):
        load_codec("someone/something")


def edit_codec(tmp_path, tiny_codec_dir, config=None, drop=(), add=()):
    from safetensors.torch import load_file, save_file

    values = json.loads((tiny_codec_dir / "config.json").read_text()) | (config or {})
    (tmp_path / "config.json").write_text(json.dumps({k: v for k, v in values.items() if v is not None}))
    state = load_file(tiny_codec_dir / "model.safetensors")
    state = {k: v for k, v in state.items() if k not in drop} | {k: state[drop[0]].clone() for k in add}
    save_file(state, tmp_path / "model.safetensors")
    return tmp_path


def test_codec_that_does_not_fit_its_config(tmp_path, tiny_codec_dir):
    codec = edit_codec(tmp_path, tiny_codec_dir, {"n_filters": 8})
    with raises(ValueError, codec / "model.safetensors", "size mismatch"):
        load_codec(codec)
    codec = edit_codec(tmp_path, tiny_codec_dir, {"strides": None})
    with raises(ValueError, codec / "config.json", "['strides']"):
        load_codec(codec)
    (codec / "config.json").write_text("{")
    with raises(ValueError, codec / "config.json", "JSON"):
        load_codec(codec)


@pytest.mark.parametrize("key", ["transform.weight", "quantizer.vq.layers.3._codebook.embed"])
def test_codec_with_missing_or_unexpected_weights(tmp_path, tiny_codec_dir, key):
    with raises(ValueError, "model.safetensors", "Missing", key):
        load_codec(edit_codec(tmp_path, tiny_codec_dir, drop=[key]))
    with raises(ValueError, "model.safetensors", "Unexpected", "surplus"):
        load_codec(edit_codec(tmp_path, tiny_codec_dir, drop=[key], add=[key, "surplus"]))


def test_damaged_weights(tmp_path, tiny_codec_dir):
    codec = edit_codec(tmp_path, tiny_codec_dir)
    path = codec / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with raises(ValueError, path, "cannot be read as weights"):
        load_codec(codec)


def test_pickled_code_is_not_executed(tmp_path, tiny_codec_dir):
    import torch

    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    torch.save({"weights": Harm()}, tmp_path / "SpeechTokenizer.pt")
    shutil.copy(tiny_codec_dir / "config.json", tmp_path)
    with raises(ValueError, tmp_path / "SpeechTokenizer.pt", "cannot be read as weights"):
        load_codec(tmp_path)
    assert not (tmp_path / "harm").exists()


# --- codes and tokens


@pytest.mark.parametrize("value", [64, -1])
def test_code_out_of_range(value):
    codes = np.zeros((8, 5), dtype=np.int16)
    codes[2, 4] = value
    with raises(ValueError, "clip x7", "layer 3, frame 4", f"code {value}", "[0, 64)"):
        count_matrix([Clip("x7", "", None, codes=codes, spec=SPEC)])


def test_codes_of_the_wrong_shape_or_kind(tiny_codec):
    for codes, part in ((np.zeros(5, dtype=int), "(5,)"), (np.zeros((8, 5)), "float64")):
        with raises(ValueError, "clip x7", part):
            count_matrix([Clip("x7", "", None, codes=codes, spec=SPEC)])
    with raises(ValueError, "layer 1, frame 0", "code 64"):
        tiny_codec.decode(np.full((8, 5), 64))
    for layers in (0, 9, (), (0, 1), (9,)):
        with raises(ValueError, "layers=", "from 1 to 8"):
            tiny_codec.decode(np.zeros((8, 5), dtype=int), layers)


def test_clip_without_codes_or_layers():
    with raises(ValueError, "clip x7", "no codes"):
        count_matrix([Clip("x7", "", None)])
    with raises(ValueError, "layers [9]", "1 to 8"):
        count_matrix([Clip("x7", "", None, codes=np.zeros((8, 2), dtype=int), spec=SPEC)], layers=(2, 9))


@pytest.mark.parametrize("name", ["<|L0_0001|>", "<|L3_17|>", "L3-0417", "<|text|>", " <|L3_0417|>"])
def test_not_a_token_name(name):
    with raises(ValueError, repr(name)):
        parse_token(name)


# --- selection


def test_nothing_to_count_or_no_text():
    with raises(ValueError, "use_text=False and tokens=[]"):
        JointBagOfWords(use_text=False, tokens=[]).fit([])
    with raises(ValueError, "use_text=True", "none of the 1 clips"):
        JointBagOfWords().fit([Clip("a", " ", None)])


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs'"),
        ({"C": 0}, "'C' parameter"),
        ({"C": -1.0}, "'C' parameter"),
        ({"C": float("nan")}, "'C' parameter"),
    ],
)
def test_bad_selector_settings(planted_clips, settings, part):
    with raises(ValueError, part):
        make_selector(L1LogisticRegression(**settings)).fit(planted_clips, np.arange(180) % 2)


def test_bad_labels_groups_and_counts(planted_clips):
    y, g = np.arange(180) // 2 % 3, np.arange(180) // 2
    with raises(ValueError, "one class [1]"):
        make_selector().fit(planted_clips, np.ones(180, dtype=int))
    with raises(ValueError, "class 1 has 2 groups", "n_folds=5"):
        split_folds((g < 2) * 1, g)
    with raises(ValueError, "180", "179"):
        split_folds(y, g[1:])
    with raises(ValueError, "n_tokens=0"):
        find_C_for_count(make_selector(), planted_clips, y, 0)
    with raises(ValueError, "n_tokens=449", "448 to select from"):
        find_C_for_count(make_selector(), planted_clips, y, 449)
    with raises(ValueError, "n_tokens=129", "128"):
        random_tokens(129, planted_clips, (2, 3))
    with raises(ValueError, "(1, 5)", "(2, 3)"):
        matched_random_tokens([(1, 5)], planted_clips, (2, 3), 1)
    with raises(ValueError, "(1, 5)"):
        token_coefs(make_selector().fit(planted_clips, y), [(1, 5)])


def test_selection_of_another_codec_is_refused(tmp_path):
    selection = Selection(
        **{
            "task": "topic",
            "tokens": [(2, 1)],
            "coefs": np.ones((2, 1)),
            "label_names": ["a", "b"],
            "C": 0.1,
        },
        **{
            "solver": "saga",
            "converged": True,
            "n_iter": 9,
            "seed": 0,
            "codec_hash": "0ld",
            "corpus_hash": "c",
        },
        layers=(2, 3),
    )
    path = tmp_path / "selection.json"
    selection.save(path)
    with raises(ValueError, path, "0ld", "n3w"):
        Selection.load(path, codec_hash="n3w")
    path.write_text(path.read_text().replace('"coefs"', '"cofs"'))
    with raises(ValueError, path, "not a selection file", "coefs"):
        Selection.load(path)
    path.write_text("{")
    with raises(ValueError, path, "not a selection file"):
        Selection.load(path)
