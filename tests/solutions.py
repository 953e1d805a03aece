"""Run the solutions that stand in the notebooks, so that what a learner unfolds is known to work."""

import re
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).parents[1] / "notebooks" / "source"


def find_solutions(number: str) -> list[str]:
    """Return the code blocks of all folded solutions of a notebook, without their "# "."""
    (path,) = SOURCE.glob(f"{number}_*.py")
    folded = re.findall(r"<summary>Solution</summary>(.*?)</details>", path.read_text(encoding="utf-8"), re.S)
    plain = [re.sub(r"^# ?", "", text, flags=re.M) for text in folded]
    return [code for text in plain for code in re.findall(r"```python\n(.*?)```", text, re.S)]


def run_solution(number: str, name: str, **given):
    """Run the one solution of a notebook that defines `name`, and return it; `given` are names it may use."""
    (code,) = [one for one in find_solutions(number) if re.search(rf"^(def )?{name}\b", one, re.M)]
    space = {"np": np, **given}
    exec(compile(code, f"solution of {name} in notebook {number}", "exec"), space)
    return space[name]
