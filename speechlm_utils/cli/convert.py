"""Read a corpus in another format and write a metadata.csv for it: the command `speechlm import`.

Sound files stay where they are and are named relative to the new folder. Beside it lie inspection.txt and
inspection.csv (what is wrong with which clip), dropped.csv (what cannot be used) and leakage.csv (what the
splits share). Afterwards every notebook runs on the new folder: it is the corpus_dir of a profile.
"""

import argparse
from dataclasses import fields
from pathlib import Path

EXAMPLES = """\
examples:
  speechlm import dataset_combined_afc.csv --kind mmused-csv --audio-root AUDIO --out data/mmused
  speechlm import AUDIO/MMUSED-fallacy --kind mamkit --task afd --split debate --out data/afd
  speechlm import AUDIO/MMUSED-fallacy --kind mamkit --task afc --unlabelled AUDIO/MMUSED --out data/mmused
  speechlm import my_dataset --kind hf --out data/mine

MAMKit's tables are pickles, which can run any command when they are loaded. If you trust them, convert each:
  python -c "import pandas; pandas.read_pickle('dataset.pkl').to_parquet('dataset.parquet')"
"""


def add_import_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`."""
    keep = argparse.RawDescriptionHelpFormatter
    texts = {"help": "read a corpus in another format", "description": __doc__, "epilog": EXAMPLES}
    parser = commands.add_parser("import", formatter_class=keep, **texts)
    add, folder = parser.add_argument, {"type": Path, "metavar": "FOLDER"}
    add("source", type=Path, help="CSV file or folder, see --kind")
    add("--kind", required=True, choices=("mmused-csv", "mamkit", "hf"), help="the format of the source")
    add("--out", required=True, help="where metadata.csv goes", **folder)
    add("--task", choices=("afc", "afd"), help="of MM-USED-fallacy")
    add("--audio-root", help="with MMUSED-fallacy/ (default: beside the CSV)", **folder)
    add("--split", choices=("authors", "debate"), default="authors", help="of MM-USED-fallacy")
    add("--unlabelled", help="MAMKit's MMUSED, for step 2", **folder)
    about = "at a clip that cannot be used stop, or drop it with its label and list it"
    add("--on-error", choices=("strict", "skip"), default="strict", help=about)
    add("--seed", type=int, default=0, help="of the splits by debate")
    add("--overwrite", action="store_true", help="replace a metadata.csv that is there")
    parser.set_defaults(command=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Import a corpus and print what there is, what leaks and the profile that uses it."""
    from ..corpus.importing import ImportOptions, format_profile, import_corpus

    options = ImportOptions(**{one.name: getattr(args, one.name) for one in fields(ImportOptions)})
    done = import_corpus(args.source, args.kind, args.out, options)
    print(done.inspection.summary())
    if n_dropped := len(done.inspection.seconds) - len(done.clips):
        print(f"\n{n_dropped} clips were dropped with their labels, see {args.out / 'dropped.csv'}")
    if done.left_out:
        counts = ", ".join(f"{debate} {n}" for debate, n in sorted(done.left_out.items()))
        print(f"\nunlabelled clips left out, since their debates are held out: {counts}")
    print(f"\nshared between splits:\n{done.leakage}")
    table = args.out / "metadata.csv"
    print(f"\nwrote {len(done.clips)} clips to {table}; a profile for the notebooks:\n")
    print(format_profile(done.clips, args.out))
    return 0
