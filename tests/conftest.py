"""Shared fixtures: a tiny corpus of tones on disk, and a tiny SpeechTokenizer in both file formats."""

import csv
import json

import matplotlib as mpl
import numpy as np
import pytest
import soundfile

from speechlm_utils.clips import Clip
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.weights import make_model
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.corpus.load import load_corpus

LONGEST = ("test_notebooks.py", "test_browser.py")
RATE = 16000
CODEBOOK_SIZE = 64
SPEC = CodecSpec(16000, 320, CODEBOOK_SIZE, 8, (1,))
FALLACIES = ("ad_hominem", "authority", "emotion")
TOPICS = ("economy", "health")
CODEC_CONFIG = {
    "n_filters": 4,
    "strides": [8, 5, 4, 2],
    "dimension": 16,
    "semantic_dimension": 8,
    "bidirectional": True,
    "dilation_base": 2,
    "residual_kernel_size": 3,
    "n_residual_layers": 1,
    "lstm_layers": 1,
    "activation": "ELU",
    "codebook_size": CODEBOOK_SIZE,
    "n_q": 8,
    "sample_rate": RATE,
}


def pytest_collection_modifyitems(items):
    """Begin with what takes longest: where two processes share the files, neither waits long."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def same_style():
    """Take back what a test sets of matplotlib's defaults, so that the order of tests does not matter."""
    with mpl.rc_context():
        yield


def make_wav(f0_hz, gain, n_samples, seed):
    """A tone with one overtone and some noise, float32 (n_samples,)."""
    t = np.arange(n_samples) / RATE
    wav = np.sin(2 * np.pi * f0_hz * t) + 0.5 * np.sin(4 * np.pi * f0_hz * t)
    return (gain * (wav + 0.1 * np.random.default_rng(seed).normal(size=n_samples))).astype(np.float32)


def make_rows():
    """36 rows: 24 fallacy (12 sentences, two speakers), 8 question (4 pairs), 4 unlabelled."""
    rows = []
    for i in range(36):
        part = "fallacy" if i < 24 else "question" if i < 32 else "unlabelled"
        sentence = f"s{i // 2:02d}"
        label = FALLACIES[i // 2 % 3] if part == "fallacy" else ""
        split = ("train", "train", "validation", "test")[i // 6] if part == "fallacy" else "train"
        rows.append(
            {
                "file_name": f"clips/{i:04d}.wav",
                "text": f"they don't say {sentence} about {TOPICS[i // 4 % 2]}",
                "split": "unlabelled" if part == "unlabelled" else split,
                "speaker": f"{split}_{i % 2}",
                "sentence": sentence,
                "fallacy": label,
                "question": ("statement", "question")[i % 2] if part == "question" else "",
                "topic": TOPICS[i // 4 % 2] if part == "fallacy" else "",
                "ambiguous": int(i % 3 == 0),
                "f0_shift_st": 4.0 * FALLACIES.index(label) if label else "",
                "gain_db": 2.0 * (i % 2),
                "phones": "AH:0.050-0.100 R:0.100-0.150",
            }
        )
    return rows


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def write_corpus(folder):
    """Folder with metadata.csv and 36 clips of 0.4 to 0.6 seconds, 16 kHz."""
    (folder / "clips").mkdir(parents=True)
    rows = make_rows()
    for i, row in enumerate(rows):
        f0 = 120 * 2 ** (float(row["f0_shift_st"] or 0) / 12)
        wav = make_wav(f0, 0.1 * 10 ** (row["gain_db"] / 20), 6400 + 320 * (i % 11), seed=i)
        soundfile.write(folder / row["file_name"], wav, RATE)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="session")
def tiny_model():
    return make_tiny_model()


def make_tiny_model():
    """The package's own model, tiny; its codebooks are drawn from its own residuals so that codes vary."""
    import torch

    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        model = make_model(CODEC_CONFIG).eval()
        wavs = [make_wav(f0, gain, 8000, 0) for f0 in (100, 150, 220, 300) for gain in (0.03, 0.1, 0.3)]
        residual = model.encoder(torch.as_tensor(np.stack(wavs))[:, None]).transpose(1, 2).reshape(-1, 16)
        for layer in model.quantizer.vq.layers:
            embed = residual[torch.randperm(len(residual))[:CODEBOOK_SIZE]].half().float()
            layer._codebook.embed.copy_(embed)
            residual = residual - embed[layer._codebook.quantize(residual)]
        for value in [*model.parameters(), *model.buffers()]:
            value.copy_(value.half().float())  # so that both file formats hold the same weights
    return model


@pytest.fixture(scope="session")
def tiny_codec_dir(tmp_path_factory, tiny_model):
    return write_codec(tmp_path_factory.mktemp("codec"), tiny_model)


def write_codec(folder, model):
    """The shipped format: config.json and model.safetensors, half precision, no training-only buffers."""
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    state = model.state_dict()
    training_only = ("embed_avg", "cluster_size", "inited")
    state = {k: v.half().contiguous() for k, v in state.items() if not k.endswith(training_only)}
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CODEC_CONFIG))
    return folder


