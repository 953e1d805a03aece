"""Controls live in JupyterLab; a notebook that is executed to be read shows a remark in their place."""

import functools
import os
from collections.abc import Callable

import matplotlib.pyplot as plt
from IPython.display import Markdown

STATIC = "SPEECHLM_STATIC"
"""Environment variable that `speechlm run` sets: nobody is there to move a slider.

The messages of ipywidgets between kernel and papermill have also been seen to stall a run.
"""
REMARK = "*In JupyterLab a control stands here; the figure above shows one of its states.*"


def live(explore: Callable | None = None, *, still: Callable | None = None) -> Callable:
    """Make a function that returns a widget return a remark instead when no one is there to use it.

    Parameters
    ----------
    explore : the function
    still : called with the same arguments, draws the figure that then stands above the remark; None: another
        cell draws it
    """
    if explore is None:
        return functools.partial(live, still=still)

    @functools.wraps(explore)
    def explore_or_remark(*args, **kwargs):
        if not os.environ.get(STATIC):
            return explore(*args, **kwargs)
        if still is not None:
            still(*args, **kwargs)
            plt.show()
        return Markdown(REMARK)

    return explore_or_remark
