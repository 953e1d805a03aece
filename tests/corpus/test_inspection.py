"""Every kind of broken file is found and named; what is kept stays beside its own label and text."""

import csv

import numpy as np
import pytest
import soundfile
from import_files import read_csv

from speechlm_utils.audio import load_audio
from speechlm_utils.clips import Clip
from speechlm_utils.corpus import inspection
from speechlm_utils.corpus.inspection import inspect_corpus
from speechlm_utils.corpus.load import load_corpus

N_CLIPS, SECONDS = 300, 0.3


def make_tone(hertz, rate=16000, seconds=SECONDS, gain=0.3):
    return (gain * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def number_to_hertz(number):
    return 200.0 + 10 * number  # up to 3,190 Hz: below half of 8 kHz


def hear_number(wav, rate=16000):
    """Measure the pitch of a tone and return the number that it encodes."""
    spectrum = np.abs(np.fft.rfft(wav * np.hanning(len(wav)), 2**16))
    return round((np.argmax(spectrum) * rate / 2**16 - 200) / 10)


# --- the files that cannot be used: number of the clip -> (kind, how to break it)


def cut(path, wav):
    soundfile.write(
        path, wav + 1e-3 * np.random.default_rng(0).normal(size=wav.size), 16000, subtype="PCM_16"
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_nan(path, wav):
    wav[100] = np.nan
    soundfile.write(path, wav, 16000, subtype="FLOAT")


BROKEN = {
    0: ("missing", lambda path, wav: None),
    17: ("not_a_file", lambda path, wav: path.mkdir()),
    30: ("empty_file", lambda path, wav: path.write_bytes(b"")),
    55: ("unreadable", lambda path, wav: path.write_bytes(b"<html>404 not found</html>")),
    90: ("cut_off", cut),  # WAV: the header says so
    91: ("cut_off", cut),  # FLAC: its last frame says so
    133: ("no_samples", lambda path, wav: soundfile.write(path, wav[:0], 16000)),
    170: ("not_finite", with_nan),
    171: ("silent", lambda path, wav: soundfile.write(path, 0 * wav, 16000)),
    202: ("too_short", lambda path, wav: soundfile.write(path, wav[:800], 16000)),
    251: ("too_long", lambda path, wav: soundfile.write(path, np.tile(wav, 4), 16000)),
    299: ("missing", lambda path, wav: soundfile.write(path, wav, 16000)),  # its second part is not there
}
HEADER_KINDS = {"missing", "not_a_file", "empty_file", "unreadable", "no_samples", "too_short", "too_long"}


def write_clip(folder, i):
    """Write clip i, broken or good: 8, 16, 44.1 kHz, mono and stereo, WAV, FLAC, Ogg, some of two parts."""
    hertz, rate = number_to_hertz(i), (8000, 16000, 44100)[i % 3]
    if i in BROKEN:
        name = f"clips/{i:03d}.{'flac' if i == 91 else 'wav'}"
        BROKEN[i][1](folder / name, make_tone(hertz))
        return name + "|clips/299b.wav" * (i == 299)
    name = f"clips/{i:03d}.{('wav', 'flac', 'ogg')[i % 7 % 3]}"
    wav = make_tone(hertz, rate)
    soundfile.write(folder / name, np.stack([wav, 0.5 * wav], axis=1) if i % 5 == 0 else wav, rate)
    if i % 11:
        return name
    soundfile.write(folder / f"clips/{i:03d}b.wav", make_tone(hertz, 16000), 16000)
    return f"{name}|clips/{i:03d}b.wav"


@pytest.fixture(autouse=True, scope="module")
def short_limit():
    """A second is too long here, so that the broken clip of 1.2 s is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "MAX_SECONDS", 1.0)
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """300 clips, 12 of them broken; pitch, text, label and planted number all tell the number of the clip."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "clips").mkdir()
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "text", "label", "planted_hertz", "split"])
        for i in range(N_CLIPS):
            text = f"номер {i},\n“{i}”"
            writer.writerow([write_clip(folder, i), text, f"n{i:03d}", number_to_hertz(i), "train"])
    return folder


@pytest.fixture(scope="module")
def loaded(corpus, short_limit, tmp_path_factory):
    """The clips that are kept, and the rows of the file that lists those dropped."""
    path = tmp_path_factory.mktemp("report") / "dropped.csv"
    return load_corpus(corpus, "skip", report=path, inspect="full"), read_csv(path)


def test_twelve_broken_files_are_listed_and_the_rest_is_aligned_by_content(loaded):
    clips, dropped = loaded
    assert [(int(row["file_name"][6:9]), row["kind"]) for row in dropped] == [
        (i, kind) for i, (kind, _) in BROKEN.items()
    ]
    assert all(row["file_name"].split("|")[0] in row["reason"] for row in dropped[:-1])
    assert "299b.wav: no such sound file" in dropped[-1]["reason"] and "part 2 of 2" in dropped[-1]["reason"]
    expected = [i for i in range(N_CLIPS) if i not in BROKEN]
    heard = [hear_number(load_audio(clip.audio, 16000)) for clip in clips]
    assert heard == expected
    assert [clip.text for clip in clips] == [f"номер {i},\n“{i}”" for i in heard]
    assert [clip.labels for clip in clips] == [{"label": f"n{i:03d}"} for i in heard]
    assert [clip.planted for clip in clips] == [{"hertz": number_to_hertz(i)} for i in heard]
    assert sum(isinstance(clip.audio, tuple) for clip in clips) > 20


