"""Measure the compact codec on unseen voices and on recorded human speech; writes ``data/codec/report.json``.

    python scripts/report_codec.py --work build/codec     # after codec_targets.py; needs pocketsphinx besides

Everything is held out: five synthetic voices of the test split, and human speakers that the codec was not
trained on (Dutch game dialogue, one LibriVox reader). Probes are fitted on train voices and scored on unseen
ones (human: fitted on every other clip of the same speakers, scored on the rest).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from codec_targets import HOP, PHONES, RATE, ROOT, UNKNOWN
from sklearn.metrics import r2_score
from train_codec import read_steps

from speechlm_utils.acoustics.spectra import mel_distance
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.probing import code_usage, phone_information, predict_from_codes


def encode_part(codec: SpeechCodec, path: Path, n_clips: int, seed: int) -> list[dict]:
    """Encode a seeded draw of the part's clips; one dict per clip with wav, codes and frame targets."""
    part = dict(np.load(path))
    n = len(part["starts"]) - 1
    clips = []
    for i in np.sort(np.random.default_rng(seed).permutation(n)[:n_clips]):
        frames = slice(part["starts"][i], part["starts"][i + 1])
        wav = part["audio"][frames.start * HOP : frames.stop * HOP].astype(np.float32) / 32767
        rms = np.sqrt(np.mean(wav.reshape(-1, HOP) ** 2, axis=1))
        clips.append(
            {
                "wav": wav,
                "codes": codec.encode(wav),
                "phones": part["phones"][frames],
                "f0": part["f0"][frames].astype(float),
                "energy": 20 * np.log10(rms + 1e-4),
                "speaker": str(part["speakers"][i]),
            }
        )
    return clips


def join(clips: list[dict], key: str) -> np.ndarray:
    return np.concatenate([clip[key] for clip in clips], axis=-1)


def measure(codec: SpeechCodec, probe_train: list[dict], clips: list[dict], n_decoded: int) -> dict:
    """All figures of one set of clips."""
    codes, size = join(clips, "codes"), codec.spec.codebook_size
    used, perplexity = code_usage([clip["codes"] for clip in clips], size)
    result = {
        "n_clips": len(clips),
        "n_speakers": len({clip["speaker"] for clip in clips}),
        "minutes": round(codes.shape[1] / 50 / 60, 1),
        "codes_used": used.tolist(),
        "perplexity": perplexity.round(0).tolist(),
    }
    phones = join(clips, "phones")
    known = phones != UNKNOWN
    if known.any():
        result["n_phone_frames"] = int(known.sum())
        result["pnmi"] = phone_information(codes[:, known], phones[known]).round(3).tolist()
    for target in ("f0", "energy"):
        train, test = ((join(part, "codes"), join(part, target)) for part in (probe_train, clips))
        known = np.isfinite(test[1])
        for name, layers in (("layer1", (1,)), ("layers2to8", codec.spec.acoustic_layers)):
            predicted = predict_from_codes(train, test[0][:, known], layers, size)
            result[f"{target}_r2_{name}"] = round(r2_score(test[1][known], predicted), 3)
    decoded = clips[:n_decoded]
    result["mel_distance"] = {}
    for layers in range(1, codec.spec.n_layers + 1):
        values = [mel_distance(c["wav"], codec.decode(c["codes"], layers), RATE) for c in decoded]
        result["mel_distance"][layers] = [round(float(np.mean(values)), 3), round(float(np.std(values)), 3)]
    start = time.time()
    for clip in decoded:
        codec.encode(clip["wav"])
    result["encode_seconds_per_second"] = round(
        (time.time() - start) / sum(len(c["wav"]) / RATE for c in decoded), 4
    )
    return result


