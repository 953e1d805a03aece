"""What parts of the notebooks need of a corpus: cells tagged `needs-…` are left out where it lacks that."""

import re
from collections.abc import Callable, Mapping, Sequence

from ..clips import Clip, task_names
from ..corpus.columns import PLANTED

PREFIX = "needs-"

NEEDS: dict[str, tuple[str, Callable[[Sequence[Clip]], bool]]] = {
    "planted": (
        f"planted delivery (columns {PLANTED[0]} to {PLANTED[-1]})",
        lambda clips: all(set(PLANTED) <= set(clip.planted) for clip in clips),
    ),
    "ambiguous": (
        "clips marked as ambiguous (column ambiguous)",
        lambda clips: any(clip.ambiguous for clip in clips),
    ),
    "phones": ("phones (column phones, in every row)", lambda clips: all(clip.phones for clip in clips)),
    "speakers": (
        "named speakers, two or more (column speaker)",
        lambda clips: len({clip.speaker for clip in clips} - {""}) > 1,
    ),
    "voices": (
        "named speakers in the split train, two or more (column speaker)",
        lambda clips: len({clip.speaker for clip in clips if clip.split == "train"} - {""}) > 1,
    ),
}
"""What a need is called in tags -> what it is, and whether the labelled clips of a task have it."""

CORPUS_NEEDS: dict[str, tuple[str, Callable[[Sequence[Clip]], bool]]] = {
    "question": (
        "tasks named question and topic (columns of these names)",
        lambda clips: {"question", "topic"} <= set(task_names(clips)),
    ),
    "unlabelled": (
        "unlabelled part (split unlabelled)",
        lambda clips: any(clip.split == "unlabelled" for clip in clips),
    ),
}
"""The same, asked of all clips of a corpus."""


class CorpusLacksError(ValueError):
    """A part of a notebook was run that the corpus has no data for; a notebook shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def find_missing(clips: Sequence[Clip], task: str | None = None) -> dict[str, str]:
    """Find what a corpus lacks of all that cells may need.

    Parameters
    ----------
    clips : records of the whole corpus
    task : label column whose clips count; None takes the clips of any task

    Returns
    -------
    missing : dict, need (without "needs-") -> what it is, in words
    """
    labelled = [clip for clip in clips if (task in clip.labels if task else clip.labels)]
    asked = [(NEEDS, labelled), (CORPUS_NEEDS, clips)]
    return {
        name: what
        for needs, some in asked
        for name, (what, is_there) in needs.items()
        if not (some and is_there(some))
    }


def require(clips: Sequence[Clip], *needs: str, task: str | None = None) -> None:
    """Say in one sentence what the corpus lacks, before a cell stumbles over it.

    Parameters
    ----------
    clips, task : as in `find_missing`
    needs : names of `NEEDS` and `CORPUS_NEEDS`

    Raises
    ------
    CorpusLacksError
        If the corpus lacks one of them; the message says which, and what to do.
    """
    missing = find_missing(clips, task)
    for need in needs:
        if need in missing:
            raise CorpusLacksError(
                f"This corpus has no {missing[need]}, which this cell is about: go on below, past the cells "
                f"tagged {PREFIX}{need}, or use `speechlm run`, which leaves them out."
            )


def leave_out(cells: Sequence, missing: Mapping[str, str]) -> tuple[list, list[str]]:
    """Leave out the cells whose tags name a need that the corpus lacks.

    Parameters
    ----------
    cells : cells of a notebook (nbformat)
    missing : as `find_missing` returns it

    Returns
    -------
    kept : list of cells
    told : list of str, a line for each need: how many cells were left out, why, and in which sections
    """
    kept, left_out, section = [], {}, ""
    for cell in cells:
        if cell.cell_type == "markdown" and (headings := re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)):
            section = headings[-1].replace("`", "")
        tags = cell.metadata.get("tags", [])
        lacking = [need for need in missing if PREFIX + need in tags]
        if lacking:
            left_out.setdefault(lacking[0], []).append(section)
        else:
            kept.append(cell)
    told = [
        f"{len(found)} cell{'s' * (len(found) > 1)}, as the corpus has no {missing[need]}; in: "
        + "; ".join(dict.fromkeys(found))
        for need, found in left_out.items()
    ]
    return kept, told
