"""Measure the speech tokenizer on voices it was not fitted to; writes its ``report.json`` and ``README.md``.

    python scripts/report_tokenizer.py --emodb runs/corpora/emodb

Synthetic speech: the five voices of the demo corpus's test split, probes fitted on voices of train. Human
speech: the ten speakers of EmoDB (`speechlm import emodb`), in five folds, probes fitted on the other eight.
The recogniser is Whisper tiny.en, the same for originals and decoded speech.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold
from write_results import as_table

from speechlm_utils.acoustics.features import clip_features, frame_features
from speechlm_utils.acoustics.spectra import mel_distance
from speechlm_utils.audio import load_audio
from speechlm_utils.clips import Clip, select_clips
from speechlm_utils.codec.base import SpeechCodec
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.probing import code_usage, predict_from_codes
from speechlm_utils.codec.report import measure_speed, report_phones
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.whisper.recogniser import Recogniser
from speechlm_utils.words import word_error_rate

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {"f0_st": "F0", "rms_db": "energy"}
DEPTHS = (1, 2, 4, 8)
QUIETER_DB = 12.0


def sample(clips: list[Clip], n: int, seed: int) -> list[Clip]:
    """Sample at most n clips, in their order."""
    return [clips[i] for i in np.sort(np.random.default_rng(seed).permutation(len(clips))[:n])]


def join(clips: list[Clip]) -> np.ndarray:
    """Join the codes of clips: (n_layers, n_frames)."""
    return np.concatenate([clip.codes for clip in clips], axis=1)


def probe(clips: list[Clip], features: list[dict], folds: list[tuple]) -> dict:
    """Read pitch and energy linearly from codes, across speakers: R² and correlation over all test frames.

    F0 is in semitones about the speaker's median, voiced frames; also given about 100 Hz, where a voice's own
    height counts. Energy is in dB.
    """
    spec, found = clips[0].spec, {}
    sets = {"layer 1": (1,), "layers 2-8": spec.acoustic_layers, "all": spec.layers}
    targets = {name: [one[name] for one in features] for name in TARGETS}
    targets["f0_100hz"] = [12 * np.log2(one["f0_hz"] / 100) for one in features]
    for target, values in targets.items():
        for name, layers in sets.items():
            truth, read = [], []
            for train, test in folds:
                y, y_test = (np.concatenate([values[i] for i in part]) for part in (train, test))
                x, x_test = (join([clips[i] for i in part]) for part in (train, test))
                known = np.isfinite(y_test)
                truth.append(y_test[known])
                read.append(predict_from_codes((x, y), x_test[:, known], layers, spec.codebook_size))
            truth, read = np.concatenate(truth), np.concatenate(read)
            found.setdefault(target, {})[name] = {
                "r2": round(float(r2_score(truth, read)), 3),
                "r": round(float(np.corrcoef(truth, read)[0, 1]), 3),
                "frames": len(truth),
            }
    return found


def describe(clips: list[Clip]) -> dict:
    """Count clips and speakers, and the codes in use."""
    used, perplexity = code_usage([clip.codes for clip in clips], clips[0].spec.codebook_size)
    return {
        "clips": len(clips),
        "speakers": len({clip.speaker for clip in clips}),
        "minutes": round(join(clips).shape[1] / clips[0].spec.frame_rate / 60, 1),
        "codes_used": used.tolist(),
        "perplexity": perplexity.round(0).tolist(),
    }


def compare_f0(wav: np.ndarray, decoded: np.ndarray, codec: SpeechCodec) -> tuple[np.ndarray, np.ndarray]:
    """Return F0 (semitones about 100 Hz) of original and decoded speech in frames voiced in both."""
    original, other = (frame_features(one[: len(wav)], codec.spec)["f0_hz"] for one in (wav, decoded))
    both = np.isfinite(original) & np.isfinite(other)
    return 12 * np.log2(original[both] / 100), 12 * np.log2(other[both] / 100)


def report_decoded(codec: SpeechCodec, clips: list[Clip], recogniser: Recogniser) -> dict:
    """Measure decoded speech against the original: words, pitch, spectrum."""
    wavs = [load_audio(clip.audio, codec.spec.sample_rate) for clip in clips]
    texts, codes = [clip.text for clip in clips], [codec.encode(wav) for wav in wavs]
    found = {"clips": len(clips), "words": sum(len(text.split()) for text in texts)}
    versions = {"original": wavs} | {f"{n} layers": [codec.decode(one, n) for one in codes] for n in DEPTHS}
    heard = {name: [text for text, _ in recogniser.recognise(one)] for name, one in versions.items()}
    found["word_error_rate"] = {name: round(word_error_rate(texts, one), 3) for name, one in heard.items()}
    for n in DEPTHS:
        decoded = versions[f"{n} layers"]
        pairs = [compare_f0(*pair, codec) for pair in zip(wavs, decoded, strict=True)]
        before, after = (np.concatenate(part) for part in zip(*pairs, strict=True))
        centred = [
            np.concatenate([x - x.mean() for x in part if len(x)]) for part in zip(*pairs, strict=True)
        ]
        mel = [mel_distance(*pair, codec.spec.sample_rate) for pair in zip(wavs, decoded, strict=True)]
        found[f"{n} layers"] = {
            "f0_r": round(float(np.corrcoef(before, after)[0, 1]), 3),
            "f0_r_within_clips": round(float(np.corrcoef(*centred)[0, 1]), 3),
            "mel_distance": round(float(np.mean(mel)), 3),
        }
    return found


def report_level(codec: SpeechCodec, clips: list[Clip]) -> float:
    """Return the share of codes of layers 2 and on that stay the same when a clip is made 12 dB quieter."""
    same = []
    for clip in clips:
        wav = load_audio(clip.audio, codec.spec.sample_rate)
        pair = (codec.encode(wav)[1:], codec.encode(wav * 10 ** (-QUIETER_DB / 20))[1:])
        same.append(np.mean(pair[0] == pair[1]))
    return round(float(np.mean(same)), 3)


def measure(codec: SpeechCodec, args: argparse.Namespace) -> dict:
    """All figures."""
    demo, recogniser = load_corpus(args.corpus), Recogniser()
    train, test = (sample(select_clips(demo, split=one), args.clips, args.seed) for one in ("train", "test"))
    clips = encode_clips([*train, *test], codec, args.cache)
    features = clip_features(clips, args.cache)
    n_train, decoded = len(train), sample(test, args.decoded, args.seed)
    phones = report_phones(clips[n_train:], args.seed)
    encode, decode = measure_speed(codec, [load_audio(c.audio, codec.spec.sample_rate) for c in decoded[:20]])
    report = {
        "codec_hash": codec.hash,
        "seed": args.seed,
        "synthetic": {
            **describe(clips[n_train:]),
            "pnmi": phones["pnmi"].round(3).tolist(),
            "pnmi_floor": phones["floor"].round(3).tolist(),
            "probes": probe(clips, features, [(range(n_train), range(n_train, len(clips)))]),
            "decoded": report_decoded(codec, decoded, recogniser),
        },
        "same_codes_12_db_quieter": report_level(codec, decoded[:20]),
        "encode_seconds_per_second": round(float(np.mean(encode)), 4),
        "decode_seconds_per_second": round(float(np.mean(decode)), 4),
    }
    if args.emodb:
        human = encode_clips(load_corpus(args.emodb), codec, args.cache)
        speakers = [clip.speaker for clip in human]
        folds = list(GroupKFold(5).split(human, groups=speakers))
        report["human"] = describe(human) | {"probes": probe(human, clip_features(human, args.cache), folds)}
    readers = load_corpus(ROOT / "data" / "human")
    report["reader"] = report_decoded(codec, readers, recogniser)
    return report


def describe_training(decoder: dict) -> str:
    """Say how the decoder was trained."""
    losses = "with discriminators" if decoder["adversarial"] else "spectral losses alone"
    steps, minutes = (
        f"{decoder['steps']:,} steps of {decoder['batch']} × 1 s",
        f"{decoder['minutes']:.0f} minutes",
    )
    return f"{steps}, {minutes} on {decoder['device']}, {losses}"


def write_card(report: dict, codec: SpeechCodec, folder: Path) -> None:
    """Fill ``scripts/tokenizer_card.md`` with the figures and write the folder's README."""
    build, decoder = (
        json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("build", "decoder")
    )
    sets = {"demo test voices": report["synthetic"]}
    if "human" in report:
        sets["EmoDB, other speakers"] = report["human"]
    usage = [["", *sets]]
    for label, key in (("clips", "clips"), ("speakers", "speakers"), ("minutes", "minutes")):
        usage.append([label, *(one[key] for one in sets.values())])
    for label, key in (("codes used", "codes_used"), ("perplexity", "perplexity"), ("PNMI", "pnmi")):
        per_layer = [" · ".join(f"{v:g}" for v in one.get(key, [])) or "–" for one in sets.values()]
        usage.append([f"{label}, layers 1–8", *per_layer])
    probes = [["read from", "of", *(f"{name}: R² (r)" for name in sets)]]
    names = TARGETS | {"f0_100hz": "F0, absolute"}
    for layers in ("layer 1", "layers 2-8", "all"):
        for target, name in names.items():
            cells = (one["probes"][target][layers] for one in sets.values())
            probes.append([layers, name, *(f"{cell['r2']:.2f} ({cell['r']:.2f})" for cell in cells)])
    decoded = [["", "original", *(f"{n} layers" for n in reversed(DEPTHS))]]
    for name, part in (("demo test voices", report["synthetic"]["decoded"]), ("a reader", report["reader"])):
        about = f"{name}, {part['clips']} clips, {part['words']} words"
        rates = [part["word_error_rate"][column] for column in decoded[0][1:]]
        decoded.append([f"word error rate, {about}", *(f"{rate:.2f}" for rate in rates)])
        for key, label in (("f0_r", "F0, r"), ("f0_r_within_clips", "F0 within clips, r")):
            cells = (f"{part[column][key]:.2f}" for column in decoded[0][2:])
            decoded.append([f"{label}, {name}", "", *cells])
    sizes = {
        name: sum(p.numel() for p in getattr(codec.model, name).parameters()) / 1e6
        for name in ("encoder", "decoder")
    }
    text = Path(__file__).with_name("tokenizer_card.md").read_text(encoding="utf-8")
    text = text.format(
        usage=as_table(usage),
        probes=as_table(probes),
        decoded=as_table(decoded),
        sizes=sizes,
        build=build,
        left=" · ".join(f"{share:.2f}" for share in build["variance_left"]),
        floor=f"{np.mean(report['synthetic']['pnmi_floor'][1:]):.3f}",
        decoder=describe_training(decoder),
        **report,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "data" / "tokenizer")
    parser.add_argument("--corpus", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--emodb", type=Path, help="folder that `speechlm import emodb` wrote")
    parser.add_argument("--cache", type=Path, default=ROOT / "runs" / "cache")
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--decoded", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    codec = load_codec(args.tokenizer)
    report = measure(codec, args)
    (args.tokenizer / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    write_card(report, codec, args.tokenizer)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
