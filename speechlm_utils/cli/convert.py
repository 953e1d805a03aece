"""Read a corpus in another format and write a metadata.csv for it: the command `speechlm import`.

Sound files stay where they are and are named relative to the new folder. Beside its metadata.csv lie
inspection.txt and inspection.csv (what is wrong with which clip), dropped.csv (what cannot be used),
leakage.csv (what the splits share) and a profile: `speechlm run --profile` runs notebook 13 with it.

kinds:
  emodb       EmoDB's folder, with wav/03a01Fa.wav and so on (docs/emodb.md)
  mmused-csv  MM-USED-fallacy, the authors' dataset_combined_afc.csv or _afd.csv (docs/mmused.md)
  mamkit      MM-USED-fallacy, the folder MMUSED-fallacy that MAMKit leaves
  hf          a dataset that the library `datasets` saved to disk
"""

import argparse
import os
from dataclasses import fields
from pathlib import Path

KINDS = ("emodb", "mmused-csv", "mamkit", "hf")

EXAMPLES = """\
examples:
  speechlm import emodb EMODB
  speechlm import mmused-csv dataset_combined_afc.csv --audio-root AUDIO --out data/mmused
  speechlm import mamkit AUDIO/MMUSED-fallacy --task afd --split debate --out data/afd
  speechlm import mamkit AUDIO/MMUSED-fallacy --task afc --unlabelled AUDIO/MMUSED --out data/mmused
  speechlm import hf my_dataset --out data/mine

MAMKit's tables are pickles, which can run any command when they are loaded. If you trust them, convert each:
  python -c "import pandas; pandas.read_pickle('dataset.pkl').to_parquet('dataset.parquet')"
"""


def add_import_command(commands) -> None:
    """Add the command to the subparsers of `speechlm`; this module's docstring is its help."""
    keep = argparse.RawDescriptionHelpFormatter
    texts = {"help": "read a corpus in another format", "description": __doc__, "epilog": EXAMPLES}
    parser = commands.add_parser("import", formatter_class=keep, **texts)
    add, folder = parser.add_argument, {"type": Path, "metavar": "FOLDER"}
    add("kind", metavar="KIND", choices=KINDS, help="one of the kinds above")
    add("source", metavar="SOURCE", type=Path, help="the corpus: a folder, of mmused-csv a file")
    about = "where metadata.csv goes (default: runs/corpora/KIND in the repository, which git ignores)"
    add("--out", help=about, **folder)
    about = "at a clip that cannot be used stop, or drop it with its label and list it"
    add("--on-error", choices=("strict", "skip"), default="strict", help=about)
    add("--overwrite", action="store_true", help="replace a metadata.csv that is there")
    add = parser.add_argument_group("options of mmused-csv and mamkit").add_argument
    add("--task", choices=("afc", "afd"), help="needed for mamkit; mmused-csv reads it from the file's name")
    add("--audio-root", help="mmused-csv: has MMUSED-fallacy/ (default: beside the CSV)", **folder)
    add("--split", choices=("authors", "debate"), help="the authors' (default), or whole debates")
    add("--seed", type=int, help="of the splits by debate (default: 0)")
    add("--unlabelled", help="MAMKit's MMUSED, for step 2", **folder)
    parser.set_defaults(command=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Import a corpus and print what there is, what leaks, where it went and how to run on it."""
    from ..corpus.importing import ImportOptions, format_profile, import_corpus, name_profile
    from ..notebook.catalogue import find_notebook_folder

    out = args.out or find_notebook_folder().parent / "runs" / "corpora" / args.kind
    options = ImportOptions(**{one.name: getattr(args, one.name) for one in fields(ImportOptions)})
    done = import_corpus(args.source, args.kind, out, options)
    print(done.inspection.summary())
    if n_dropped := len(done.inspection.seconds) - len(done.clips):
        print(f"\n{n_dropped} clips were dropped with their labels, see {out / 'dropped.csv'}")
    if done.left_out:
        counts = ", ".join(f"{debate} {n}" for debate, n in sorted(done.left_out.items()))
        print(f"\nunlabelled clips left out, since their debates are held out: {counts}")
    print(f"\nshared between splits:\n{done.leakage}")
    print(f"\nwrote {len(done.clips)} clips to {out / 'metadata.csv'}; to run notebook 13 on them:")
    print(f"speechlm run --profile {os.path.relpath(name_profile(out))}\n")
    print(format_profile(done.clips, out))
    if not any(clip.labels for clip in done.clips):
        print(
            "\nNo column holds labels, so there is no task: notebook 13 cannot run before the table has one."
        )
    return 0
