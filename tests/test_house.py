"""The house is kept: what the linters cannot see."""

import ast
import re
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = sorted((ROOT / "src/daylight").rglob("*.py"))
NOT_EMPTY = {"daylight/__init__.py", "models/__init__.py"}  # a docstring; Django's tables
LONGEST = 50  # lines of a function
MEDIAN = 15
LARGEST = 3_000_000  # bytes of a binary file in the project


def functions(path: Path):
    tree = ast.parse(path.read_text())
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def kept_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_functions_are_short():
    lengths = {
        f"{path.name}:{one.name}": one.end_lineno - one.lineno + 1
        for path in SOURCE
        if "migrations" not in path.parts
        for one in functions(path)
    }
    # A verb's parameters are its options, a line or two each: they are its interface, not its code.
    long = {n: v for n, v in lengths.items() if v > LONGEST and not n.endswith(":run")}
    assert long == {}
    assert statistics.median(lengths.values()) < MEDIAN


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


def test_our_code_is_imported_at_the_top():
    for path in SOURCE:
        for function in functions(path):
            for node in ast.walk(function):
                names = []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                elif isinstance(node, ast.Import):
                    names = [one.name for one in node.names]
                assert not [n for n in names if n.startswith("daylight")], (
                    f"{path.name}:{node.lineno}"
                )


def test_no_file_names_a_machine_or_asks_for_a_registry_by_address():
    foreign = re.compile("|".join(["/" + "work/", "/" + "root/", "index-" + "url"]))
    for path in kept_files():
        if path.suffix in {".py", ".md", ".toml", ".txt", ".html", ".css", ""}:
            found = foreign.search(path.read_text(errors="ignore"))
            assert found is None, f"{path.relative_to(ROOT)}: {found and found[0]}"


def test_no_large_files():
    large = [path for path in kept_files() if path.stat().st_size > LARGEST]
    assert large == []


def test_the_lock_has_a_hash_for_everything():
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pinned = re.findall(
            r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==.*?(?=^\S|\Z)",
            text,
            re.MULTILINE | re.DOTALL | re.IGNORECASE,
        )
        assert pinned
        assert all("--hash=sha256:" in one for one in pinned)
