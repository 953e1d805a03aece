"""Collect the codec's training speech and its frame targets: audio, phones, F0 (needs Praat).

    python scripts/codec_targets.py --human build/human --out build/codec

Run in the environment of ``scripts/requirements-corpus.txt``. Reads the decoded demo corpus (``data/demo``:
what the shipped files decode to) and, under ``--human``, unpacked Debian packages of recorded human speech:
``asterisk-core-sounds-{en,es,fr,it,ru}-g722``, ``fillets-ng-data-cs`` (training), ``fillets-ng-data-nl`` and
``pocketsphinx-testdata`` (held out). Writes one ``.npz`` per part:

- ``audio`` int16 (n_samples,), all clips joined, 16 kHz; ``starts`` (n_clips + 1,) frame offsets of the clips
- ``phones`` uint8 (n_frames,), index in ``PHONES``, 255 = unknown; one frame = 20 ms, read at its centre
- ``f0`` float32 (n_frames,), semitones about the speaker's median, NaN = unvoiced
- ``log_f0`` float32 (n_frames,), octaves above 150 Hz, NaN = unvoiced; ``names``, ``speakers`` (n_clips,)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr
from joblib import Parallel, delayed
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
RATE, HOP = 16_000, 320
PHONES = (
    "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
UNKNOWN = 255


def read_clip(path: Path) -> np.ndarray:
    if path.suffix == ".g722":
        import av

        with av.open(str(path), format="g722") as container:
            frames = [f.to_ndarray().ravel() for f in container.decode(audio=0)]
        return np.concatenate([np.zeros(0, np.int16), *frames]).astype(np.float32) / 32768
    wav, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wav = wav.mean(1)
    return wav if rate == RATE else soxr.resample(wav, rate, RATE)


def track_f0(wav: np.ndarray) -> np.ndarray:
    """F0 in Hz at the centre of every 20 ms frame, NaN where unvoiced (Praat's autocorrelation method)."""
    import parselmouth

    n_frames = -(-len(wav) // HOP)
    if len(wav) < 1600:
        return np.full(n_frames, np.nan)
    sound = parselmouth.Sound(wav.astype(np.float64), RATE)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=60, pitch_ceiling=550)
    return np.array([pitch.get_value_at_time((k + 0.5) * HOP / RATE) for k in range(n_frames)])


def phone_frames(phones: str, n_frames: int) -> np.ndarray:
    """Phone index at the centre of every frame from "AH:0.15-0.21 R:0.21-0.30 …"; silence between."""
    frames = np.zeros(n_frames, np.uint8)
    for item in phones.split():
        name, times = item.split(":")
        start, end = (float(t) for t in times.split("-"))
        frames[int(np.ceil(start * 50 - 0.5)) : int(np.ceil(end * 50 - 0.5))] = PHONES.index(name)
    return frames


def analyse(job: tuple[str, str, str | None]) -> dict | None:
    path, speaker, phones = job
    wav = read_clip(Path(path))
    if len(wav) < RATE // 4 or np.abs(wav).max() < 0.01:
        return None  # silence prompts of the telephony packages
    wav = wav * min(1.0, 0.98 / np.abs(wav).max())
    n_frames = -(-len(wav) // HOP)
    wav = np.pad(wav, (0, n_frames * HOP - len(wav)))
    labels = np.full(n_frames, UNKNOWN, np.uint8) if phones is None else phone_frames(phones, n_frames)
    return {
        "name": path,
        "speaker": speaker,
        "audio": (wav * 32767).astype(np.int16),
        "phones": labels,
        "f0": track_f0(wav),
    }


def demo_jobs(split: tuple[str, ...]) -> list[tuple]:
    table = pd.read_csv(ROOT / "data" / "demo" / "metadata.csv", keep_default_na=False)
    table = table[table["split"].isin(split)]
    folder = ROOT / "data" / "demo"
    return [(str(folder / r.file_name), r.speaker, r.phones) for r in table.itertuples()]


def align(wav: np.ndarray, text: str) -> str | None:
    """Force-align a human recording to its words with pocketsphinx's English model; phones with times."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE, bestpath=False, loglevel="FATAL")
    pcm = (np.clip(wav, -1, 1) * 32767).astype(np.int16).tobytes()
    try:
        decoder.set_align_text(text)
        for _ in range(2):  # words first, then phones
            decoder.start_utt()
            decoder.process_raw(pcm, full_utt=True)
            decoder.end_utt()
            if _ == 0:
                decoder.set_alignment()
        alignment = decoder.get_alignment()
    except RuntimeError:
        return None
    if alignment is None:
        return None
    items = []
    for word in alignment:
        for phone in word:
            name = phone.name if phone.name in PHONES else "SIL"
            items.append(f"{name}:{phone.start / 100:.3f}-{(phone.start + phone.duration) / 100:.3f}")
    return " ".join(items)


def human_jobs(folder: Path) -> tuple[list[tuple], list[tuple]]:
    """Training and held-out recordings; the speaker is the folder or the character of the game's line."""
    train = [
        (str(p), p.relative_to(folder).parts[-2] if "_" in p.parts[-2] else p.parts[-3], None)
        for p in sorted(folder.rglob("*.g722"))
    ]

    def lines(language: str) -> list[tuple]:
        files = [p for p in sorted(folder.rglob("*.ogg")) if language in p.parts]
        kind = {"m": "small", "v": "big"}
        return [
            (str(p), f"{language}_{kind[k]}", None)
            for p in files
            for k in [next((x for x in p.stem.split("-") if x in kind), "")]
            if k
        ]

    held = lines("nl")
    for transcript in sorted(folder.rglob("librivox/transcription")):
        for line in transcript.read_text().splitlines():
            words, name = line.rsplit("(", 1)
            path = transcript.parent / f"{name.strip(' )')}.wav"
            text = words.replace("<s>", "").replace("</s>", "").strip().lower()
            held.append((str(path), "librivox", align(read_clip(path), text)))
    return thin(train + lines("cs"), 250), thin(held, 100)


def thin(jobs: list[tuple], n_per_speaker: int) -> list[tuple]:
    """At most so many evenly spaced recordings of each speaker, so that none dominates."""
    kept = []
    for speaker in sorted({job[1] for job in jobs}):
        own = [job for job in jobs if job[1] == speaker]
        kept += own[:: -(-len(own) // n_per_speaker)]
    return kept


def pack(jobs: list[tuple], out: Path) -> None:
    clips = Parallel(2)(delayed(analyse)(job) for job in tqdm(jobs, out.stem, mininterval=20))
    clips = [c for c in clips if c is not None]
    speakers = np.array([c["speaker"] for c in clips])
    log_f0 = [np.log2(c["f0"] / 150) for c in clips]
    medians = {
        s: np.nanmedian(np.concatenate([f for f, t in zip(log_f0, speakers, strict=True) if t == s]))
        for s in set(speakers)
    }
    starts = np.concatenate([[0], np.cumsum([len(f) for f in log_f0])])
    np.savez(
        out,
        audio=np.concatenate([c["audio"] for c in clips]),
        starts=starts,
        phones=np.concatenate([c["phones"] for c in clips]),
        log_f0=np.concatenate(log_f0).astype(np.float32),
        f0=np.concatenate([12 * (f - medians[s]) for f, s in zip(log_f0, speakers, strict=True)]).astype(
            np.float32
        ),
        names=np.array([c["name"] for c in clips]),
        speakers=speakers,
    )
    print(
        f"{out.name}: {len(clips)} of {len(jobs)} clips, {starts[-1] / 180000:.2f} h, {len(medians)} speakers"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--human", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "codec")
    parser.add_argument("--parts", nargs="+", default=["human", "train", "heldout"])
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if "human" in args.parts:
        train, held = human_jobs(args.human)
        pack(train, args.out / "human_train.npz")
        pack(held, args.out / "human_heldout.npz")
    if "train" in args.parts:
        pack(demo_jobs(("train", "unlabelled")), args.out / "demo_train.npz")
    if "heldout" in args.parts:
        pack(demo_jobs(("test",)), args.out / "demo_heldout.npz")


if __name__ == "__main__":
    main()
