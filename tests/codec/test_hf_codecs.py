"""Codecs of transformers give through `load_codec` what their own classes give; the checkpoints are tiny."""

import json
import math
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from hf_codec_models import KINDS, SETTINGS, model_class
from safetensors.torch import load_file, save_file

from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.experiment import Experiment
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.tokens import list_occurrences
from speechlm_utils.torch_settings import one_thread

# sampling rate, samples per frame, layers trained towards content
FACTS = {
    "encodec": (24000, 320, ()),
    "dac": (16000, 320, ()),
    "mimi": (24000, 1920, (1,)),
    "xcodec": (16000, 320, ()),
    "higgs_audio_v2_tokenizer": (24000, 960, ()),
}


def make_sound(n_samples, seed=0):
    """A rising tone with noise, float32 (n_samples,)."""
    t = np.linspace(0, 1, n_samples)
    noise = np.random.default_rng(seed).normal(size=n_samples)
    return (0.3 * t * np.sin(600 * t**2 + 40 * seed * t) + 0.03 * noise).astype(np.float32)


def draw_codebooks(model, wav):
    """Give empty codebooks vectors that they are asked to code, so that codes vary."""

    def fill(book, vectors):
        rows = vectors.reshape(-1, vectors.shape[-1])
        rows = rows[torch.randperm(len(rows))[: book.codebook_size]]
        if hasattr(book, "embed_sum"):  # Mimi keeps a sum and a count
            book.embed_sum.copy_(rows)
            book.cluster_usage.fill_(1)
            book._embed = None
        else:
            book.embed.copy_(rows)
        return type(book).encode(book, vectors)

    books = [m for m in model.modules() if hasattr(m, "embed_sum") or hasattr(m, "embed_avg")]
    for book in books:
        book.encode = types.MethodType(fill, book)
    model.encode(torch.as_tensor(wav)[None, None], **all_layers(model))
    for book in books:
        del book.encode


