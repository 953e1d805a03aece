"""The command `speechlm`: run the notebooks from a shell, prepare what they need, list them.

Notebooks use one function of this module, `record_metrics`; everything else is imported when a command asks
for it.
"""

import argparse
import os
import sys
from pathlib import Path

from ..notebook.record import read_metrics
from .convert import add_import_command
from .encode import add_encode_command

HELP = """\
Run the notebooks of this repository without opening them.

The notebooks walk the method step by step: speech becomes tokens, an l1 penalty keeps about 75 of them, a
language model learns them as new words and is fine-tuned with them. Each notebook starts alone; what an
earlier one would have written it loads from the run folder, or makes itself.
"""
EXAMPLES = """\
examples:
  speechlm list                             what there is to run
  speechlm prepare                          load the language model and encode the corpus, once
  speechlm run --profile demo               everything, on two CPU cores; then open runs/demo/index.html
  speechlm run --profile demo --only 02 03  two of the notebooks
  speechlm run --profile ci --keep-going    the quickest tour, going on after a failure

A profile is a file notebooks/profiles/NAME.yml with parameters of the notebooks, and the only difference
between a quick tour and the paper's settings: copy one to make your own, or pass the path of a .yml file.
"""
RUN_HELP = """\
Execute the notebooks in order and write to the run folder: every executed notebook (.ipynb), a page to read
(.html, works offline), its figures (figures/), its numbers (metrics/) and index.html, which links them all.
"""


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run one command; returns the exit code."""
    args = build_parser().parse_args(argv)
    try:
        return args.command(args)
    except (OSError, ValueError) as error:
        print(f"speechlm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("speechlm: interrupted; what was finished stays in the run folder", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    keep = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("speechlm", description=HELP, epilog=EXAMPLES, formatter_class=keep)
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="{run,prepare,list,import,encode}"
    )

    run = commands.add_parser("run", help="execute the notebooks", description=RUN_HELP, formatter_class=keep)
    _add_profile(run)
    run.add_argument(
        "--only", nargs="+", metavar="NN", help="numbers of the notebooks to run, for example: 02 03"
    )
    run.add_argument(
        "--run-dir", type=Path, metavar="FOLDER", help="where to write (default: runs/<profile>)"
    )
    run.add_argument("--keep-going", action="store_true", help="go on with the next notebook after a failure")
    run.set_defaults(command=_run)

    about = "Load the language model and encode the corpus, so that no notebook has to wait for it."
    prepare = commands.add_parser("prepare", help="fill the caches beforehand", description=about)
    _add_profile(prepare)
    prepare.set_defaults(command=_prepare)

    listing = commands.add_parser(
        "list", help="show the notebooks", description="Show the notebooks in order."
    )
    listing.set_defaults(command=_list)
    add_import_command(commands)
    add_encode_command(commands)
    return parser


def _add_profile(parser: argparse.ArgumentParser) -> None:
    text = "a profile of notebooks/profiles (ci, demo, paper) or the path of a .yml file (default: demo)"
    parser.add_argument("--profile", default="demo", metavar="NAME", help=text)


def _run(args: argparse.Namespace) -> int:
    from ..notebook import catalogue
    from . import index as report
    from . import notebooks as notebook_runner
    from . import profiles

    folder = catalogue.find_notebook_folder()
    profile = profiles.load_profile(args.profile, folder)
    notebooks = catalogue.find_notebooks(folder)
    chosen = catalogue.choose_notebooks(notebooks, args.only)
    run_dir = (args.run_dir or folder.parent / "runs" / profile.name).resolve()
    plan = profiles.plan_parameters(notebooks, profile, run_dir)
    results = notebook_runner.run_notebooks(chosen, plan, run_dir, keep_going=args.keep_going)
    metrics = read_metrics(run_dir)
    merged = notebook_runner.merge_results(results, run_dir)
    index = report.write_index(notebooks, merged, run_dir, profile.name, metrics)
    print(report.format_summary(chosen, results, metrics))
    failed = [result for result in results if result.status == "failed"]
    for result in failed:
        print(f"\n{result.describe_failure()}", file=sys.stderr)
    print(f"\nOpen {os.path.relpath(index)} in a browser.")
    return 1 if failed else 0


def _prepare(args: argparse.Namespace) -> int:
    from ..notebook import catalogue
    from . import profiles

    folder = catalogue.find_notebook_folder()
    settings = profiles.DEFAULTS | profiles.load_profile(args.profile, folder).common
    from ..codec import cache as encoding
    from ..codec import load as codec
    from ..corpus import load as corpus
    from ..llm import load as llm  # these load torch: only after the profile is known to be good

    os.chdir(folder)  # the paths of a profile are relative to the notebooks
    print(f"1/2 language model {settings['llm_name']} ...", flush=True)
    options = {"quantization": settings.get("llm_quantization")}
    llm.load_llm(settings["llm_name"], dtype=settings.get("llm_dtype", llm.AUTO), **options)
    print(f"2/2 speech tokens of {settings['corpus_dir']} ...", flush=True)
    clips = corpus.load_corpus(settings["corpus_dir"])
    encoding.encode_clips(clips, codec.load_codec(settings["codec_name"]), settings["cache_dir"])
    print(f"ready: {len(clips)} clips encoded; now `speechlm run --profile {args.profile}` or `make lab`")
    return 0


def _list(args: argparse.Namespace) -> int:
    from ..notebook import catalogue

    for notebook in catalogue.find_notebooks(catalogue.find_notebook_folder()):
        print(f"{notebook.number}  {notebook.title}\n    {notebook.question}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
