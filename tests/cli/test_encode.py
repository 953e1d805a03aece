"""The command `speechlm encode`: all shards and then nothing; what it leaves out is listed."""

import argparse
import csv

import pytest

from speechlm_utils.cli.encode import add_encode_command
from speechlm_utils.codec.backends import select_shard
from speechlm_utils.codec.cache import fill_cache
from speechlm_utils.corpus.load import load_corpus


@pytest.fixture
def run(tiny_corpus, tiny_codec_dir, tmp_path, capsys):
    """Run `speechlm encode` on the tiny corpus; returns what it prints."""
    parser = argparse.ArgumentParser()
    add_encode_command(parser.add_subparsers())

    def run_command(*options, corpus=tiny_corpus):
        shared = [
            "encode",
            str(corpus),
            "--codec",
            str(tiny_codec_dir),
            "--cache-dir",
            str(tmp_path / "cache"),
        ]
        args = parser.parse_args([*shared, *options])
        assert args.command(args) == 0
        return capsys.readouterr().out

    return run_command


def test_the_command_encodes_all_shards_and_then_nothing(run, tiny_corpus, tiny_clips, tiny_codec, tmp_path):
    for k in (1, 2, 3):
        text = run("--shard", f"{k}/3")
        n_clips = len(select_shard(tiny_clips, f"{k}/3"))
        assert f"shard {k}/3" in text and f"{n_clips} of 36 clips" in text
        assert f"{n_clips} sounds were encoded" in text and "left out: 0" in text
    report = fill_cache(load_corpus(tiny_corpus), tiny_codec, tmp_path / "cache")
    assert not report.encoded
    text = run()
    hours = sum(clip.codes.shape[1] for clip in tiny_clips) / 50 / 3600
    assert f"36 clips, {hours:.3g} h of speech have codes; nothing was missing" in text


def test_the_command_lists_what_it_leaves_out(run, tiny_corpus, tmp_path):
    broken = tmp_path / "broken"
    (broken / "clips").mkdir(parents=True)
    rows = list(csv.reader((tiny_corpus / "metadata.csv").read_text().splitlines()))[:4]
    for row in rows[1:3]:
        (broken / row[0]).write_bytes((tiny_corpus / row[0]).read_bytes())
    (broken / rows[2][0]).write_bytes(b"no sound")
    with open(broken / "metadata.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises((OSError, ValueError), match="0001.wav"):
        run(corpus=broken)
    report = tmp_path / "left_out.csv"
    text = run("--on-error", "skip", "--report", str(report), corpus=broken)
    assert "1 of 1 clips" in text and "left out: 2" in text and "0001.wav" in text and "0002.wav" in text
    listed = list(csv.reader(report.read_text().splitlines()))
    assert [row[0] for row in listed] == ["file_name", "clips/0001.wav", "clips/0002.wav"]