@pytest.fixture(scope="session")
def tiny_codec_pt_dir(tmp_path_factory, tiny_model):
    """The released format: config.json and SpeechTokenizer.pt, the whole state dict in float32."""
    import torch

    folder = tmp_path_factory.mktemp("codec_pt")
    torch.save(tiny_model.state_dict(), folder / "SpeechTokenizer.pt")
    (folder / "config.json").write_text(json.dumps(CODEC_CONFIG | {"resblock": "1", "batch_size": 6}))
    return folder


@pytest.fixture(scope="session")
def tiny_codec(tiny_codec_dir):
    return load_codec(tiny_codec_dir)


@pytest.fixture(scope="session")
def tiny_clips(tiny_corpus, tiny_codec, tmp_path_factory):
    """The 36 clips with codes (8, n_frames) below CODEBOOK_SIZE."""
    return encode_clips(load_corpus(tiny_corpus), tiny_codec, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def planted_clips():
    """180 clips without audio, three classes of 60; the class is carried by one token each, PLANTED_TOKENS.

    Codes are uniform noise (8, 60) below 64. Two thirds of a class's clips have its token in 8 frames,
    no other clip has it; words are noise.
    """
    rng = np.random.default_rng(7)
    clips = []
    for i in range(180):
        label = i // 2 % 3
        codes = rng.integers(0, CODEBOOK_SIZE, (8, 60))
        for layer, code in PLANTED_TOKENS:
            codes[layer - 1][codes[layer - 1] == code] = 0
        layer, code = PLANTED_TOKENS[label]
        if rng.random() < 0.67:
            codes[layer - 1, rng.choice(60, 8, replace=False)] = code
        text = " ".join(f"w{k}" for k in rng.integers(0, 40, 6))
        labels = {"fallacy": FALLACIES[label]}
        clips.append(
            Clip(f"{i:03d}", text, None, labels, group=f"s{i // 2}", codes=codes.astype(np.int16), spec=SPEC)
        )
    return clips


@pytest.fixture(scope="module")
def classifier(tmp_path_factory, tiny_codec):
    """An untrained classifier of the task fallacy that hears, see `widget_tools`."""
    from tiny_llm import save_tiny_llm
    from widget_tools import build_tiny_classifier

    return build_tiny_classifier(save_tiny_llm(tmp_path_factory.mktemp("llm")), tiny_codec, FALLACIES)


@pytest.fixture(scope="module")
def clips(tiny_clips):
    """The menu of a control: what it shows -> clip, of the task fallacy."""
    return {f"{clip.text} {clip.id}": clip for clip in tiny_clips if "fallacy" in clip.labels}


PLANTED_TOKENS = ((3, 5), (5, 17), (8, 40))  # of FALLACIES, in this order


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with profiles and no notebooks yet; the working directory is its root."""
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "quick.yml").write_text('all:\n  seed: 3\n"02":\n  clip_seconds: 1.5\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path
