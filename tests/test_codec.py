"""The codec acts as the package's own class in both file formats; the cache is reused, survives damage."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import CODEC_CONFIG

from speechlm_utils import codec_files
from speechlm_utils.audio import load_audio, normalise_rms
from speechlm_utils.codec import SpeechCodec, load_codec
from speechlm_utils.corpus import load_corpus
from speechlm_utils.encoding import encode_clips


@pytest.fixture
def wavs(tiny_corpus):
    """Four waveforms of equal length (clips 0, 11, 22, 33)."""
    return [load_audio(tiny_corpus / f"clips/{i:04d}.wav") for i in (0, 11, 22, 33)]


def test_import_is_quiet_and_loads_no_model():
    code = "import sys, speechlm_utils, speechlm_utils.codec; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n" and done.stderr == ""


def test_codes_are_those_of_the_packages_class(tiny_model, tiny_codec, wavs):
    with torch.inference_mode():
        expected = tiny_model.encode(torch.as_tensor(wavs[0])[None, None])[:, 0].numpy()
    codes = tiny_codec.encode(wavs[0])
    assert codes.dtype == np.int16 and np.array_equal(codes, expected)
    assert len(np.unique(codes[0])) > 3  # the fixture is not degenerate


def test_both_formats_give_one_codec(tiny_codec, tiny_codec_pt_dir, wavs):
    released = load_codec(tiny_codec_pt_dir)
    assert released.hash == tiny_codec.hash
    assert np.array_equal(released.encode(wavs[1]), tiny_codec.encode(wavs[1]))
    assert tiny_codec.frame_rate == 50 and tiny_codec.sample_rate == 16000
    assert (tiny_codec.n_layers, tiny_codec.codebook_size, tiny_codec.semantic_layers) == (8, 64, (1,))


def test_stored_half_precision_becomes_float32_and_missing_buffers_are_filled(tiny_codec):
    state = tiny_codec.model.state_dict()
    assert {value.dtype for value in state.values()} == {torch.float32}
    book = tiny_codec.model.quantizer.vq.layers[0]._codebook
    assert (
        torch.equal(book.embed, book.embed_avg) and book.inited.item() == 1 and book.cluster_size.min() == 1
    )


def test_other_weights_have_another_hash(tiny_codec, tiny_model):
    other = codec_files.make_model(CODEC_CONFIG)
    other.load_state_dict(tiny_model.state_dict())
    assert SpeechCodec(other, CODEC_CONFIG).hash == tiny_codec.hash
    with torch.no_grad():
        other.quantizer.vq.layers[7]._codebook.embed[0, 0] += 1
    assert SpeechCodec(other, CODEC_CONFIG).hash != tiny_codec.hash


def test_equal_lengths_in_a_batch_give_the_codes_of_each_alone(tiny_codec, wavs):
    for codes, wav in zip(tiny_codec.encode_batch(wavs), wavs, strict=True):
        assert np.array_equal(codes, tiny_codec.encode(wav))


@pytest.mark.parametrize(("n_samples", "n_frames"), [(1, 1), (319, 1), (320, 1), (321, 2), (16000, 50)])
def test_one_frame_per_320_samples(tiny_codec, n_samples, n_frames):
    wav = np.random.default_rng(0).normal(size=n_samples) * 0.1
    codes = tiny_codec.encode(wav)
    assert codes.shape == (8, n_frames) and tiny_codec.decode(codes).shape == (320 * n_frames,)


def test_decode_from_all_some_and_chosen_layers(tiny_model, tiny_codec, wavs):
    codes = tiny_codec.encode(wavs[0])
    with torch.inference_mode():
        ids = torch.as_tensor(codes.astype(np.int64))[:, None]
        everything = tiny_model.decode(ids)[0, 0].numpy()
        first_two = tiny_model.decode(ids[:2])[0, 0].numpy()
        from_third = tiny_model.decode(ids[2:], st=2)[0, 0].numpy()
    assert np.allclose(tiny_codec.decode(codes), everything, atol=1e-6)
    assert np.allclose(tiny_codec.decode(codes, layers=2), first_two, atol=1e-6)
    assert np.allclose(tiny_codec.decode(codes, layers=(3, 4, 5, 6, 7, 8)), from_third, atol=1e-6)
    assert tiny_codec.decode(codes).dtype == np.float32


def test_hub_name_takes_the_released_subfolder(tiny_codec, tiny_codec_pt_dir, tmp_path, monkeypatch):
    (tmp_path / codec_files.HUB_SUBFOLDER).symlink_to(tiny_codec_pt_dir)
    asked = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: asked.append(name) or tmp_path)
    assert load_codec("fnlp/SpeechTokenizer").hash == tiny_codec.hash and asked == ["fnlp/SpeechTokenizer"]


def test_cached_codes_equal_those_of_each_clip_alone(tiny_corpus, tiny_clips, tiny_codec):
    assert [c.id for c in tiny_clips] == [c.id for c in load_corpus(tiny_corpus)]
    for clip in tiny_clips[::7]:
        assert np.array_equal(clip.codes, tiny_codec.encode(load_audio(clip.audio)))


@pytest.fixture
def counted(tiny_codec, monkeypatch):
    """The tiny codec, and the list of lengths that it was asked to encode."""
    calls, encode = [], tiny_codec.encode
    monkeypatch.setattr(tiny_codec, "encode", lambda wav: calls.append(len(wav)) or encode(wav))
    return tiny_codec, calls


def test_cache_is_reused(tiny_corpus, counted, tmp_path):
    codec, calls = counted
    clips = load_corpus(tiny_corpus)[:4]
    first = encode_clips(clips, codec, tmp_path, progress=False)
    second = encode_clips(clips, codec, tmp_path, progress=False)
    assert len(calls) == 4
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(first, second, strict=True))
    assert not list(tmp_path.rglob("*.part*"))


def test_damaged_cache_files_are_encoded_again(tiny_corpus, counted, tmp_path):
    codec, calls = counted
    clips = load_corpus(tiny_corpus)[:4]
    first = encode_clips(clips, codec, tmp_path, progress=False)
    files = sorted(tmp_path.rglob("*.npy"))
    files[0].write_bytes(files[0].read_bytes()[:-50])  # interrupted
    files[1].write_bytes(b"")
    np.save(files[2], np.full((8, 3), 99, dtype=np.int16))  # out of range
    np.save(files[3], np.zeros((3, 3), dtype=np.int16))  # too few layers
    second = encode_clips(clips, codec, tmp_path, progress=False)
    assert len(calls) == 8
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(first, second, strict=True))


def test_failed_write_leaves_nothing_behind(tiny_corpus, tiny_codec, tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("speechlm_utils.files.os.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        encode_clips(load_corpus(tiny_corpus)[:1], tiny_codec, tmp_path, progress=False)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_normalised_audio_has_codes_of_its_own(tiny_corpus, tiny_codec, tmp_path):
    clips = load_corpus(tiny_corpus)[:2]
    plain = encode_clips(clips, tiny_codec, tmp_path, progress=False)
    level = encode_clips(clips, tiny_codec, tmp_path, rms_dbfs=-26.0, progress=False)
    expected = tiny_codec.encode(normalise_rms(load_audio(clips[0].audio)))
    assert np.array_equal(level[0].codes, expected) and not np.array_equal(level[0].codes, plain[0].codes)


def test_skip_drops_an_unusable_clip_with_its_labels(tiny_corpus, tiny_codec, tmp_path, caplog):
    clips = load_corpus(tiny_corpus)[:3]
    clips[1] = replace(clips[1], audio=tmp_path / "gone.wav")
    kept = encode_clips(clips, tiny_codec, tmp_path, progress=False, on_error="skip")
    assert [(c.id, c.labels) for c in kept] == [
        (c.id, c.labels) for c in clips[::2]
    ] and "gone.wav" in caplog.text
