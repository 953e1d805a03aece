"""The form of the exercises in the notebooks: difficulty and minutes, stub and check, hint and solution."""

import ast
import re

import pytest
from solutions import SOURCE

NUMBERS = ("00", "01", "02", "03", "04", "05", "06", "07", "11", "12", "13", "14", "15")
HEADING = re.compile(r"^# ### Exercise (\d) · (.+) \((easy|medium|hard), (\d+) minutes?\)$", re.M)


def split_exercises(number):
    """The exercises of a notebook: (place in it, all that follows up to the next heading)."""
    (path,) = SOURCE.glob(f"{number}_*.py")
    text = path.read_text(encoding="utf-8")
    found = list(HEADING.finditer(text))
    ends = [re.search(r"^# ##+ ", text[one.end() :], re.M) for one in found]
    bodies = [
        text[one.end() : one.end() + end.start()] if end else text[one.end() :]
        for one, end in zip(found, ends, strict=True)
    ]
    return [(int(one[1]), body) for one, body in zip(found, bodies, strict=True)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_has_two_to_four_numbered_exercises(number):
    places = [place for place, _ in split_exercises(number)]
    assert places == list(range(1, len(places) + 1)) and 2 <= len(places) <= 4


@pytest.mark.parametrize(
    ("number", "place", "body"), [(n, *one) for n in NUMBERS for one in split_exercises(n)]
)
def test_an_exercise_has_all_its_parts(number, place, body):
    for word in ("Hint", "Solution"):
        assert body.count(f"<details><summary>{word}</summary>") == 1, word
    cells = [cell.split("\n", 1)[1] for cell in re.split(r"^# %%", body, flags=re.M)[1:]]
    checks = [cell for cell in cells if re.search(r"^(exercises\.)?check_\w+\(", cell, re.M)]
    assert len(checks) == 1, "one cell holds stub and check"
    assert find_stubs(ast.parse(checks[0])), "the answer is None until somebody gives one"
    solution = body.split("<summary>Solution</summary>")[1]
    code = "\n".join(re.sub(r"^# ?", "", line) for line in solution.splitlines())
    (block,) = re.findall(r"```python\n(.*?)```", code, re.S)
    assert find_stubs(ast.parse(checks[0])) <= list_answers(ast.parse(block)), "it defines what was asked for"


def find_stubs(tree):
    """Names that a cell sets to None, and functions that return it."""
    stubs = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and "None" in ast.unparse(node.value):
            stubs |= {name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)}
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.body[-1]) == "return None":
            stubs.add(node.name)
    return stubs


def list_answers(tree):
    """Names that a solution defines."""
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    nodes = (name for node in tree.body if isinstance(node, ast.Assign) for name in ast.walk(node))
    return functions | {name.id for name in nodes if isinstance(name, ast.Name)}


# --- the teacher's page -------------------------------------------------------------------------------------

TEACHING = (SOURCE.parent / "TEACHING.md").read_text(encoding="utf-8")


def test_links_of_the_teachers_page_lead_somewhere():
    titles = re.findall(r"^##+ (.+)$", TEACHING, re.M)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\((.+?)\)", TEACHING):
        assert target[1:] in anchors if target[0] == "#" else (SOURCE.parent / target).exists(), target


def test_paths_take_the_minutes_that_they_promise():
    parts = re.split(r"^\*\*(\d+) minutes: ", TEACHING.split("## The day before")[0], flags=re.M)[1:]
    for promised, text in zip(parts[::2], parts[1::2], strict=True):
        assert sum(map(int, re.findall(r"^\| (\d+) \|", text, re.M))) == int(promised)
    assert parts[::2] == ["20", "60", "180"]


@pytest.mark.parametrize("number", NUMBERS)
def test_teachers_page_lists_the_exercises_of_each_notebook(number):
    table = TEACHING.split("## The exercises")[1]
    (row,) = re.findall(rf"^\| {number} \| (.+) \|$", table, re.M)
    (path,) = SOURCE.glob(f"{number}_*.py")
    titles = [one[2] for one in HEADING.finditer(path.read_text(encoding="utf-8"))]
    assert row.replace("**", "").split(" · ") == titles
