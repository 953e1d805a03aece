"""A small good file for every reader of the package, and how it is read."""

import io
import json
import struct
from pathlib import Path

import numpy as np
import soundfile

from speechlm_utils.codec_spec import CodecSpec


def make_files(folder: Path) -> list[tuple]:
    """Write the files, and return a row for each: name, file, reader, is it text, share of mutants."""
    makers = (
        _tables,
        _profile,
        _selection,
        _embeddings,
        _artefact,
        _adapter,
        _codec,
        _parquet,
        _whisper,
        _sounds,
        _codes,
        _features,
        _records,
    )
    return [row for make in makers for row in make(folder)]


def _place(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _tables(folder: Path):
    from speechlm_utils.corpus.load import load_corpus
    from speechlm_utils.corpus.table import read_table

    wav = io.BytesIO()
    soundfile.write(wav, np.full(2000, 0.1), 8000, format="WAV")
    rows = [
        {
            "file_name": f"{i}.wav",
            "text": f'say, "so" {i}',
            "split": s,
            "label": "ab"[i % 2],
            "planted_db": i / 2,
        }
        for i, s in enumerate(["train"] * 4 + ["test", "validation"])
    ]
    for name in ("CSV table", "JSON lines"):
        place = _place(folder, name.replace(" ", "_"))
        for row in rows:
            (place / row["file_name"]).write_bytes(wav.getvalue())
        path = place / ("metadata.csv" if name == "CSV table" else "metadata.jsonl")
        lines = [json.dumps(row) for row in rows]
        if name == "CSV table":
            cells = [[str(v).replace('"', '""') for v in row.values()] for row in rows]
            lines = [",".join(rows[0]), *(",".join(f'"{cell}"' for cell in row) for row in cells)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield name, path, (lambda place=place: (read_table(place), load_corpus(place))), True, 2.0


def _profile(folder: Path):
    from speechlm_utils.cli.parameters import check_values
    from speechlm_utils.cli.profiles import load_profile

    declared = {"corpus_dir": '"x"', "task": '"a"', "seed": "0", "C": "None", "Cs": "[0.1]", "columns": "{}"}
    path = _place(folder, "profile") / "own.yml"
    path.write_text(
        'all:\n  corpus_dir: "../a"\n  task: mood\n  Cs: [0.1, 2.0e-1]\n"13":\n  seed: 3\n  C: 0.1\n'
    )

    def read():
        profile = load_profile(str(path), folder)
        for values in (profile.common, *profile.by_number.values()):
            check_values("profile", {k: v for k, v in values.items() if k in declared}, declared)

    yield "profile", path, read, True, 1.0


def _selection(folder: Path):
    from speechlm_utils.selection.selection import Selection

    path = _place(folder, "selection") / "selection.json"
    facts = {"C": 0.1, "solver": "saga", "converged": True, "n_iter": 9, "seed": 0, "codec_hash": "c"}
    found = {"task": "t", "tokens": [(2, 1), (3, 4)], "coefs": np.ones((2, 2)), "label_names": ["a", "b"]}
    Selection(**found, **facts, corpus_hash="h", layers=(2, 3)).save(path)
    yield "selection", path, lambda: Selection.load(path, "c"), True, 1.0


def _embeddings(folder: Path):
    from speechlm_utils.llm.embeddings import load_embeddings, read_origin, save_embeddings

    path = _place(folder, "embeddings") / "rows.safetensors"
    save_embeddings(path, {"<|text|>": np.ones(8), "<|L2_0001|>": np.zeros(8)}, {"llm": "x"})
    yield "token embeddings", path, lambda: (read_origin(path), load_embeddings(path)), False, 1.0


def _artefact(folder: Path):
    from speechlm_utils.finetuning.artefact import FORMAT, TEMPLATE, read_artefact
    from speechlm_utils.finetuning.lora import FineTuneSettings
    from speechlm_utils.llm.embeddings import save_embeddings

    place = _place(folder, "artefact")
    about = {
        "format": FORMAT,
        "template": TEMPLATE,
        "task": "t",
        "label_names": ["a", "b"],
        "tokens": [[2, 1]],
    }
    about |= {
        "settings": FineTuneSettings().to_record(),
        "llm_name": "x",
        "llm_hash": "y",
        "dtype": "float32",
    }
    about |= {"quantization": None, "device": "cpu", "codec_facts": {"hash": "c"}}
    (place / "settings.json").write_text(json.dumps(about, indent=1))
    (place / "results.json").write_text(json.dumps({"data": {"texts_hash": "h"}, "metrics": {}}))
    save_embeddings(place / "rows.safetensors", {"<|text|>": np.ones(8)})

    def read():
        FineTuneSettings.from_record(read_artefact(place)[0]["settings"])

    for name in ("settings.json", "results.json"):
        yield f"classifier's {name}", place / name, read, True, 1.0


def _adapter(folder: Path):
    from tiny_llm import save_tiny_llm

    from speechlm_utils.finetuning.artefact import ADAPTER_FILE, HEAD_FILE, load_adapter
    from speechlm_utils.finetuning.finetune import build_classifier
    from speechlm_utils.finetuning.lora import FineTuneSettings
    from speechlm_utils.llm.spec import LLMSpec

    place, llm = _place(folder, "adapter"), LLMSpec(save_tiny_llm(folder / "llm"))
    classifier = build_classifier("t", ["a", "b"], [(2, 1)], FineTuneSettings(lora_rank=2), llm)
    classifier.codec_facts = {"hash": "c"}
    classifier.save(place)
    for name, file in (("LoRA adapter", ADAPTER_FILE), ("classifier's head", HEAD_FILE)):
        yield name, place / file, lambda: load_adapter(place, classifier.model), False, 1.0


def _codec(folder: Path):
    import torch
    from conftest import CODEC_CONFIG, make_tiny_model, write_codec

    from speechlm_utils.codec.load import load_codec

    model, place = make_tiny_model(), _place(folder, "codec_pt")
    torch.save(model.state_dict(), place / "SpeechTokenizer.pt")
    (place / "config.json").write_text(json.dumps(CODEC_CONFIG))
    yield "codec's weights, .pt", place / "SpeechTokenizer.pt", lambda: load_codec(place), False, 0.5
    other = write_codec(folder / "codec", model)
    yield "codec's weights", other / "model.safetensors", lambda: load_codec(other), False, 0.5


def _parquet(folder: Path):
    import pandas as pd

    from speechlm_utils.corpus.mamkit import load_mamkit_speech

    place = _place(folder, "MMUSED")
    rows = {"dialogue_id": ["1_1960", "2_1960"], "speech": ["So it is.", "No."], "split": ["TRAIN"] * 2}
    pd.DataFrame(rows | {"speech_indexes": [[0, 1], [2]]}).to_parquet(place / "dataset.parquet")
    yield "Parquet table", place / "dataset.parquet", lambda: load_mamkit_speech(place), False, 1.0


def _whisper(folder: Path):
    from tiny_whisper import pack_model

    from speechlm_utils.whisper.ctranslate2 import read_model

    path = _place(folder, "whisper") / "model.bin"
    rng = np.random.default_rng(0)
    values = {f"encoder/layer_{i}/weight": rng.normal(size=(3, 4)).astype(np.float16) for i in range(4)}
    path.write_bytes(pack_model(values, aliases=[("again", "encoder/layer_0/weight")]))
    yield "Whisper's model.bin", path, lambda: read_model(path), False, 2.0


def _sounds(folder: Path):
    from speechlm_utils.audio import load_audio, read_upload
    from speechlm_utils.containers.header import read_header

    place, rng = _place(folder, "sounds"), np.random.default_rng(0)
    wav = (0.1 * rng.normal(size=3000)).astype(np.float32)
    for kind in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "AU"):
        path = place / f"x.{kind.lower()}"
        soundfile.write(path, wav, 8000, format=kind)
        if kind == "WAV":  # with a list of titles behind the sound, to be walked over
            path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")

        def read(path=path):
            read_header(path)
            try:
                read_upload(path.name, path.read_bytes(), 8000)
            finally:
                load_audio(path, 8000)

        load_audio(path, 16000)  # what resamples is imported before anything is watched
        yield f"sound, {kind}", path, read, False, 1.0


def _codes(folder: Path):
    from speechlm_utils.codec.code_files import read_codes, save_codes

    path = _place(folder, "codes") / "x.npy"
    save_codes(path, np.zeros((8, 20), dtype=np.int16))
    yield "cached codes", path, lambda: read_codes(path, CodecSpec(16000, 320, 64, 8, (1,))), False, 1.0


def _features(folder: Path):
    from speechlm_utils.acoustics.features import read_cached

    path = _place(folder, "features") / "x.npz"
    np.savez_compressed(path, f0_hz=np.arange(40.0), voiced=np.ones(40))
    yield "cached features", path, lambda: read_cached(path), False, 1.0


def _records(folder: Path):
    from speechlm_utils.studies.grid import read_records

    path = _place(folder, "records") / "runs.jsonl"
    path.write_text("".join(json.dumps({"arm": f"a{i}", "seed": i, "score": 0.5}) + "\n" for i in range(5)))
    yield "records of a grid", path, lambda: read_records(path), True, 1.0