def all_layers(model):
    """Arguments that make a model write all its layers."""
    name = model.config.model_type
    return {"bandwidth": max(model.config.target_bandwidths)} if name not in ("dac", "mimi") else {}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A folder per class, as `save_pretrained` writes it."""
    made = {}
    for kind, settings in SETTINGS.items():
        made[kind] = tmp_path_factory.mktemp(kind)
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(1)
            model = model_class(kind)(model_class(kind).config_class(**settings)).eval()
            draw_codebooks(model, make_sound(96000))
        model.save_pretrained(made[kind])
    return made


@pytest.fixture(scope="session")
def codecs(folders):
    return {kind: load_codec(folder) for kind, folder in folders.items()}


@pytest.fixture(scope="session")
def oracles(folders):
    """The models of transformers themselves."""
    return {kind: model_class(kind).from_pretrained(folder).eval() for kind, folder in folders.items()}


def ask_oracle(model, wav, **options):
    """Encode with the feature extractor of the class; int array (n_layers, n_frames)."""
    kind, rate = model.config.model_type, FACTS[model.config.model_type][0]
    if kind in ("encodec", "mimi"):
        extractor = transformers.EncodecFeatureExtractor(sampling_rate=rate)
    else:
        extractor = transformers.DacFeatureExtractor(sampling_rate=rate, hop_length=FACTS[kind][1])
    values = extractor(wav, sampling_rate=rate, return_tensors="pt")["input_values"]
    with torch.no_grad(), one_thread():  # as the codecs do
        codes = model.encode(values, **all_layers(model) | options).audio_codes
    return (codes[0] if codes.ndim == 4 else codes)[0].numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_facts_of_a_codec(kind, codecs):
    rate, hop, semantic = FACTS[kind]
    codec = codecs[kind]
    assert (codec.spec.sample_rate, codec.spec.hop, codec.spec.semantic_layers) == (rate, hop, semantic)
    assert codec.spec.frame_rate == rate / hop and (codec.spec.n_layers, codec.spec.codebook_size) == (4, 32)
    assert codec.spec.acoustic_layers == ((2, 3, 4) if semantic else (1, 2, 3, 4))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", [24000, 23999, 24030])
def test_codes_are_those_of_transformers_own_class(kind, n_samples, codecs, oracles):
    wav = make_sound(n_samples)
    codes = codecs[kind].encode(wav)
    assert codes.dtype == np.int16 and codes.shape == (4, math.ceil(n_samples / FACTS[kind][1]))
    assert np.array_equal(codes, ask_oracle(oracles[kind], wav))
    assert np.array_equal(codes, codecs[kind].encode(wav))
    assert 0 <= codes.min() and codes.max() < 32
    assert all(
        len(np.unique(layer)) > 2 for layer in codes
    )  # the checkpoint is not degenerate (Mimi: 13 frames)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", [1, 400])
def test_a_very_short_clip_is_one_frame_or_two(kind, n_samples, codecs):
    codes = codecs[kind].encode(make_sound(n_samples))
    assert codes.shape == (4, math.ceil(n_samples / FACTS[kind][1]))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_lengths_in_a_batch_give_the_codes_of_each_alone(kind, codecs, monkeypatch):
    codec, sizes, encode = codecs[kind], [], codecs[kind].model.encode
    wavs = [make_sound(20000, seed) for seed in range(3)]
    alone = [codec.encode(wav) for wav in wavs]
    monkeypatch.setattr(
        codec.model, "encode", lambda x, **options: sizes.append(len(x)) or encode(x, **options)
    )
    together = codec.encode_batch(wavs)
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert not np.array_equal(alone[0], alone[1])
    assert sizes == [1, 1, 1]  # rounding differs in a batch, and with it now and then a code


@pytest.mark.parametrize("kind", KINDS)
def test_decode_all_layers_or_the_first(kind, codecs, oracles):
    codec, model = codecs[kind], oracles[kind]
    codes = codec.encode(make_sound(24000))
    for depth in (4, 2):
        ids = torch.as_tensor(codes[:depth].astype(np.int64))[None]
        with torch.no_grad():
            if kind == "encodec":
                expected = model.decode(ids[None], [None]).audio_values
            elif kind == "dac":
                expected = model.decode(audio_codes=ids).audio_values
            else:
                expected = model.decode(ids).audio_values
        wav = codec.decode(codes, depth)
        assert wav.dtype == np.float32 and np.allclose(
            wav, expected.reshape(-1).numpy(), rtol=1e-4, atol=1e-4
        )
        assert 0 <= codes.shape[1] * codec.spec.hop - len(wav) < 8 * (kind == "dac") + 1
    assert np.array_equal(codec.decode(codes), codec.decode(codes, layers=(1, 2, 3, 4)))


def silence_layers(kind, model, layers):
    """Make layers add nothing to what is decoded."""
    with torch.no_grad():
        if kind == "dac":
            for layer in layers:
                book = model.quantizer.quantizers[layer - 1]
                book.out_proj.weight.zero_()
                book.out_proj.bias.zero_()
            return
        books = [m for m in model.modules() if hasattr(m, "embed_sum") or hasattr(m, "embed_avg")]
        for layer in layers:
            getattr(books[layer - 1], "embed_sum" if kind == "mimi" else "embed").zero_()
            if kind == "mimi":
                books[layer - 1]._embed = None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "higgs_audio_v2_tokenizer"])
@pytest.mark.parametrize("chosen", [(3,), (1, 4)])
def test_decode_chosen_layers_is_the_sum_of_their_vectors(kind, chosen, codecs, folders):
    codes = codecs[kind].encode(make_sound(12000))
    other = load_codec(folders[kind])
    silence_layers(kind, other.model, {1, 2, 3, 4} - set(chosen))
    assert np.allclose(codecs[kind].decode(codes, layers=chosen), other.decode(codes), atol=1e-6)
    assert not np.allclose(other.decode(codes), codecs[kind].decode(codes), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_layers_are_the_first_and_have_a_hash_of_their_own(kind, codecs, folders):
    wav, codec = make_sound(12000), codecs[kind]
    for n_layers in (1, 3):
        few = load_codec(folders[kind], n_layers=n_layers)
        assert np.array_equal(few.encode(wav), codec.encode(wav)[:n_layers])
        assert (
            few.hash != codec.hash and few.spec.n_layers == n_layers and set(few.spec.semantic_layers) <= {1}
        )
    assert load_codec(folders[kind], n_layers=4).hash == codec.hash
    for n_layers in (0, 5):
        with pytest.raises(ValueError, match=f"n_layers={n_layers}.*1 to 4"):
            load_codec(folders[kind], n_layers=n_layers)


@pytest.mark.parametrize("kind", KINDS)
def test_hash_knows_weights_and_settings_but_not_the_file_format(kind, codecs, folders, tmp_path):
    state = load_file(folders[kind] / "model.safetensors")
    config = json.loads((folders[kind] / "config.json").read_text())
    config["transformers_version"] = "5.0.0"
    (tmp_path / "config.json").write_text(json.dumps(config))
    torch.save(state, tmp_path / "pytorch_model.bin")
    assert load_codec(tmp_path).hash == codecs[kind].hash
    key = next(key for key in sorted(state) if key.endswith("bias"))
    torch.save(state | {key: state[key] + 0.5}, tmp_path / "pytorch_model.bin")
    assert load_codec(tmp_path).hash != codecs[kind].hash


def test_a_setting_without_weights_changes_the_hash(codecs, folders, tmp_path):
    config = json.loads((folders["encodec"] / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"use_causal_conv": False}))
    (tmp_path / "model.safetensors").symlink_to(folders["encodec"] / "model.safetensors")
    assert load_codec(tmp_path).hash != codecs["encodec"].hash


def test_stored_half_precision_becomes_float32(folders, tmp_path):
    state = {key: value.half() for key, value in load_file(folders["encodec"] / "model.safetensors").items()}
    config = json.loads((folders["encodec"] / "config.json").read_text()) | {"dtype": "float16"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    codec = load_codec(tmp_path)
    assert {value.dtype for value in codec.model.state_dict().values() if value.is_floating_point()} == {
        torch.float32
    }
    oracle = transformers.EncodecModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    wav = make_sound(12000)
    assert np.array_equal(codec.encode(wav), ask_oracle(oracle, wav))


def test_half_precision_of_the_session_changes_no_code(codecs, monkeypatch):
    wav, codec, seen = make_sound(48000), codecs["encodec"], []
    expected, decoded = codec.encode(wav), codec.decode(codec.encode(wav))
    encode = codec._encode

    def spy(batch):
        conv, matmul = torch.backends.cudnn.conv, torch.backends.mkldnn.matmul
        seen.append((conv.fp32_precision, matmul.fp32_precision, torch.is_autocast_enabled("cpu")))
        return encode(batch)

    monkeypatch.setattr(codec, "_encode", spy)
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.conv.fp32_precision
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", torch.bfloat16):
            assert np.array_equal(codec.encode(wav), expected)
            assert np.array_equal(codec.decode(expected), decoded)
            assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before[0])
    assert seen == [("ieee", "ieee", False)]


def test_clips_of_another_rate_are_resampled_upstream(tiny_corpus, codecs, tmp_path):
    clips = encode_clips(load_corpus(tiny_corpus)[:2], codecs["mimi"], tmp_path)
    for clip in clips:
        n_samples = len(clip.audio.read_bytes()) // 2 - 22  # 16 kHz, 16 bits, behind a header of 44 bytes
        assert clip.codes.shape == (4, math.ceil(n_samples * 1.5 / 1920))


def test_selection_reads_all_layers_where_none_is_semantic(tiny_corpus, folders, tmp_path):
    for kind, layers in (("encodec", (1, 2, 3, 4)), ("mimi", (2, 3, 4))):
        experiment = Experiment(tiny_corpus, str(folders[kind]), tmp_path / kind, tmp_path / "cache")
        selection = experiment.selection("fallacy", 5)
        assert selection.layers == layers and {layer for layer, _ in selection.tokens} <= set(layers)
        clip = experiment.clips("fallacy", "train")[0]
        n_kept = count_matrix([clip], layers)
        assert n_kept.sum() == len(layers) * clip.codes.shape[1]
        assert len(list_occurrences(clip.codes, [(layers[-1], int(clip.codes[-1, 0]))])) >= 1


def test_unknown_class_is_refused_by_name(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="config.json.*'llama'.*dac, encodec.*mimi, speechtokenizer, xcodec"):
        load_codec(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"audio_channels": 2}, "2 channels"),
        ({"chunk_length_s": 1.0, "overlap": 0.01}, "chunks of 1 s"),
        ({"normalize": True}, "loudness taken out"),
    ],
)
def test_encodec_of_48_khz_is_refused(change, said, tmp_path):
    model = transformers.EncodecModel(transformers.EncodecConfig(**SETTINGS["encodec"] | change))
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=f"{tmp_path}.*{said}.*encodec_24khz"):
        load_codec(tmp_path)


def test_weights_that_lack_something_or_do_not_fit(folders, tmp_path):
    state = load_file(folders["dac"] / "model.safetensors")
    config = (folders["dac"] / "config.json").read_text()
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors nor pytorch_model\.bin"):
        load_codec(tmp_path)
    lost = next(key for key in state if key.startswith("encoder"))
    save_file({k: v for k, v in state.items() if k != lost}, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=f"{tmp_path}.*lack.*{lost}"):
        load_codec(tmp_path)
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_text(json.dumps(json.loads(config) | {"codebook_dim": 6}))
    with pytest.raises(ValueError, match=f"{tmp_path}.*DacModel"):
        load_codec(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=f"{tmp_path}.*DacModel"):
        load_codec(tmp_path)


def test_checksum_of_another_file_is_refused(folders, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folders["mimi"] / name).read_bytes())
    (tmp_path / "SHA256SUMS").write_text(f"{'1' * 64}  model.safetensors\n")
    with pytest.raises(ValueError, match=r"model\.safetensors.*expected 11111"):
        load_codec(tmp_path)


def test_numbers_of_a_clip_follow_the_codec(tiny_corpus, codecs, tmp_path):
    """Two codecs share one cache and do not read each other's codes."""
    clip = load_corpus(tiny_corpus)[0]
    shapes = set()
    for kind in ("dac", "encodec", "mimi"):
        (encoded,) = encode_clips([replace(clip)], codecs[kind], tmp_path)
        shapes.add(encoded.codes.shape)
    assert len(shapes) == 3
