"""Nothing assumes 16 kHz or 50 frames a second: a codec of 24 kHz and 75 frames/s keeps all lengths.

Notebook 04 is executed with such a codec (a tiny SpeechTokenizer, told that it hears 24 kHz).
"""

import ast
import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import soundfile
from conftest import CODEC_CONFIG
from nbformat.v4 import new_code_cell
from tiny_llm import save_tiny_llm

from speechlm_utils import plots, widgets
from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.audio import load_audio, measure_seconds
from speechlm_utils.cli import profiles
from speechlm_utils.cli.notebooks import run_notebook
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.probing import frame_phones
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.explorers.depths import explore_depths
from speechlm_utils.interpretation.listening import cut_frames, find_moments, gather_sounds, join_pieces
from speechlm_utils.notebook import catalogue
from speechlm_utils.tokens import Occurrence

ROOT = Path(__file__).resolve().parents[1]
RATE, FRAME = 24000, 1 / 75  # Hz, seconds
USUAL = (16000, 24000, 320, 50, 1024)  # values that no default may have
WORDS = ("rate", "size", "hop")


def make_codec(folder, weights, config):
    """Let the same weights hear 24 kHz: 320 samples are 1/75 s then."""
    (folder / "model.safetensors").symlink_to(weights)
    (folder / "config.json").write_text(json.dumps(config | {"sample_rate": RATE}))
    return folder


@pytest.fixture(scope="module")
def codec(tiny_codec_dir, tmp_path_factory):
    weights = tiny_codec_dir / "model.safetensors"
    return load_codec(make_codec(tmp_path_factory.mktemp("codec24"), weights, CODEC_CONFIG))


@pytest.fixture(scope="module")
def clips(tiny_corpus, codec, tmp_path_factory):
    return encode_clips(load_corpus(tiny_corpus)[:8], codec, tmp_path_factory.mktemp("cache"))


def read_seconds(page):
    """Return how long each player of a page plays, by the header of its sound."""
    sounds = re.findall(r"data:audio/[\w-]+;base64,([\w+/=]+)", page)
    infos = [soundfile.info(io.BytesIO(base64.b64decode(sound))) for sound in sounds]
    assert {info.samplerate for info in infos} <= {RATE}
    return [info.frames / info.samplerate for info in infos]


def test_codes_and_decoded_sounds_last_as_long_as_their_clip(codec, clips):
    assert codec.spec == CodecSpec(RATE, 320, 64, 8, (1,)) and codec.spec.frame_rate == 75
    for clip in clips:
        seconds = measure_seconds(clip.audio)
        assert clip.spec == codec.spec and clip.codes.shape[1] == np.ceil(seconds / FRAME - 1e-6)
        sounds = {"heard": load_audio(clip.audio, clip.spec.sample_rate), "decoded": codec.decode(clip.codes)}
        played = read_seconds(widgets.show_players(sounds, codec.spec.sample_rate).data)
        assert played == pytest.approx([seconds] * 2, abs=FRAME)


def test_layer_explorer_plays_as_long_as_its_clip(codec, clips):
    wavs = {0: load_audio(clips[0].audio, RATE), 2: codec.decode(clips[0].codes, 2)}
    played = read_seconds(explore_depths({"clip": wavs}, RATE)._repr_html_())
    assert played == pytest.approx([measure_seconds(clips[0].audio)] * 2, abs=FRAME)


def test_features_have_the_codes_frames_and_the_pitch_of_the_sound(clips, tmp_path):
    for _ in range(2):  # measured, then read from the cache
        for clip, one in zip(clips, clip_features(clips, tmp_path, n_jobs=1), strict=True):
            assert {len(values) for values in one.values()} == {clip.codes.shape[1]}
            hertz = 120 * 2 ** (clip.planted["f0_shift_st"] / 12)
            assert np.nanmedian(one["f0_hz"]) == pytest.approx(hertz, rel=0.02)


def test_phones_lie_at_their_seconds(clips):
    centres = (np.arange(clips[0].codes.shape[1]) + 0.5) * FRAME
    for name, start, end in (("AH", 0.05, 0.1), ("R", 0.1, 0.15)):
        assert np.array_equal(frame_phones(clips[0]) == name, (centres >= start) & (centres < end))


