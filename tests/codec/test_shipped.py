"""Codes beside a corpus are those that encoding gives; of another codec, or damaged, they are not used."""

from types import SimpleNamespace

import numpy as np

from speechlm_utils.audio import hash_file, load_audio
from speechlm_utils.codec.cache import encode_clips, fill_cache
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.shipped import FILE, pack_codes, unpack_codes
from speechlm_utils.corpus.load import load_corpus


def test_nothing_is_encoded_where_the_codes_are_shipped(tiny_clips, tiny_codec, tmp_path):
    pack_codes(tiny_clips, tiny_codec, tmp_path)
    assert unpack_codes(tmp_path, tiny_codec, tmp_path / "second") == len(
        {hash_file(c.audio) for c in tiny_clips}
    )
    report = fill_cache(tiny_clips, tiny_codec, tmp_path / "second")
    again = encode_clips(tiny_clips, tiny_codec, tmp_path / "second")
    assert not report.encoded
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(tiny_clips, again, strict=True))
    assert unpack_codes(tmp_path, tiny_codec, tmp_path / "second") == 0  # they are there


def test_codes_of_another_codec_are_passed_over(tiny_clips, tiny_codec, tmp_path):
    pack_codes(tiny_clips, tiny_codec, tmp_path)
    assert unpack_codes(tmp_path, SimpleNamespace(hash="other"), tmp_path / "second") == 0
    assert unpack_codes(tmp_path / "elsewhere", tiny_codec, tmp_path / "second") == 0


def test_a_damaged_file_is_told(tiny_clips, tiny_codec, tmp_path, caplog):
    path = pack_codes(tiny_clips, tiny_codec, tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    assert unpack_codes(tmp_path, tiny_codec, tmp_path / "second") == 0
    assert FILE in caplog.text and "encoding" in caplog.text


def test_the_demo_corpus_ships_what_its_tokenizer_says(tmp_path):
    codec, clips = load_codec("data/tokenizer"), load_corpus("data/demo")
    unpack_codes("data/demo", codec, tmp_path)
    assert not fill_cache(clips, codec, tmp_path).encoded, "every sound has its codes"
    for clip in clips[:: len(clips) // 5]:
        ((shipped,), live) = (
            encode_clips([clip], codec, tmp_path),
            codec.encode(load_audio(clip.audio, 16000)),
        )
        assert (shipped.codes == live).mean() > 0.99  # another processor rounds otherwise
