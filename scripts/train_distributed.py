"""Train step 2 (token embeddings) or step 3 (classifier) in several processes.

    accelerate launch --config_file scripts/accelerate/ddp_cpu.yaml \
        scripts/train_distributed.py embeddings --corpus data/demo --run-dir runs/demo --max-steps 72

It reads and writes what notebooks 04 and 05 do, under the same names: the selection and the token embeddings
of the run folder are used; `embeddings` leaves a .safetensors file there, `classifier` the folder
classifier_TASK; beside them lies a .json with losses, settings and number of processes. Codes that the cache
lacks are encoded by the first process while the others wait, so encode a large corpus beforehand
(`speechlm encode`).

Every process loads its own copy of the model; DDP averages their gradients. The batch size is that of all
processes together, so that results do not depend on how many there are. Without a launcher it is one process.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from accelerate import PartialState

from speechlm_utils.clips import Clip, label_names, sample_clips
from speechlm_utils.experiment import Experiment
from speechlm_utils.files import write_json
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.distributed import check_processes, connect_processes
from speechlm_utils.llm.embeddings import load_embeddings, save_embeddings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.pretraining.pretrain import PretrainSettings, pretrain_token_embeddings
from speechlm_utils.selection.selection import Selection

ROOT = Path(__file__).resolve().parent.parent


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    state = connect_processes()
    check_processes(args.batch_size)
    with state.main_process_first():  # it fills the caches, the others read them
        experiment = make_experiment(args)
        selection = experiment.selection(args.task, args.n_tokens)
        prepare = prepare_embeddings if args.step == "embeddings" else prepare_classifier
        work = prepare(experiment, args)
    train = train_embeddings if args.step == "embeddings" else train_classifier
    train(experiment, selection, work, args, progress=not args.quiet)
    state.wait_for_everyone()


def prepare_embeddings(experiment: Experiment, args: argparse.Namespace) -> dict[str, list[Clip]]:
    """Return unlabelled clips to train on and, in whole sentences, those held out for validation."""
    clips = sample_clips(experiment.unlabelled(), limit=args.n_clips, seed=args.seed)
    if not args.n_validation_clips:
        return {"train": clips}
    held_out = sample_clips(clips, limit=args.n_validation_clips, seed=args.seed)
    ids = {clip.id for clip in held_out}
    return {"train": [clip for clip in clips if clip.id not in ids], "validation": held_out}


def train_embeddings(experiment: Experiment, selection: Selection, clips, args, progress: bool) -> None:
    """Step 2; the first process writes the token embeddings."""
    settings = make_settings(PretrainSettings, args)
    llm = load_llm(experiment.llm)
    result = pretrain_token_embeddings(*llm, clips, selection.tokens, settings, progress)
    if not PartialState().is_main_process:
        return
    path = experiment.embeddings_path(selection)
    save_embeddings(path, result.embeddings)
    about = {"loss_before": result.loss_before, "loss_after": result.loss_after, "baseline": result.baseline}
    write_about(path.with_suffix(".json"), settings, result.losses, result.epoch_losses, about)


def prepare_classifier(experiment: Experiment, args: argparse.Namespace) -> dict[str, list[Clip]]:
    """Return the task's clips of each split that the corpus has."""
    splits = {clip.split for clip in experiment.corpus if args.task in clip.labels}
    wanted = [split for split in ("train", "validation", "test") if split in splits]
    return {split: experiment.clips(args.task, split) for split in wanted}


def train_classifier(experiment: Experiment, selection: Selection, clips, args, progress: bool) -> None:
    """Step 3; the first process writes the classifier."""
    settings = make_settings(FineTuneSettings, args)
    path = experiment.embeddings_path(selection)
    given = load_embeddings(path) if path.exists() else None
    if given is None and PartialState().is_main_process:
        print(
            f"{path}: not there; the classifier starts from embeddings as sampled, not from those of step 2"
        )
    names = label_names(clips["train"], args.task)
    classifier = build_classifier(args.task, names, selection.tokens, settings, experiment.llm, given)
    classifier.selection = selection
    result = fine_tune(classifier, clips, progress)
    if not PartialState().is_main_process:
        return
    folder = Path(args.run_dir) / f"classifier_{args.task}"
    classifier.save(folder)
    scores = [entry["macro_f1_all"] for entry in result.history]
    write_about(folder.with_suffix(".json"), settings, result.losses, scores, {"metrics": result.metrics})


def write_about(path: Path, settings, losses, validations, about: dict) -> None:
    """Write what the training did, and say where."""
    n_processes = PartialState().num_processes
    values = {
        "n_processes": n_processes,
        "settings": asdict(settings),
        "losses": losses,
        "validations": validations,
    }
    write_json(path, values | about)
    course = f"loss {losses[0]:.4f} to {losses[-1]:.4f}"
    print(f"{n_processes} processes, {len(losses)} steps, {course}; wrote {path}")


def make_experiment(args: argparse.Namespace) -> Experiment:
    paths = (args.corpus, args.codec, args.run_dir, args.cache_dir)
    return Experiment(*paths, args.seed, args.clips_per_split, LLMSpec(args.llm, args.dtype))


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line; every setting of step 2 and 3 is an option with its default."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--corpus", required=True, help="folder with metadata.csv")
    shared.add_argument("--codec", default=str(ROOT / "data/tokenizer"), help="folder or hub name")
    shared.add_argument(
        "--run-dir", required=True, help="where selection, token embeddings and classifier lie"
    )
    shared.add_argument("--cache-dir", default=str(ROOT / "runs/cache"), help="of codes")
    shared.add_argument("--llm", default="smollm2-135m", help="name or folder of the language model")
    shared.add_argument("--dtype", default="float32", help="of the model's weights, for example bfloat16")
    shared.add_argument(
        "--task", default="fallacy", help="whose selection, and for `classifier` whose labels"
    )
    shared.add_argument("--n-tokens", type=int, default=75, help="of the selection, where it has to be made")
    shared.add_argument("--clips-per-split", type=int, help="at most so many labelled clips of each split")
    shared.add_argument("--quiet", action="store_true", help="no progress bar")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = parser.add_subparsers(dest="step", required=True)
    step_2 = steps.add_parser("embeddings", help="step 2", parents=[shared])
    step_2.add_argument("--n-clips", type=int, help="at most so many unlabelled clips")
    step_2.add_argument(
        "--n-validation-clips", type=int, default=0, help="of them held out for early stopping"
    )
    add_settings(step_2, PretrainSettings)
    add_settings(steps.add_parser("classifier", help="step 3", parents=[shared]), FineTuneSettings)
    return parser


def add_settings(parser: argparse.ArgumentParser, settings: type) -> None:
    """Add an option for each setting, as described in the class."""
    for field in fields(settings):
        name, default = "--" + field.name.replace("_", "-"), field.default
        if isinstance(default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=default)
        elif isinstance(default, tuple):
            parser.add_argument(name, nargs="+", default=default)
        else:
            parser.add_argument(name, type=int if default is None else type(default), default=default)


def make_settings(settings: type, args: argparse.Namespace):
    """Collect the settings from the options."""
    return settings(**{field.name: getattr(args, field.name) for field in fields(settings)})


if __name__ == "__main__":
    main()
    PartialState().destroy_process_group()
