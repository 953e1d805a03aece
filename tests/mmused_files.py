"""The authors' CSV files of MM-USED-fallacy: rows that tests write, and the real files if there are any."""

import os
from pathlib import Path

import pytest

from speechlm_utils.corpus.mmused import load_mmused_csv

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "mmused_fallacy"
FOLDER = Path(os.environ.get("SPEECHLM_MMUSED", BESIDE))
needs_mmused = pytest.mark.skipif(
    not (FOLDER / "dataset_combined_afc.csv").is_file(),
    reason=f"the authors' CSV files are not in {FOLDER}; name their folder in SPEECHLM_MMUSED",
)

HEADER = "split,index,text,audio_path_list,label"
CLIPS = "MMUSED-fallacy/audio_clips"
ROWS = (
    f"train,0, They are all afraid!,{CLIPS}/7_1976/3.wav,0",
    f'train,1,"Ask the experts, I did.",{CLIPS}/7_1976/9.wav|{CLIPS}/7_1976/4.wav|{CLIPS}/7_1976/11.wav,1',
    f"val,0,First a tax. Then tyranny. ,{CLIPS}/8_1980/2.wav,4",
    f"test,0,Ποιος; Sí — “We” win!,{CLIPS}/47_2024/2.wav|{CLIPS}/47_2024/3.wav,5",
)


def write_csv(folder, *rows, name="dataset_combined_afc.csv", header=HEADER):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def load_texts(path, task=None, **options):
    return load_mmused_csv(path, None, task, **options)


def load_real(task, split="authors"):
    return load_texts(FOLDER / f"dataset_combined_{task}.csv", split=split)
