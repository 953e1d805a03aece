"""`speechlm transcribe` fills empty texts, marks them, and touches nothing else."""

import json

import numpy as np
import pytest
import soundfile

from speechlm_utils.cli import transcribe
from speechlm_utils.cli.main import main
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.corpus.table import write_corpus
from speechlm_utils.whisper import recogniser

TABLE = """\
file_name,speaker,text,mood,take
a.wav,anna,We can't go on.,angry,1
b.wav,ben,,calm,2
c.wav,carl,,"sad, tired",3
"""


class Loudness:
    """In place of Whisper: writes the loudest sample of a clip."""

    calls = 0

    def __init__(self, name="", language=None, device="cpu"):
        self.name = name

    def check_language(self, language):
        if language == "Klingon":
            raise ValueError(f"language {language!r}: nobody knows it")
        return language

    def use_language(self, language):
        self.name = language or self.name

    def recognise(self, wavs):
        type(self).calls += len(wavs)
        return [(f"{self.name} hears {np.abs(wav).max():.1f}", float(np.abs(wav).max())) for wav in wavs]


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    for name, level in (("a", 0.1), ("b", 0.4), ("c", 0.8)):
        soundfile.write(tmp_path / f"{name}.wav", np.full(8000, level), 16000)
    (tmp_path / "metadata.csv").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(recogniser, "Recogniser", Loudness)
    monkeypatch.setattr(Loudness, "calls", 0)
    return tmp_path