def test_pieces_are_cut_where_the_frame_sounds(clips, tmp_path):
    """A click at 0.3 s, and a token in the frame of the click alone."""
    click = np.zeros(16000)
    click[4800] = 0.9
    soundfile.write(tmp_path / "click.wav", click, 16000)
    codes = np.zeros((8, 75), np.int16)
    frame = int(0.3 / FRAME)
    codes[2, frame] = 7
    clip = replace(clips[0], audio=tmp_path / "click.wav", codes=codes)
    places, half = [(clip, frame)], 0.05
    (window,) = cut_frames(places, 2 * half)
    assert len(window) == 2 * half * RATE and abs(window.argmax() / RATE - half) < FRAME
    assert len(join_pieces(places, 0.2)) / RATE == pytest.approx(0.2 + 2 * 0.15)
    (moment,) = find_moments([clip], (3, 7), seconds=0.5)
    assert len(moment.wav) == 0.5 * RATE and moment.spans.shape == (1, 2)
    assert moment.spans[0, 0] <= moment.wav.argmax() / RATE <= moment.spans[0, 1]
    sounds = gather_sounds([clip], (3, 7))
    assert read_seconds(widgets.show_players(sounds, RATE).data) == pytest.approx([0.5, 1.0], abs=FRAME)


def test_figures_end_with_the_clip(codec, clips):
    _, axes = plt.subplots(3)
    plots.codec.plot_waveform(axes[0], load_audio(clips[0].audio, RATE), codec.spec.sample_rate)
    plots.codec.plot_codes(axes[1], clips[0].codes, codec.spec)
    plots.embeddings.plot_occurrences(axes[2], [Occurrence(0, 1, 5)], clips[0].codes.shape[1], codec.spec)
    ends = [ax.get_xlim()[1] for ax in axes]
    assert ends == pytest.approx([measure_seconds(clips[0].audio)] * 3, abs=FRAME)


# --- no default in the source -------------------------------------------------------------------------------


def list_defaults(tree):
    """Yield (name, default) of every parameter of a function and every field of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = [*node.args.posonlyargs, *node.args.args]
            pairs = zip(named[len(named) - len(node.args.defaults) :], node.args.defaults, strict=True)
            yield from ((arg.arg, value) for arg, value in pairs)
            yield from ((a.arg, v) for a, v in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def test_no_parameter_has_a_rate_or_a_size_by_default():
    found = {
        (path.stem, name)
        for path in (ROOT / "speechlm_utils").rglob("*.py")
        for name, value in list_defaults(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(value, ast.Constant) and value.value in USUAL and any(word in name for word in WORDS)
    }
    assert found == set()


# --- notebooks ----------------------------------------------------------------------------------------------

CHECKS = {"04": "[clip]"}
"""Clips that a notebook plays, in its own names."""


@pytest.fixture(scope="module")
def settings(tiny_codec_dir, tmp_path_factory):
    """Parameters of a run with a codec of 24 kHz and a tiny language model."""
    folder = tmp_path_factory.mktemp("rates")
    for name in ("codec", "llm"):
        (folder / name).mkdir()
    make_codec(folder / "codec", tiny_codec_dir / "model.safetensors", CODEC_CONFIG)
    save_tiny_llm(folder / "llm")
    names = {"codec_name": folder / "codec", "llm_name": folder / "llm", "cache_dir": folder / "cache"}
    names["corpus_dir"] = ROOT / "data" / "demo"
    names["study_file"] = ROOT / "data" / "reference" / "llm_demo_fallacy.json"
    return {name: str(path) for name, path in names.items()}, folder / "run"


@pytest.mark.parametrize("number", CHECKS)
def test_notebooks_play_as_long_as_their_clips(number, settings, tmp_path):
    given, run_dir = settings
    notebooks = catalogue.find_notebooks(ROOT / "notebooks")
    (notebook,) = catalogue.select_notebooks(notebooks, [number])
    profile = profiles.load_profile("ci", ROOT / "notebooks")
    profile = replace(profile, common=profile.common | given)
    parameters = profiles.plan_parameters(notebooks, profile, run_dir)[notebook.path.name]
    copy = nbformat.read(notebook.path, as_version=4)
    seconds = f"[measure_seconds(clip.audio) for clip in {CHECKS[number]}]"
    copy.cells.append(new_code_cell(f"from speechlm_utils.audio import measure_seconds\nprint({seconds})"))
    nbformat.write(copy, tmp_path / notebook.path.name)
    result = run_notebook(replace(notebook, path=tmp_path / notebook.path.name), parameters, run_dir)
    assert result.status == "ok", result.describe_failure()

    cells = nbformat.read(result.executed, as_version=4).cells
    expected = json.loads(cells[-1].outputs[0].text)
    pages = [
        out.data.get("text/html", "") for cell in cells for out in cell.get("outputs", []) if "data" in out
    ]
    played = [seconds for page in pages for seconds in read_seconds(page)]
    assert played, "no player was found"
    for one in played:
        assert min(abs(one - seconds) for seconds in expected) <= FRAME, (one, expected)
