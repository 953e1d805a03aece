"""Collect recorded human speech for the tokenizer, as 16 kHz FLAC (build-time, needs PyAV for G.722).

    python scripts/collect_human_speech.py --unpacked build/debian --out build/human

Run in the environment of ``scripts/requirements-corpus.txt``, on Debian packages unpacked with ``dpkg -x``:
``asterisk-core-sounds-{en,es,fr,it,ru}-g722`` (five voices, CC-BY-SA-3.0 and CC-BY-3.0) and
``fillets-ng-data-cs`` (Czech dialogue of a game, GPL-2) go to ``train``; ``fillets-ng-data-nl`` (Dutch, two
voices) goes to ``held_out`` and is never trained on, with a ``metadata.csv`` of the lines that the script of
the game (package ``fillets-ng-data``) tells the punctuation of. The recordings stay out of the repository.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr
from tqdm import tqdm

RATE = 16_000


def read_sound(path: Path) -> np.ndarray:
    """Read a sound file as mono float32 at 16 kHz."""
    if path.suffix == ".g722":
        import av

        with av.open(str(path), format="g722") as container:
            frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
        return np.concatenate([np.zeros(0, np.int16), *frames]).astype(np.float32) / 32768
    wav, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wav = wav.mean(1)
    return wav if rate == RATE else soxr.resample(wav, rate, RATE)


def find_sounds(root: Path) -> dict[Path, str]:
    """Find the packages' sound files: file -> where it goes, below the output folder, without its ending."""
    found = {}
    for path in sorted(root.rglob("*.g722")):
        if "silence" not in path.parts:
            below = path.with_suffix("").parts
            voice = below.index("sounds") + 1
            found[path] = f"train/{below[voice]}/{'_'.join(below[voice + 1 :])}"
    for language, part in (("cs", "train"), ("nl", "held_out")):
        for path in sorted(root.glob(f"usr/share/games/fillets-ng/sound/*/{language}/*.ogg")):
            found[path] = f"{part}/fillets_{language}/{path.parent.parent.name}_{path.stem}"
    return found


def read_lines(script: Path) -> dict[str, str]:
    """Read the Dutch lines of one level of the game: name of the sound -> text."""
    lines, name = {}, None
    for row in script.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := re.search(r'dialogId\("([\w-]+)"', row):
            name = found[1]
        elif name and (found := re.search(r'dialogStr\("(.+)"\)', row)):
            lines[name], name = found[1], None
    return lines


def list_questions(root: Path, folder: Path) -> pd.DataFrame:
    """List the Dutch lines whose text ends in a mark; the level of the game is the sentence."""
    rows = []
    for script in sorted(root.glob("usr/share/games/fillets-ng/script/*/dialogs_nl.lua")):
        level = script.parent.name
        for name, text in read_lines(script).items():
            file, mark = folder / f"{level}_{name}.flac", text.strip()[-1:]
            if file.is_file() and mark in "?!.":
                speaker = "small" if "-m-" in name else "big"
                rows.append((file.name, text, speaker, level, "question" if mark == "?" else "statement"))
    return pd.DataFrame(rows, columns=["file_name", "text", "speaker", "sentence", "question"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--unpacked", type=Path, required=True, help="where the packages are unpacked")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    for source, target in tqdm(find_sounds(args.unpacked).items(), unit="file"):
        wav = read_sound(source)
        if len(wav) < RATE // 4 or np.abs(wav).max() < 0.01:
            continue  # silence prompts of the telephony packages
        path = args.out / f"{target}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wav * min(1.0, 0.98 / np.abs(wav).max()), RATE)
    dutch = args.out / "held_out" / "fillets_nl"
    table = list_questions(args.unpacked, dutch)
    table.to_csv(dutch / "metadata.csv", index=False)
    print(f"{dutch}: {len(table)} lines, {(table['question'] == 'question').sum()} questions")


if __name__ == "__main__":
    main()
