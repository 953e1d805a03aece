"""Run the arms of the study with the language model: arms x seeds of one task, one record a run.

    python scripts/llm_study.py --task fallacy --arms text lasso matched --seeds 0 1 2 3 4
    python scripts/llm_study.py --corpus runs/corpora/emodb --task emotion --rotate 5 --arms lasso matched
    python scripts/llm_study.py --task fallacy --list

Records are appended to build/study/<corpus>_<task>.jsonl as they finish; the same command goes on where it
was stopped. --merge writes them to data/reference/llm_<corpus>_<task>.json, beside what stands there already.
What the arms read is gathered once and kept beside the records (--gather stops there: the folder can then be
taken to a machine that has the language model and a GPU, but neither corpus nor codec; name all --arms then,
for features, word times and other numbers of tokens are gathered for these alone). With --rotate K,
voices rotate through test in K folds, the seed of a run is its fold, and --merge pools the folds' test clips.
"""

import argparse
import functools
from functools import partial
from pathlib import Path

import joblib
from tqdm import tqdm

from speechlm_utils.acoustics.features import clip_features
from speechlm_utils.clips import Clip, hash_texts, label_names
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.files import write_atomically, write_json
from speechlm_utils.llm.checkpoints import resumable
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.studies.arms import ARMS
from speechlm_utils.studies.folds import SPLITS, divide, pool_clips, pool_folds, split_by_fold
from speechlm_utils.studies.grid import Job, read_records, run_grid
from speechlm_utils.studies.linear import RMS_DBFS
from speechlm_utils.studies.material import (
    Material,
    name_layers,
    select_tokens,
    summarise_prosody,
    write_prosody,
)
from speechlm_utils.studies.needs import complete_material
from speechlm_utils.studies.report import continue_study, describe_clips
from speechlm_utils.studies.run import run_arm
from speechlm_utils.studies.speechlm import QWEN_AUDIO, ask_arm

ROOT = Path(__file__).resolve().parents[1]


def gather(args: argparse.Namespace, fold: int | None) -> Material:
    """Encode, measure and select what the arms of a task read; of one fold, if voices rotate."""
    codec, corpus = load_codec(args.codec), load_corpus(args.corpus)
    labelled = [clip for clip in corpus if args.task in clip.labels]
    unlabelled = [clip for clip in corpus if clip.split == "unlabelled"]
    if fold is not None:
        labelled, unlabelled = split_by_fold(labelled, args.rotate, fold), []
    coded, loud = (encode_clips(labelled, codec, args.cache, level, 2) for level in (None, RMS_DBFS))
    parts, loud_parts = divide(coded), divide(loud)
    silent, loud_silent = (
        encode_clips(unlabelled, codec, args.cache, level, 2) if unlabelled else some["train"]
        for level, some in ((None, parts), (RMS_DBFS, loud_parts))
    )
    layers, heard = name_layers(codec.spec), ((parts, False), (loud_parts, True))
    selections = {
        (name, is_loud): select_tokens(some["train"], args.task, layers[name], args.n_tokens)
        for some, is_loud in heard
        for name in (("acoustic",) if is_loud else layers)
    }
    return Material(
        Path(args.corpus).name,
        args.task,
        label_names(coded, args.task),
        parts,
        silent,
        selections,
        layers,
        codec.hash,
        loud_parts | {"unlabelled": loud_silent},
        describe_prosody(parts, args.cache),
    )


def describe_prosody(parts: dict[str, list[Clip]], cache: Path) -> dict[str, str]:
    """Write the measured prosody of every clip in words."""
    clips = [clip for split in SPLITS for clip in parts[split]]
    measured = [summarise_prosody(one) for one in clip_features(clips, cache)]
    words = write_prosody(measured[: len(parts["train"])], measured)
    return {clip.id: text for clip, text in zip(clips, words, strict=True)}


def place_material(args: argparse.Namespace, fold: int | None) -> Path:
    """Name the file of what was gathered, of one fold if voices rotate."""
    end = "" if fold is None else f"_{fold}"
    return args.work / f"{Path(args.corpus).name}_{args.task}{end}.joblib"


def load_material(args: argparse.Namespace, fold: int | None) -> Material:
    """Load what was gathered, or gather and keep it."""
    path = place_material(args, fold)
    material = joblib.load(path) if path.exists() else None
    is_new = material is None
    if not is_new and is_stale(material, args, fold):
        print(f"{path}: was gathered from another corpus, other labels or another codec; gathering again")
        is_new = True
    material = gather(args, fold) if is_new else material
    complete = complete_material(material, args.arms)
    if complete is not material or is_new:
        with write_atomically(path) as part:
            joblib.dump(complete, part, compress=3)
    return complete


@functools.lru_cache(maxsize=1)
def read_clips(corpus: Path, codec: str) -> tuple[list[Clip], str] | None:
    """Read the corpus, and the codec's hash; None on a machine that has not both."""
    if not corpus.is_dir() or not Path(codec).is_dir():
        return None
    return load_corpus(corpus), load_codec(codec).hash


