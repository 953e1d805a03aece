"""The notebooks of the repository: where they are, their numbers, titles and questions."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Notebook:
    """A notebook and what its first cell says about it."""

    path: Path
    title: str
    question: str
    minutes: str = ""

    @property
    def number(self) -> str:
        return self.path.stem[:2]


def find_notebook_folder(start: Path | None = None) -> Path:
    """Find the folder `notebooks/`, from the working directory upwards or beside the package."""
    start = (start or Path.cwd()).resolve()
    for root in (start, *start.parents, Path(__file__).resolve().parents[2]):
        if (root / "notebooks" / "profiles").is_dir():
            return root / "notebooks"
    raise FileNotFoundError(f"no notebooks/profiles in {start} or above it; run this inside the repository")


def find_own(name: str | Path) -> str:
    """Return a folder of the repository ("data/demo") from wherever one works; other names stay."""
    path = Path(name)
    if path.exists() or path.parts[:1] != ("data",):
        return str(name)
    own = find_notebook_folder().parent / path
    return str(own) if own.exists() else str(name)


def find_notebooks(folder: Path) -> list[Notebook]:
    """List the notebooks `NN_name.ipynb` of a folder in order."""
    return [_read_head(path) for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))]


def select_notebooks(notebooks: list[Notebook], only: list[str] | None = None) -> list[Notebook]:
    """Select the notebooks with the given numbers ("2" means "02"); all of them if none is given."""
    numbers = [notebook.number for notebook in notebooks]
    wanted = [number.zfill(2) for number in only or numbers]
    unknown = [number for number in wanted if number not in numbers]
    if not notebooks:
        raise ValueError("there are no notebooks NN_name.ipynb; build them with `make notebooks`")
    if unknown:
        raise ValueError(f"no notebook with number {', '.join(unknown)}; there are: {', '.join(numbers)}")
    return [notebook for notebook in notebooks if notebook.number in wanted]


def _read_head(path: Path) -> Notebook:
    import nbformat

    head = nbformat.read(path, as_version=4).cells[:2]
    text = "\n".join(cell.source for cell in head if cell.cell_type == "markdown")
    lines = [line.strip() for line in text.splitlines()]
    title = next((line.lstrip("# ") for line in lines if line.startswith("#")), path.stem)
    texts = [line for line in lines if line and not line.startswith(("#", "[", "<", "!"))]
    question = next((line for line in texts if "?" in line), texts[0] if texts else "")
    minutes = re.search(r"(\d+(?:[.–-]\d+)?)\s*minute", text)
    return Notebook(path, title, re.sub("[*`]", "", question), minutes[1] if minutes else "")
