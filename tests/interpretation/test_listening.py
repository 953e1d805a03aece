"""What is cut out lies where the token occurs; edits change that token alone; nothing is clipped."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from conftest import SPEC

from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.listening import (
    GAP_SECONDS,
    MARGIN,
    PEAK,
    cut_frames,
    cut_moment,
    cut_spans,
    decode_variants,
    find_moments,
    gather_sounds,
    join_pieces,
    limit_peak,
    measure_change,
)
from speechlm_utils.tokens import find_occurrences

RATE, HOP, TOKEN = 16000, 320, (3, 5)


@pytest.fixture
def clip(tmp_path):
    """Five seconds, silent but for frames 20, 21 and 200, where the token occurs."""
    wav, codes = np.zeros(250 * HOP, np.float32), np.zeros((8, 250), np.int16)
    for frame in (20, 21, 200):
        wav[frame * HOP : (frame + 1) * HOP] = 0.5
        codes[TOKEN[0] - 1, frame] = TOKEN[1]
    soundfile.write(tmp_path / "a.wav", wav, RATE, subtype="FLOAT")
    return Clip("a", "", tmp_path / "a.wav", codes=codes, spec=SPEC)


@pytest.mark.parametrize("frame", [20, 200])
@pytest.mark.parametrize("seconds", [0.5, 3.0, 99.0])
def test_sound_of_the_token_lies_in_the_spans(clip, frame, seconds):
    moment = cut_moment(clip, frame, TOKEN, seconds)
    assert len(moment.wav) == min(seconds, 5.0) * RATE
    marked = np.zeros(len(moment.wav), bool)
    for begin, end in moment.spans:
        marked[round(begin * RATE) : round(end * RATE)] = True
    assert marked.any() and np.array_equal(marked, moment.wav > 0)


def test_consecutive_frames_make_one_span(clip):
    assert cut_moment(clip, 20, TOKEN, 1.0).spans == pytest.approx(np.array([[0.31 - 0.31 + 0.4, 0.44]]))
    assert len(cut_moment(clip, 20, TOKEN, 5.0).spans) == 2


def test_moments_come_from_clips_with_the_token(clip):
    without = Clip("b", "", clip.audio, codes=np.zeros((8, 250), np.int16), spec=SPEC)
    assert [one.clip.id for one in find_moments([without, clip], TOKEN, 5)] == ["a"]
    assert find_moments([without], TOKEN) == [] and gather_sounds([without], TOKEN) == {}


def test_spans_of_a_sound_without_a_file_are_cut_with_a_margin(clip):
    wav = soundfile.read(clip.audio, dtype="float32")[0]
    cuts = cut_spans(replace(clip, audio=None), wav, TOKEN)
    assert list(cuts) == ["in this clip, at 0.40 s", "in this clip, at 4.00 s"]
    for cut, n_frames in zip(cuts.values(), (2, 1), strict=True):
        assert (cut > 0).sum() == n_frames * HOP
        assert len(cut) == n_frames * HOP + 2 * round(MARGIN * RATE)
    assert list(cut_spans(clip, wav, TOKEN, limit=1)) == ["in this clip, at 0.40 s"]
    assert cut_spans(clip, wav, (3, 6)) == {}


def test_windows_are_centred_and_filled_up_with_silence(clip):
    windows = cut_frames([(clip, 20), (clip, 0), (clip, 249)], 0.1)
    assert windows.shape == (3, 1600)
    assert np.flatnonzero(windows[0])[[0, -1]].tolist() == [640, 1279]
    assert not windows[1:].any()


def test_players_last_a_few_seconds_and_stay_below_full_scale(clip):
    wavs = gather_sounds([clip], TOKEN, seconds=2.0)
    assert len(wavs) == 2 and all(len(wav) <= 2 * RATE for wav in wavs.values())
    assert max(np.abs(wav).max() for wav in wavs.values()) == pytest.approx(PEAK)


def test_one_factor_for_all_keeps_loud_and_soft_apart():
    wavs = limit_peak({"loud": np.array([0.0, -4.0]), "soft": np.array([1.0])})
    assert wavs["loud"].tolist() == pytest.approx([0, -PEAK]) and wavs["soft"][0] == pytest.approx(PEAK / 4)
    assert not limit_peak({"silence": np.zeros(3), "nothing": np.zeros(0)})["silence"].any()
    assert limit_peak({}) == {}


def test_variants_are_what_the_codec_decodes(tiny_codec, tiny_clips):
    codes = tiny_clips[0].codes
    token = (2, int(codes[1, 3]))
    other = (token[1] + 1) % 64
    wavs = decode_variants(tiny_codec, codes, token, {"another": other})
    assert list(wavs) == ["as encoded", "another", "without layer 2"]
    assert np.allclose(wavs["as encoded"], tiny_codec.decode(codes), atol=1e-6)
    by_hand = np.where((np.arange(8) == 1)[:, None] & (codes == token[1]), other, codes)
    assert np.allclose(wavs["another"], tiny_codec.decode(by_hand), atol=1e-6)
    rest = tiny_codec.decode(codes, layers=[1, 3, 4, 5, 6, 7, 8])
    assert np.allclose(wavs["without layer 2"], rest, atol=1e-6)
    missing = next(code for code in range(64) if code not in codes[1])
    with pytest.raises(ValueError, match="does not occur"):
        decode_variants(tiny_codec, codes, (2, missing), {})


def test_change_is_measured_where_it_is():
    rng, marked = np.random.default_rng(0), np.zeros(100, bool)
    wav, marked[50:55] = 0.1 * rng.normal(size=100 * HOP), True
    edited = wav.copy()
    edited[50 * HOP : 55 * HOP] *= 10
    inside, outside = measure_change(wav, edited, marked, SPEC)
    assert inside > 1.5 and outside < 0.2
    assert measure_change(wav, wav, marked, SPEC) == (0, 0)
    assert np.isnan(measure_change(wav, wav, ~marked & marked, SPEC)[0])


@pytest.fixture
def clips(tmp_path):
    """Six clips of three voices, silent but for a loud frame 20, where the token fires; the last has none."""
    made = []
    for i in range(6):
        wav, codes = np.zeros(50 * HOP, np.float32), np.zeros((8, 50), np.int16)
        if i < 5:
            wav[20 * HOP : 21 * HOP] = 0.5
            codes[TOKEN[0] - 1, 20] = TOKEN[1]
        soundfile.write(tmp_path / f"{i}.wav", wav, RATE, subtype="FLOAT")
        made.append(Clip(str(i), "", tmp_path / f"{i}.wav", speaker=f"v{i % 3}", codes=codes, spec=SPEC))
    return made


def test_speakers_take_turns_and_a_clip_comes_once(clips):
    places = find_occurrences(clips, TOKEN, 3)
    assert {clip.speaker for clip, _ in places} == {"v0", "v1", "v2"} and {f for _, f in places} == {20}
    places = find_occurrences(clips, TOKEN, 99)
    assert sorted(clip.id for clip, _ in places) == ["0", "1", "2", "3", "4"]
    assert find_occurrences(clips, (3, 6), 4) == []


def test_pieces_are_centred_on_the_frame(clips):
    wav, gap = join_pieces(find_occurrences(clips, TOKEN, 2)), round(GAP_SECONDS * RATE)
    assert wav.shape == (3 * gap + 2 * 3200,) and wav.dtype == np.float32
    loud = np.flatnonzero(wav > 0.4)
    assert (loud[0], loud[HOP - 1]) == (gap + 1440, gap + 1759)


def test_a_frame_at_the_edge_gives_a_shorter_piece_and_no_place_nothing(clips):
    assert join_pieces([(clips[0], 0)]).size == 2 * round(GAP_SECONDS * RATE) + 160 + 1600
    assert not join_pieces([]).size