def is_stale(material: Material, args: argparse.Namespace, fold: int | None) -> bool:
    """Tell whether corpus or codec, where they are here, are others than those that were gathered from."""
    if (found := read_clips(args.corpus, args.codec)) is None:
        return False
    labelled, codec_hash = [clip for clip in found[0] if args.task in clip.labels], found[1]
    parts = divide(labelled if fold is None else split_by_fold(labelled, args.rotate, fold))
    texts = [hash_texts(parts[split]) == hash_texts(material.clips[split]) for split in SPLITS]
    return not all(texts) or codec_hash != material.codec_hash


def run(args: argparse.Namespace, job: Job) -> dict:
    """Run one job, or go on with it where it was stopped; with --keep its classifier is saved.

    It may run in another process, which is sent this function and all that it calls.
    """
    material = joblib.load(place_material(args, job.seed if args.rotate else None))
    if ARMS[job.arm].asked:
        return ask_arm(job.arm, material, job.seed, args.speechlm)
    name = f"{job.task}_{job.arm}_{job.seed}"
    folder = args.keep / name if args.keep else None
    with resumable(args.work / f"{job.corpus}_{name}.unfinished") as was_begun:
        record = run_arm(job.arm, material, job.seed, LLMSpec(args.llm, "auto"), folder)
        return record | dict.fromkeys(("seconds", "cpu_seconds")) if was_begun else record


def merge(args: argparse.Namespace, records: list[dict]) -> None:
    """Add the records to those that stand in the reference file; none that is there is lost."""
    folds = range(args.rotate) if args.rotate else [None]
    materials = [load_material(args, fold) for fold in folds]
    names, task = materials[0].label_names, args.task
    clips = [describe_clips(one.clips, task, names) for one in materials]
    if args.rotate:
        clips, records = [pool_clips(clips)], pool_arms(records, args.rotate)
    path = args.out / f"llm_{materials[0].corpus}_{task}.json"
    about = {"made_by": "scripts/llm_study.py", "label_names": names, "clips": clips[0]}
    study = continue_study(path, about)
    there = {Job.of(run) for run in study["runs"]}
    study["runs"] += [record for record in records if Job.of(record) not in there]
    write_json(path, study)


def pool_arms(records: list[dict], n_folds: int) -> list[dict]:
    """Join every arm's folds to one run; an arm of which a fold is missing has none yet."""
    runs = []
    for arm in dict.fromkeys(one["arm"] for one in records):
        parts = {one["seed"]: one for one in records if one["arm"] == arm}
        if set(parts) == set(range(n_folds)):
            runs.append(pool_folds([parts[fold] for fold in range(n_folds)]) | {"seed": 0})
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--task", default="fallacy", help="label column")
    add("--arms", nargs="+", choices=list(ARMS), default=["text", "lasso", "matched"])
    add("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    add("--rotate", type=int, help="folds over voices; a run's seed is its fold")
    add("--n-tokens", type=int, default=75)
    add("--jobs", type=int, default=1, help="runs side by side")
    add("--llm", default="smollm2-135m")
    add("--speechlm", default=QWEN_AUDIO, help="of the arm speechlm: hub name or folder")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--codec", default=str(ROOT / "data" / "tokenizer"))
    add("--cache", type=Path, default=ROOT / "runs" / "cache")
    add("--work", type=Path, default=ROOT / "build" / "study")
    add("--out", type=Path, default=ROOT / "data" / "reference")
    add("--keep", type=Path, help="save every classifier there")
    for name in ("--gather", "--list", "--merge"):
        add(name, action="store_true")
    args = parser.parse_args()
    seeds = range(args.rotate) if args.rotate else args.seeds
    corpus = Path(args.corpus).name
    jobs = [Job(corpus, args.task, arm, seed) for seed in seeds for arm in args.arms]
    records = args.work / f"{corpus}_{args.task}.jsonl"
    if args.list:
        done = {Job.of(one) for one in read_records(records)}
        for job in jobs:
            print(job.arm, job.seed, "done" if job in done else "to do")
        return
    facts = {}
    for fold in tqdm(seeds if args.rotate else [None], desc="gather"):
        material = load_material(args, fold)
        facts[fold] = {"train_hash": material.hash, "codec_hash": material.codec_hash}

    def fits(record: dict) -> bool:
        """Tell whether a record was made from what is gathered here."""
        wanted = facts.get(record["seed"] if args.rotate else None, {})
        return all(record.get(name, value) == value for name, value in wanted.items())

    if not args.gather:
        run_grid(jobs, partial(run, args), records, args.jobs, fits=fits)
    if args.merge:
        merge(args, list({Job.of(one): one for one in read_records(records) if fits(one)}.values()))


if __name__ == "__main__":
    main()
