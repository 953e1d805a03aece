"""Controls live in JupyterLab; a notebook that is executed to be read shows a remark in their place."""

import functools
import os
from collections.abc import Callable

from IPython.display import Markdown

STATIC = "SPEECHLM_STATIC"
"""Environment variable that `speechlm run` sets: nobody is there to move a slider.

The messages of ipywidgets between kernel and papermill have also been seen to stall a run.
"""
REMARK = "*In JupyterLab a control stands here; the figure above shows one of its states.*"


def live(explore: Callable) -> Callable:
    """Make a function that returns a widget return a remark instead when no one is there to use it."""

    @functools.wraps(explore)
    def explore_or_remark(*args, **kwargs):
        return Markdown(REMARK) if os.environ.get(STATIC) else explore(*args, **kwargs)

    return explore_or_remark