# ---------------------------------------------------------------- words: a recogniser on original and decoded
def recognise(wavs: list[np.ndarray]) -> list[list[str]]:
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    texts = []
    for wav in wavs:
        decoder.start_utt()
        decoder.process_raw((np.clip(wav, -1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        texts.append(decoder.hyp().hypstr.split() if decoder.hyp() else [])
    return texts


def word_errors(reference: list[str], heard: list[str]) -> int:
    """Levenshtein distance in words."""
    row = np.arange(len(heard) + 1)
    for i, word in enumerate(reference, start=1):
        previous, row[0] = row.copy(), i
        for j, other in enumerate(heard, start=1):
            row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (word != other))
    return int(row[-1])


def word_error_rates(codec: SpeechCodec, folder: Path, n_clips: int, seed: int) -> dict:
    """Word error rate of the same recogniser on the originals and on 8, 4 and 1 decoded layers."""
    from speechlm_utils.audio import load_audio
    from speechlm_utils.clips import select_clips
    from speechlm_utils.corpus.load import load_corpus

    clips = select_clips(load_corpus(folder), split="test")
    order = np.random.default_rng(seed).permutation(len(clips))[:n_clips]
    clips = [clips[i] for i in order]
    wavs = [load_audio(clip.audio, codec.spec.sample_rate) for clip in clips]
    codes = [codec.encode(wav) for wav in wavs]
    versions = {"original": wavs} | {f"decoded_{n}": [codec.decode(c, n) for c in codes] for n in (8, 4, 1)}
    n_words = sum(len(clip.text.split()) for clip in clips)
    rates = {"n_clips": len(clips), "n_words": n_words}
    for name, version in versions.items():
        heard = recognise(version)
        errors = sum(word_errors(c.text.split(), h) for c, h in zip(clips, heard, strict=True))
        rates[name] = round(errors / n_words, 3)
    return rates


# ---------------------------------------------------------------- the card
def judge(report: dict) -> str:
    """Say what falls short of what a codec for this suite should keep; computed, never written by hand."""
    unseen = report["unseen_voices"]
    pnmi = unseen["pnmi"]
    checks = {
        f"PNMI of layer 1 at least 0.60 (is {pnmi[0]:.2f})": pnmi[0] >= 0.60,
        f"PNMI of layer 1 at least 1.6 times any other's (is {pnmi[0] / max(pnmi[1:]):.2f})": pnmi[0]
        >= 1.6 * max(pnmi[1:]),
        f"energy from layers 2-8 with R² at least 0.8 (is {unseen['energy_r2_layers2to8']:.2f})": unseen[
            "energy_r2_layers2to8"
        ]
        >= 0.8,
        f"F0 from layers 2-8 with R² at least 0.5 (is {unseen['f0_r2_layers2to8']:.2f})": unseen[
            "f0_r2_layers2to8"
        ]
        >= 0.5,
    }
    return "\n".join(f"- {'reached' if ok else '**not reached**'}: {text}" for text, ok in checks.items())


def write_card(report: dict, codec: SpeechCodec, folder: Path) -> None:
    """Fill ``scripts/codec_card.md`` with the figures and write the folder's README."""
    sets = {"unseen synthetic voices": report["unseen_voices"], "human recordings": report["human"]}
    lines = [["", *sets]]
    for label, key in (("clips", "n_clips"), ("speakers", "n_speakers"), ("minutes", "minutes")):
        lines.append([label, *(s[key] for s in sets.values())])
    for label, key in (
        ("codes used, layers 1-8", "codes_used"),
        ("perplexity, layers 1-8", "perplexity"),
        ("PNMI, layers 1-8", "pnmi"),
    ):
        lines.append([label, *(" · ".join(f"{v:g}" for v in s.get(key, [])) or "-" for s in sets.values())])
    lines.append(["frames with known phones", *(s.get("n_phone_frames", 0) for s in sets.values())])
    for target in ("f0", "energy"):
        for label, key in (("layer 1", "layer1"), ("layers 2-8", "layers2to8")):
            lines.append([f"{target} R² from {label}", *(s[f"{target}_r2_{key}"] for s in sets.values())])
    mel = [" · ".join(f"{mean:.2f}" for mean, _ in s["mel_distance"].values()) for s in sets.values()]
    lines.append(["mel distance with 1 … 8 layers", *mel])
    seconds = (f"{s['encode_seconds_per_second']:.3f}" for s in sets.values())
    lines.append(["seconds of CPU time to encode a second", *seconds])
    lines.insert(1, ["---"] * len(lines[0]))
    words = [
        f"| {label}, {w['n_clips']} clips, {w['n_words']} words | "
        + " | ".join(f"{w[k]:.2f}" for k in ("original", "decoded_8", "decoded_4", "decoded_1"))
        + " |"
        for label, key in (("unseen voices", "words_unseen_voices"), ("human", "words_human"))
        if (w := report.get(key))
    ]
    card = (
        Path(__file__)
        .with_name("codec_card.md")
        .read_text()
        .format(
            parameters=sum(p.numel() for p in codec.model.parameters()) / 1e6,
            steps=report["steps"],
            seed=report["seed"],
            table="\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines),
            words="\n".join(words) or "| not measured for this version | | | | |",
            verdict=judge(report),
        )
    )
    (folder / "README.md").write_text(card)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codec", default=str(ROOT / "data" / "codec"))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "codec")
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--decoded", type=int, default=60)
    parser.add_argument("--no-words", action="store_true", help="skip the recogniser")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    codec = load_codec(args.codec)
    train = encode_part(codec, args.work / "demo_train.npz", 2 * args.clips, args.seed)
    demo = encode_part(codec, args.work / "demo_heldout.npz", args.clips, args.seed)
    human = encode_part(codec, args.work / "human_heldout.npz", args.clips, args.seed)
    report = {
        "codec_hash": codec.hash,
        "seed": args.seed,
        "steps": read_steps(Path(args.codec)),
        "phones": len(PHONES),
        "unseen_voices": measure(codec, train, demo, args.decoded),
        "human": measure(codec, human[::2], human[1::2], args.decoded // 2),
    }
    librivox = [clip for clip in human if (clip["phones"] != UNKNOWN).any()]
    report["human"]["pnmi_clips"] = len(librivox)
    if librivox:
        codes, phones = join(librivox, "codes"), join(librivox, "phones")
        report["human"] |= {
            "n_phone_frames": len(phones),
            "pnmi": phone_information(codes, phones).round(3).tolist(),
        }
    if not args.no_words:
        report["words_unseen_voices"] = word_error_rates(codec, ROOT / "data" / "demo", 60, args.seed)
        report["words_human"] = word_error_rates(codec, ROOT / "data" / "human", 5, args.seed)
    text = json.dumps(report, indent=1)
    (Path(args.codec) / "report.json").write_text(text + "\n")
    print(text)
    write_card(report, codec, Path(args.codec))


if __name__ == "__main__":
    main()
