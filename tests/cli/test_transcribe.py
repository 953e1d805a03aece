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
a.wav,anna,we can't go on,angry,1
b.wav,ben,,calm,2
c.wav,carl,,"sad, tired",3
"""


class Loudness:
    """In place of Whisper: writes the loudest sample of a clip."""

    calls = 0

    def __init__(self, name="", language=None, device="cpu"):
        self.name = name

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
        "file_name,speaker,text,mood,take,text_confidence",
        "a.wav,anna,we can't go on,angry,1,",
        "b.wav,ben,M hears 0.4,calm,2,0.400",
        'c.wav,carl,M hears 0.8,"sad, tired",3,0.800',
    ]
    said = capsys.readouterr().out
    assert "2 of 3 texts recognised by M, mean confidence 0.60" in said
    assert said.index("b.wav") < said.index("c.wav")  # the least confident first


def test_clips_carry_the_mark_and_keep_it_when_written(corpus, tmp_path):
    main(["transcribe", str(corpus)])
    clips = load_corpus(corpus)
    assert [clip.text_confidence for clip in clips] == [None, 0.4, 0.8]
    assert {task for clip in clips for task in clip.labels} == {"mood"}
    write_corpus(clips, tmp_path / "copy")
    assert [clip.text_confidence for clip in load_corpus(tmp_path / "copy")] == [None, 0.4, 0.8]


def test_second_run_does_what_is_missing_and_refresh_what_was_recognised(corpus, capsys):
    main(["transcribe", str(corpus)])
    assert main(["transcribe", str(corpus)]) == 0 and Loudness.calls == 2
    assert "all 3 clips have a text" in capsys.readouterr().out
    main(["transcribe", str(corpus), "--model", "larger", "--refresh"])
    assert Loudness.calls == 4 and "larger hears 0.4" in read_lines(corpus)[2]
    assert "we can't go on" in read_lines(corpus)[1]  # a person's words stay


def test_what_was_written_before_an_interruption_stays(corpus, monkeypatch):
    monkeypatch.setattr(transcribe, "BATCH", 1)

    def stop(self, wavs):
        if self.calls:
            raise KeyboardInterrupt
        return Loudness.recognise(self, wavs)

    monkeypatch.setattr(recogniser, "Recogniser", type("Stopping", (Loudness,), {"recognise": stop}))
    assert main(["transcribe", str(corpus)]) == 130
    assert read_lines(corpus)[2].endswith(",0.400") and read_lines(corpus)[3].endswith(",3,")


def test_json_lines_keep_their_types(corpus):
    rows = [{"file_name": "a.wav", "text": "so", "take": 1, "ok": True}, {"file_name": "b.wav", "text": None}]
    (corpus / "metadata.csv").unlink()
    (corpus / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    main(["transcribe", str(corpus), "--model", "M"])
    first, second = map(json.loads, (corpus / "metadata.jsonl").read_text().splitlines())
    assert first == rows[0] and second == {
        "file_name": "b.wav",
        "text": "M hears 0.4",
        "text_confidence": 0.4,
    }


def test_no_table_and_a_wrong_mark_are_named(tmp_path, capsys, corpus):
    assert main(["transcribe", str(tmp_path / "nothing")]) == 2
    assert "holds neither metadata.csv nor metadata.jsonl" in capsys.readouterr().err
    lines = "file_name,text,text_confidence\na.wav,so,high\n"
    (corpus / "metadata.csv").write_text(lines)
    with pytest.raises(ValueError, match=r"line 2: text_confidence='high' is not a number from 0 to 1"):
        load_corpus(corpus)