def test_headers_alone_find_what_needs_no_decoding(corpus, tmp_path):
    clips = load_corpus(corpus, "skip", report=tmp_path / "dropped.csv")
    dropped = [int(row["file_name"][6:9]) for row in read_csv(tmp_path / "dropped.csv")]
    assert dropped == [i for i, (kind, _) in BROKEN.items() if kind in HEADER_KINDS or i in (90, 91)]
    assert [int(clip.labels["label"][1:]) for clip in clips] == [i for i in range(300) if i not in dropped]


def test_strict_lists_the_first_few_and_the_number_of_all(corpus):
    with pytest.raises(
        ValueError, match=r"(?s)^12 of 300 clips cannot be used, 12 findings:.*000\.wav: no such"
    ):
        load_corpus(corpus, inspect="full")
    with pytest.raises(FileNotFoundError, match=r"(?s)unreadable.*and 5 more.*on_error='skip'"):
        load_corpus(corpus)
    with pytest.raises(ValueError, match="inspect='quick'"):
        load_corpus(corpus, inspect="quick")


def test_report_counts_what_was_planted(corpus, loaded):
    clips, _ = loaded
    report = inspect_corpus(clips, folder=corpus)
    assert report.errors.empty and set(report.warnings.kind) == {"low_rate"}
    low = [clip.id for clip in clips if int(clip.labels["label"][1:]) % 3 == 0]
    assert list(report.warnings["clip"]) == list(report.findings["clip"]) == low
    assert set(report.findings.level) == {"warning"} and "4000 Hz" in report.findings.reason[0]
    n_joined = sum(isinstance(clip.audio, tuple) for clip in clips)
    assert sum(report.sample_rates.values()) == 288 + n_joined
    assert sum(report.seconds.values()) == pytest.approx(SECONDS * (288 + n_joined), rel=1e-3)


# --- single findings


def findings_of(path, wav, rate=16000, text="some words", **settings):
    soundfile.write(path, wav, rate, **settings)
    report = inspect_corpus([Clip("a", text, path)])
    return list(report.findings[["level", "kind"]].itertuples(index=False, name=None))


def test_a_good_clip_has_no_finding(tmp_path):
    assert findings_of(tmp_path / "a.wav", make_tone(440)) == []
    assert findings_of(tmp_path / "b.wav", make_tone(440, 48000), 48000) == []


def test_clipping_is_a_warning_and_measured_as_a_share(tmp_path, monkeypatch):
    wav = make_tone(440, seconds=1.0)
    wav[:16] = 1.0  # 16 of 16,000 samples: at the default share, not above
    assert findings_of(tmp_path / "a.wav", wav) == []
    wav[:17] = -1.0
    assert findings_of(tmp_path / "a.wav", wav) == [("warning", "clipped")]
    monkeypatch.setattr(inspection, "CLIPPED_SHARE", 0.01)
    assert findings_of(tmp_path / "a.wav", wav) == []


@pytest.mark.parametrize(("dbfs", "expected"), [(-58, []), (-62, [("error", "silent")])])
def test_silence_is_an_rms_level(tmp_path, dbfs, expected):
    gain = 2**0.5 * 10 ** (dbfs / 20)
    assert findings_of(tmp_path / "a.wav", make_tone(440, gain=gain), subtype="FLOAT") == expected


def test_channels_that_cancel_are_silent(tmp_path):
    wav = make_tone(440)
    assert findings_of(tmp_path / "a.wav", np.stack([wav, -wav], 1)) == [("error", "silent")]


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_samples_that_are_no_numbers_are_counted(tmp_path, value, monkeypatch):
    monkeypatch.setattr(inspection, "MAX_SECONDS", 120.0)
    wav = np.stack([make_tone(440, seconds=20)] * 2, axis=1)
    wav[[200_000, 300_000], [0, 1]] = value
    assert findings_of(tmp_path / "a.wav", wav, subtype="FLOAT") == [("error", "not_finite")]
    (reason,) = inspect_corpus([Clip("a", "x", tmp_path / "a.wav")]).findings.reason
    assert "2 samples are NaN or infinite, the first is sample 200000" in reason


def test_an_empty_text_is_an_error_and_comes_with_the_others(tmp_path):
    wav = make_tone(440, seconds=0.05)
    assert findings_of(tmp_path / "a.wav", wav, text=" \n") == [
        ("error", "too_short"),
        ("error", "empty_text"),
    ]


def test_a_joined_clip_is_judged_as_a_whole(tmp_path):
    loud, silent = make_tone(440, seconds=0.06), np.zeros(960)
    soundfile.write(tmp_path / "a.wav", loud, 16000)
    soundfile.write(tmp_path / "b.wav", np.repeat(silent, 3), 48000)
    joined = Clip("ab", "x", (tmp_path / "a.wav", tmp_path / "b.wav"))
    report = inspect_corpus([joined, Clip("a", "x", tmp_path / "a.wav"), Clip("b", "x", tmp_path / "b.wav")])
    assert list(report.findings["clip"]) == ["a", "b", "b"]
    assert list(report.findings.kind) == ["too_short", "too_short", "silent"]
    assert report.seconds["ab"] == pytest.approx(0.12) and report.sample_rates == {16000: 1, 48000: 1}


def test_a_name_too_long_for_the_system_is_missing(tmp_path):
    (kind,) = inspect_corpus([Clip("a", "x", tmp_path / ("a" * 300 + ".wav"))]).findings.kind
    assert kind == "missing"
