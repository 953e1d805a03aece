"""Build ``data/human``: five sentences of a LibriVox reader (public domain), with forced phone alignment.

    python scripts/build_human.py --unpacked build/debian    # environment of scripts/requirements-corpus.txt

The recordings and their transcripts come with the Debian package ``pocketsphinx-testdata``, unpacked with
``dpkg -x``; nothing of this repository was trained on them.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile
from collect_human_speech import RATE, read_sound

OUT = Path(__file__).resolve().parents[1] / "data" / "human"
PHONES = (
    "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()


def align(wav: np.ndarray, text: str) -> str:
    """Force-align a recording to its words with pocketsphinx's English model; phones with times (seconds)."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE, bestpath=False, loglevel="FATAL")
    pcm = (np.clip(wav, -1, 1) * 32767).astype(np.int16).tobytes()
    decoder.set_align_text(text)
    for turn in ("words", "phones"):
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        if turn == "words":
            decoder.set_alignment()
    items = []
    for phone in (phone for word in decoder.get_alignment() for phone in word):
        name = phone.name if phone.name in PHONES else "SIL"
        items.append(f"{name}:{phone.start / 100:.3f}-{(phone.start + phone.duration) / 100:.3f}")
    return " ".join(items)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--unpacked", type=Path, required=True, help="where the package is unpacked")
    args = parser.parse_args()
    transcript = next(args.unpacked.rglob("librivox/transcription"))
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file_name", "text", "split", "speaker", "phones"])
        for line in transcript.read_text(encoding="utf-8").splitlines():
            words, name = line.rsplit("(", 1)
            name, text = name.strip(" )"), words.replace("<s>", "").replace("</s>", "").strip().lower()
            wav = read_sound(transcript.parent / f"{name}.wav")
            soundfile.write(OUT / f"{name[-4:]}.flac", wav, RATE)
            table.writerow([f"{name[-4:]}.flac", text, "test", "librivox", align(wav, text)])


if __name__ == "__main__":
    main()
