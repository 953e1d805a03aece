"""Run the notebooks of this repository without opening them.

The notebooks walk the method step by step: speech becomes tokens, an l1 penalty selects about 75 of them, a
language model learns them as new words and is fine-tuned with them. Each notebook starts alone; what an
earlier one would have written it loads from the run folder, or makes itself.

examples:
  speechlm list                             what there is to run
  speechlm run --profile demo               everything, on two CPU cores; then: speechlm open
  speechlm run --profile demo --only 02 03  two of the notebooks
  speechlm run --profile ci --keep-going    the quickest tour, going on after a failure
  speechlm run --profile mine.yml           a corpus of your own: every step, in notebook 13
  speechlm check CORPUS --profile mine.yml  what is wrong with it, in seconds

A profile is a file notebooks/profiles/NAME.yml with parameters of the notebooks, and the only difference
between a quick tour and the paper's settings: copy one to make your own, or pass the path of a .yml file.
"""

import argparse
import os
import sys
from inspect import getdoc
from pathlib import Path

from .check import add_check_command  # what is slow to import is imported when a command runs
from .convert import add_import_command
from .encode import add_encode_command
from .transcribe import add_transcribe_command
from .view import add_open_command


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run one command; returns the exit code."""
    args = build_parser().parse_args(argv)
    try:
        return args.command(args)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        if os.environ.get("SPEECHLM_TRACEBACK"):
            raise
        print(f"speechlm: {_say_in_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("speechlm: interrupted; what was finished stays in the run folder", file=sys.stderr)
        return 130


def _say_in_one_line(error: Exception) -> str:
    """Write an error; those of other libraries become one line, with the name of the variable for more."""
    text = str(error)
    if isinstance(error, OSError | ValueError):
        return text
    return f"{' '.join(text.split()) or type(error).__name__} (SPEECHLM_TRACEBACK=1 shows where)"


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line; docstrings are its help."""
    keep = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser("speechlm", description=__doc__, **keep)
    names = "{run,open,list,check,import,transcribe,encode}"
    commands = parser.add_subparsers(title="commands", required=True, metavar=names)
    profile = argparse.ArgumentParser(add_help=False)
    about = "a profile of notebooks/profiles (ci, demo, paper) or the path of a .yml file (default: demo)"
    profile.add_argument("--profile", default="demo", metavar="NAME", help=about)

    def add(name, command, *parents):
        about = getdoc(command)
        shown = {"help": about.partition("\n")[0], "description": about, **keep}
        one = commands.add_parser(name, parents=parents, **shown)
        one.set_defaults(command=command)
        return one.add_argument

    option = add("run", run, profile)
    about = "numbers of the notebooks to run, for example: 02 03"
    option("--only", nargs="+", metavar="NN", help=about)
    about = "where to write (default: runs/<profile>)"
    option("--run-dir", type=Path, metavar="FOLDER", help=about)
    about = "notebooks at a time (default: 2, or 1 on a single core); 04 and 05 run alone"
    option("--lanes", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help=about)
    option("--keep-going", action="store_true", help="go on with the next notebook after a failure")
    add_open_command(commands)
    add("list", list_notebooks)
    add_check_command(commands)
    add_import_command(commands)
    add_transcribe_command(commands)
    add_encode_command(commands)
    return parser


def run(args: argparse.Namespace) -> int:
    """Execute the notebooks.

    They run two at a time, 04 and 05 last and alone, and write to the run folder: every executed notebook
    (.ipynb), a page to read (.html, works offline), its figures (figures/), its numbers (metrics/), a quiz
    (quiz.html: you against the model) and index.html, that links them all.
    """
    from ..explorers.quiz import write_quiz
    from ..files import lock_folder
    from ..notebook.catalogue import find_notebook_folder, find_notebooks, select_notebooks
    from ..notebook.record import read_metrics
    from .check import check_plan
    from .index import format_summary, write_index
    from .notebooks import merge_results, run_notebooks
    from .profiles import ANY_CORPUS, keep_to_corpus, load_profile, plan_parameters

    folder = find_notebook_folder()
    profile = load_profile(args.profile, folder)
    notebooks = find_notebooks(folder)
    selected = select_notebooks(notebooks, args.only)
    run_dir = (args.run_dir or folder.parent / "runs" / profile.name).resolve()
    plan = plan_parameters(notebooks, profile, run_dir)
    selected = keep_to_corpus(selected, plan, asked=bool(args.only))
    if failing := check_plan(selected, plan):
        raise ValueError(f"{len(failing)} things to mend before anything is run, see above")
    with lock_folder(run_dir):
        results = run_notebooks(selected, plan, run_dir, args.keep_going, args.lanes)
        metrics = read_metrics(run_dir)
        if any(notebook.number != ANY_CORPUS for notebook in selected):  # on the demo corpus, as the quiz is
            write_quiz(folder.parent / "data", run_dir)
        index = write_index(notebooks, merge_results(results, run_dir), run_dir, profile.name, metrics)
    print(format_summary(selected, results, metrics))
    failed = [result for result in results if result.status == "failed"]
    for result in failed:
        print(f"\n{result.describe_failure()}", file=sys.stderr)
    print(f"\nOpen {os.path.relpath(index)} in a browser.")
    return 1 if failed else 0


def list_notebooks(args: argparse.Namespace) -> int:
    """Show the notebooks in order."""
    from ..notebook.catalogue import find_notebook_folder, find_notebooks

    for notebook in find_notebooks(find_notebook_folder()):
        print(f"{notebook.number}  {notebook.title}\n    {notebook.question}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
