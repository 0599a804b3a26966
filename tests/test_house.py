"""The house is kept: what the linters cannot see."""

import ast
import os
import re
import statistics
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = sorted((ROOT / "src/daylight").rglob("*.py"))
NOT_EMPTY = {"daylight/__init__.py", "models/__init__.py"}  # a docstring; Django's tables
LONGEST = 50  # lines of a function
LONGEST_FILE = 400
MEDIAN = 15
LARGEST = 3_000_000  # bytes of a binary file in the project


def functions(path: Path):
    tree = ast.parse(path.read_text())
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


MADE = {".git", ".venv", "build", "dist", "__pycache__"}  # by tools, where git cannot say so


def kept_files() -> list[Path]:
    """What belongs to the project: by git where there is git, by walking in a mere copy."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        found = (p for p in ROOT.rglob("*") if not MADE & {*p.relative_to(ROOT).parts})
        return [path for path in found if path.is_file()]
    names = os.fsdecode(told).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_project_is_found():
    assert {ROOT / "Makefile", ROOT / "tests/test_house.py", ROOT / "LICENSE"} <= {*kept_files()}


def body_lines(function) -> int:
    """Without the parameters: a verb's options and a service's keywords are interface, not code."""
    return function.end_lineno - function.body[0].lineno + 1


def test_functions_are_short():
    found = {
        f"{path.relative_to(ROOT)}:{one.name}": one
        for path in SOURCE
        if "migrations" not in path.parts
        for one in functions(path)
    }
    long = {name for name, one in found.items() if body_lines(one) > LONGEST}
    whole = [one.end_lineno - one.lineno + 1 for one in found.values()]
    assert long == set()
    assert len(found) > 300
    assert statistics.median(whole) < MEDIAN


def test_files_are_short():
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in SOURCE}
    assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_packages_are_empty():
    for path in SOURCE:
        if path.name == "__init__.py" and "/".join(path.parts[-2:]) not in NOT_EMPTY:
            assert path.read_text() == "", path


def test_nothing_is_caught_that_was_not_meant():
    for path in SOURCE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", "")
                broad = node.type is None or name in ("Exception", "BaseException")
                raises = any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(node))
                assert not broad or raises, f"{path.name}:{node.lineno}"


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return ["daylight" if node.level else node.module or ""]
    return [one.name for one in node.names] if isinstance(node, ast.Import) else []


def test_our_code_is_imported_at_the_top():
    for path in SOURCE:
        for function in functions(path):
            for node in ast.walk(function):
                ours = [name for name in imported(node) if name.split(".")[0] == "daylight"]
                assert ours == [], f"{path.name}:{node.lineno}"


LATE = {"import_module", "resolve_name", "__import__"}
MAY_IMPORT_LATE = {
    "output.py",  # the bars, where there is a terminal
    "bootstrap.py",  # models need a settled Django; the verb asked for
    "output.py",  # bars, where there is a terminal
    "loading.py",  # detectors, in the worker
    "zygote.py",  # all of PyAV, before the lock-down
    "worker.py",
    "examiner.py",
    "start.py",  # the rest of the program, once the sandbox warms up
}


def test_only_bootstrap_and_the_worker_import_by_name():
    calling = {
        path.name
        for path in SOURCE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in LATE
    }
    assert "bootstrap.py" in calling
    assert calling <= MAY_IMPORT_LATE


# In pieces, since this file is looked at too.
FOREIGN = {
    "a path of one machine": re.compile(
        "/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/[a-z]"]) + ")/"
    ),
    "the host of a package registry": re.compile(
        "|".join(
            [
                "py" + "pi\\.",
                "pythonhosted" + "\\.",
                "npmjs" + "\\.",
                "registry" + r"\.[a-z-]+\.(?:org|com|io|net)",
                "index-" + "url",
            ]
        )
    ),
    "a secret key": re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY|AGE-SECRET-" + "KEY-1"),
}


def texts() -> list[tuple[Path, str]]:
    return [
        (path.relative_to(ROOT), data.decode(errors="replace"))
        for path in kept_files()
        if b"\0" not in (data := path.read_bytes())[:8192]
    ]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_holds(what):
    for path, text in texts():
        found = FOREIGN[what].search(text)
        assert found is None, f"{path} holds {what}: {found and found[0]}"


def test_what_is_foreign_would_be_seen():
    for text in (
        "/ro" + "ot/x",
        "https://py" + "pi.org/simple",
        "-----BEGIN PRIVATE " + "KEY-----",
    ):
        assert any(pattern.search(text) for pattern in FOREIGN.values()), text


def test_what_runs_models_reports_to_nobody():
    """From 1.29 on it does, from the moment it is imported: docs/decisions/0005-models.md."""
    for name in ("dev.txt", "models.txt"):
        text = (ROOT / "requirements" / name).read_text()
        (version,) = re.findall(r"(?m)^onnxruntime==1\.(\d+)\.", text)
        assert int(version) < 29


def test_no_large_files():
    large = [path for path in kept_files() if path.stat().st_size > LARGEST]
    assert large == []


def test_the_lock_has_a_hash_for_everything():
    for name in ("run.txt", "dev.txt", "models.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pinned = re.findall(
            r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==.*?(?=^\S|\Z)",
            text,
            re.MULTILINE | re.DOTALL | re.IGNORECASE,
        )
        assert pinned
        assert all("--hash=sha256:" in one for one in pinned)


def test_what_is_not_locked_is_not_needed():
    """Everything that pyproject names has its pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for lock, wanted in {
        "run.txt": project["dependencies"],
        "dev.txt": project["optional-dependencies"]["dev"],
        "models.txt": project["optional-dependencies"]["models"],
    }.items():
        text = (ROOT / "requirements" / lock).read_text().lower().replace("_", "-")
        for one in wanted:
            name = re.match(r"[A-Za-z0-9_.-]+", one)[0].lower().replace("_", "-")
            assert re.search(rf"(?m)^{re.escape(name)}(\[[a-z]+\])?==", text), f"{lock}: {name}"