def read_lines(folder):
    return (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()


def test_empty_texts_are_filled_and_marked(corpus, capsys):
    assert main(["transcribe", str(corpus), "--model", "M"]) == 0
    assert read_lines(corpus) == [
        "file_name,speaker,text,mood,take,text_confidence,text_recognised",
        "a.wav,anna,We can't go on.,angry,1,,",
        "b.wav,ben,M hears 0.4,calm,2,0.400,M hears 0.4",
        'c.wav,carl,M hears 0.8,"sad, tired",3,0.800,M hears 0.8',
    ]
    said = capsys.readouterr().out
    assert "2 of 3 texts recognised by M, mean confidence 0.60" in said
    assert said.index("b.wav") < said.index("c.wav")  # the least confident first


def test_clips_carry_the_mark_and_keep_it_when_written(corpus, tmp_path):
    main(["transcribe", str(corpus)])
    clips = load_corpus(corpus)
    assert [clip.text_confidence for clip in clips] == [None, 0.4, 0.8]
    assert {task for clip in clips for task in clip.labels} == {"mood", "take"}
    write_corpus(clips, tmp_path / "copy")
    assert [clip.text_confidence for clip in load_corpus(tmp_path / "copy")] == [None, 0.4, 0.8]


def test_second_run_does_what_is_missing_and_refresh_what_was_recognised(corpus, capsys):
    main(["transcribe", str(corpus)])
    assert main(["transcribe", str(corpus)]) == 0 and Loudness.calls == 2
    assert "all 3 clips have a text" in capsys.readouterr().out
    main(["transcribe", str(corpus), "--model", "larger", "--refresh"])
    assert Loudness.calls == 4 and "larger hears 0.4" in read_lines(corpus)[2]
    assert "We can't go on." in read_lines(corpus)[1]  # a person's words stay


def test_what_was_written_before_an_interruption_stays(corpus, monkeypatch):
    monkeypatch.setattr(transcribe, "BATCH", 1)

    def stop(self, wavs):
        if self.calls:
            raise KeyboardInterrupt
        return Loudness.recognise(self, wavs)

    monkeypatch.setattr(recogniser, "Recogniser", type("Stopping", (Loudness,), {"recognise": stop}))
    assert main(["transcribe", str(corpus)]) == 130
    assert read_lines(corpus)[2].endswith(",0.400,whisper-tiny.en hears 0.4") and read_lines(corpus)[
        3
    ].endswith(",3,,")


def test_json_lines_keep_their_types(corpus):
    rows = [
        {"file_name": "a.wav", "text": "So.", "take": 1, "ok": True},
        {"file_name": "b.wav", "text": None},
    ]
    (corpus / "metadata.csv").unlink()
    (corpus / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    main(["transcribe", str(corpus), "--model", "M"])
    first, second = map(json.loads, (corpus / "metadata.jsonl").read_text().splitlines())
    assert first == rows[0] and second == {
        "file_name": "b.wav",
        "text": "M hears 0.4",
        "text_confidence": 0.4,
        "text_recognised": "M hears 0.4",
    }


def test_no_table_and_a_wrong_mark_are_named(tmp_path, capsys, corpus):
    assert main(["transcribe", str(tmp_path / "nothing")]) == 2
    assert "nothing: no such folder" in capsys.readouterr().err
    lines = "file_name,text,text_confidence\na.wav,so,high\n"
    (corpus / "metadata.csv").write_text(lines)
    with pytest.raises(ValueError, match=r"line 2: text_confidence='high' is not a number from 0 to 1"):
        load_corpus(corpus)


def test_corrected_text_is_a_persons_and_never_overwritten(corpus):
    main(["transcribe", str(corpus), "--model", "M"])
    table = corpus / "metadata.csv"
    table.write_text(table.read_text().replace(",M hears 0.4,calm", ",a person hears it,calm"))
    assert [clip.text_confidence for clip in load_corpus(corpus)] == [None, None, 0.8]
    main(["transcribe", str(corpus), "--model", "larger", "--refresh"])
    texts = [clip.text for clip in load_corpus(corpus)]
    assert texts == ["We can't go on.", "a person hears it", "larger hears 0.8"]


def test_cleared_text_is_recognised_again_and_silence_is_not(corpus, monkeypatch, capsys):
    monkeypatch.setattr(Loudness, "recognise", lambda self, wavs: [("", 0.0) for _ in wavs])
    main(["transcribe", str(corpus)])
    assert "(nothing was heard)" in capsys.readouterr().out
    main(["transcribe", str(corpus)])
    assert "nothing was recognised" in capsys.readouterr().out
    table = corpus / "metadata.csv"
    table.write_text(table.read_text().replace("2,0.000,", "2,0.000,something"))  # which somebody deleted
    main(["transcribe", str(corpus)])
    assert "1 of 3 texts recognised" in capsys.readouterr().out


def test_what_somebody_writes_meanwhile_stays(corpus, monkeypatch, capsys):
    table = corpus / "metadata.csv"

    def correct(self, wavs):
        table.write_text(TABLE.replace("ben,,", "ben,mine,"), encoding="utf-8")
        return [("heard", 0.5) for _ in wavs]

    monkeypatch.setattr(Loudness, "recognise", correct)
    assert main(["transcribe", str(corpus)]) == 2
    assert "was changed meanwhile" in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == TABLE.replace("ben,,", "ben,mine,")


def test_texts_are_plain_where_those_of_people_are(corpus):
    table = corpus / "metadata.csv"
    table.write_text(TABLE.replace("We can't go on.", "we can't go on"), encoding="utf-8")
    main(["transcribe", str(corpus), "--model", "M"])
    assert "ben,m hears 0 4,calm" in read_lines(corpus)[2]


def test_ends_of_lines_stay(corpus):
    table = corpus / "metadata.csv"
    for end in (b"\n", b"\r\n"):
        table.write_bytes(TABLE.encode().replace(b"\n", end))
        main(["transcribe", str(corpus)])
        assert table.read_bytes().count(end) == table.read_bytes().count(b"\n") == 4


def test_language_of_each_clip_is_told_and_an_unknown_one_stops_before_any_work(corpus, capsys):
    table = corpus / "metadata.csv"
    marked = "file_name,text,language\na.wav,,de\nb.wav,,\nc.wav,,de\n"
    table.write_text(marked)
    main(["transcribe", str(corpus), "--language", "fr"])
    assert [line.split(",")[1] for line in read_lines(corpus)[1:]] == [
        "de hears 0.1",
        "fr hears 0.4",
        "de hears 0.8",
    ]
    table.write_text(marked.replace("c.wav,,de", "c.wav,,Klingon"))
    assert main(["transcribe", str(corpus)]) == 2
    assert "nobody knows it" in capsys.readouterr().err
    assert table.read_text() == marked.replace("c.wav,,de", "c.wav,,Klingon")


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["transcribe", "--help"])
    said = capsys.readouterr().out
    assert "speechlm transcribe CORPUS --model openai/whisper-small --language de" in said
