"""Build ``data/human``: five sentences of a LibriVox reader (public domain), with forced phone alignment.

    python scripts/build_human.py --human build/human    # environment of scripts/requirements-corpus.txt

The recordings and their transcripts come with the Debian package ``pocketsphinx-testdata``; they are held out
from the codec's training.
"""

import argparse
import csv
from pathlib import Path

import soundfile
from codec_targets import RATE, ROOT, align, read_clip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--human", type=Path, required=True, help="where the package is unpacked")
    args = parser.parse_args()
    transcript = next(args.human.rglob("librivox/transcription"))
    out = ROOT / "data" / "human"
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "metadata.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file_name", "text", "split", "speaker", "phones"])
        for line in transcript.read_text().splitlines():
            words, name = line.rsplit("(", 1)
            name = name.strip(" )")
            text = words.replace("<s>", "").replace("</s>", "").strip().lower()
            wav = read_clip(transcript.parent / f"{name}.wav")
            soundfile.write(out / f"{name[-4:]}.flac", wav, RATE)
            table.writerow([f"{name[-4:]}.flac", text, "test", "librivox", align(wav, text)])


if __name__ == "__main__":
    main()
