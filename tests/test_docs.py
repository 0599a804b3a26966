"""Docs that fail the build: whatever has a name has its place in them, and what they say to run runs."""

import ast
import os
import re
import sqlite3
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from daylight import errors
from daylight.cli.registry import VERBS
from daylight.detectors.registry import listed
from daylight.domain.custody import TOPICS
from daylight.domain.progress import Silent
from daylight.errors import DaylightError
from daylight.routes import bags, folder, tars, zips
from daylight.routes.bagformat import BagFault, BagReason
from daylight.routes.base import Reason

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(DOCS.rglob("*.md"))]
PAGES += sorted((ROOT / "samples").glob("*.md")) + sorted((ROOT / "changelog.d").glob("*.md"))


def page(name: str) -> str:
    return (DOCS / name).read_text()


def headings(name: str) -> str:
    return "\n".join(line for line in page(name).splitlines() if line.startswith("#"))


def every_error(root: type[DaylightError] = DaylightError) -> list[type[DaylightError]]:
    return [root, *(one for sub in root.__subclasses__() for one in every_error(sub))]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_page_and_its_row(verb):
    assert f"`daylight {verb}`" in headings(f"{verb}.md")
    assert f"docs/{verb}.md" in (ROOT / "README.md").read_text()


def options(verb: str) -> set[tuple[str, ...]]:
    """Every option of a verb, each with the spellings that it has."""
    module = import_module(VERBS[verb].module)
    app = typer.Typer(add_completion=False)
    if hasattr(module, "run"):
        app.command(verb)(module.run)
    for name, function in getattr(module, "COMMANDS", {}).items():
        app.command(name)(function)
    top = typer.main.get_command(app)
    commands = getattr(top, "commands", {verb: top}).values()
    return {
        tuple(word for word in (*one.opts, *one.secondary_opts) if word.startswith("--"))
        for command in commands
        for one in command.params
        if one.param_type_name == "option"
    } - {("--help",)}


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_on_its_page(verb):
    text = page(f"{verb}.md")
    unsaid = [one for one in options(verb) if not any(f"{w}" in text for w in one)]
    assert unsaid == []


def test_options_are_really_found():
    assert ("--examine", "--no-examine") in options("import")
    assert ("--role",) in options("user")


@pytest.mark.parametrize("verb", VERBS)
def test_pages_name_no_option_that_is_not_there(verb):
    """In the synopsis: the indented block at the top of the page."""
    block = re.search(r"(?m)(^    .*\n)+", page(f"{verb}.md"))
    assert block, "a synopsis"
    known = {word for one in options(verb) for word in one} | {"--vault"}
    assert set(re.findall(r"--[a-z][a-z-]+", block[0])) <= known


@pytest.mark.parametrize("error", every_error(), ids=lambda one: one.name)
def test_every_error_is_documented_and_drawn(error):
    row = f"| `{error.name}` | {error.exit_code} | "
    assert any(
        line.startswith(row) and line.endswith(f" {error.advice} |")
        for line in page("errors.md").splitlines()
    )
    assert re.search(rf"{error.__name__}\s+{error.exit_code}\s+{error.name}\n", errors.__doc__)


def test_error_names_are_unique():
    names = [one.name for one in every_error()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("detector", ["probe", *listed()])
def test_every_detector_says_what_it_cannot_mean(detector):
    assert f"## `{detector}`" in headings("detectors.md")


@pytest.mark.parametrize("detector", listed())
def test_the_version_on_the_page_is_the_one_that_runs(detector):
    section = page("detectors.md").split(f"## `{detector}`")[1].split("\n## ")[0]
    assert f"Version {listed()[detector].version}." in section


ROUTES = {
    one.name: one
    for module in (bags, folder, tars, zips)
    for one in vars(module).values()
    if one.__class__ is type
    and one.__module__ == module.__name__
    and {"arrivals", "name"} <= {*vars(one)}
}


def test_the_routes_are_those_of_the_registry():
    """A new route's module must be named above, or its page would go unchecked."""
    source = ast.parse((ROOT / "src/daylight/routes/registry.py").read_text())
    used = {
        node.value.id
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute)
        and node.attr == "recognise"
        and isinstance(node.value, ast.Name)
    }
    assert used == {"bags", "folder", "tars", "zips"}
    assert len(ROUTES) >= 5


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_has_its_heading(route):
    assert f"## `{route}`" in headings("routes.md")


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_explained(reason):
    assert f"| `{reason}` |" in page("routes.md")


@pytest.mark.parametrize("reason", BagReason)
def test_every_fault_of_a_bag_is_explained(reason):
    assert f"| reason `{reason}` | {BagFault(b'', reason).level} |" in page("routes.md")


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_of_custody_is_named(topic):
    assert f"`{topic}`" in page("custody.md")
    assert f"`{topic}`" in page("import.md")


def actions() -> set[str]:
    """The action codes that services give to ``record``."""
    found = set()
    for path in (ROOT / "src/daylight/services").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in ("record", "Act") and not _is_any(node):
                code = node.args[2 if name == "record" else 1]
                assert isinstance(code, ast.Constant), f"{path.name}: an action is a literal"
                found.add(code.value)
    return found


def _is_any(node: ast.Call) -> bool:
    """``record`` itself, which hands on whatever it is given."""
    return any(isinstance(one, ast.Name) and one.id == "action" for one in node.args)


def test_every_action_of_the_ledger_is_in_the_format():
    rows = set(
        re.findall(r"(?m)^\| `([a-z-]+)` \| (?:none|the files|the items)", page("format.md"))
    )
    assert actions() == rows
    assert "received" in rows


def test_links_lead_somewhere():
    for one in PAGES:
        for target in re.findall(r"\]\((?!https:)([^)#]+)", one.read_text()):
            assert (one.parent / target).exists(), f"{one.name}: {target}"


def test_every_page_is_reached_from_the_readme():
    todo, reached = [ROOT / "README.md"], set()
    while todo:
        one = todo.pop()
        if one in reached:
            continue
        reached.add(one)
        links = re.findall(r"\]\(([^)#]+\.md)", one.read_text())
        todo += [(one.parent / target).resolve() for target in links]
    assert set(DOCS.rglob("*.md")) <= reached


def test_architecture_names_only_what_is_there():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {path.name for path in (ROOT / "src/daylight").iterdir() if path.name[0] not in "_."}
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_./]*|\.py))`", text))
    for name in named:
        places = [ROOT / name, ROOT / "src/daylight" / name, ROOT / f"src/daylight/{name}.py"]
        assert any(place.exists() for place in places), name
    assert {room if room.endswith(".py") else f"{room}/" for room in rooms} <= named


def test_make_has_the_targets_that_are_spoken_of():
    text = "\n".join(one.read_text() for one in PAGES)
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets
    assert {"run", "test", "check", "bench", "bundle", "env"} <= targets


def test_the_licence_is_there_whole():
    text = (ROOT / "LICENSE").read_text()
    assert text.lstrip().startswith("GNU AFFERO GENERAL PUBLIC LICENSE")
    assert "How to Apply These Terms to Your New Programs" in text
    assert len(text) == 34523


def test_every_sample_has_its_origin_and_its_sum():
    import hashlib

    text = (ROOT / "samples/LICENSES.md").read_text()
    for one in (ROOT / "samples").iterdir():
        if one.is_file() and one.suffix != ".md":
            digest = hashlib.sha256(one.read_bytes()).hexdigest()
            assert re.search(rf"(?m)^\| `{re.escape(one.name)}` \|.*`{digest}` \|$", text), one.name


def test_samples_stay_small():
    assert sum(one.stat().st_size for one in (ROOT / "samples").rglob("*")) <= 8_000_000


# The programme in docs/format.md, which needs none of our code.


@pytest.fixture
def filled(ws, principal, tmp_path):
    from daylight.services.intake import ImportRequest, import_material

    disk = tmp_path / "disk"
    disk.mkdir()
    for number in range(7):
        (disk / f"{number}").write_bytes(os.urandom(100 + number))
    (disk / "again").write_bytes((disk / "0").read_bytes())
    for roots in ([disk], [disk / "3"]):
        import_material(ws, principal, ImportRequest(roots=roots), Silent())
    return ws


def checked(ws) -> tuple[int, str]:
    (script,) = re.findall(r"(?s)```python\n(.*?)```", page("format.md"))
    words = [sys.executable, "-I", "-S", "-c", script, ws.layout.root]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_page_alone_checks_a_vault(filled):
    from daylight.catalogue.ledger_rows import frontier

    code, said = checked(filled)
    assert code == 0, said
    assert frontier().root().hex() in said


SPOIL = {
    "leaf": (
        "UPDATE catalogue_entry SET leaf = CAST(replace(leaf, 'received', 'obtained') AS BLOB)",
        "hash over",
    ),
    "details": ("UPDATE catalogue_entry SET details = x'7b7d' WHERE \"index\" = 2", "details of"),
    "salt": ("UPDATE catalogue_occurrence SET salt = zeroblob(32) WHERE position = 1", "files of"),
    "row": ('DELETE FROM catalogue_entry WHERE "index" = 1', "out of place"),
}


@pytest.mark.parametrize("what", SPOIL)
def test_the_page_finds_what_was_changed(filled, what):
    statement, finds = SPOIL[what]
    with sqlite3.connect(filled.layout.catalogue) as database:
        assert database.execute(statement).rowcount > 0
    code, said = checked(filled)
    assert code == 1
    assert finds in said


def test_what_a_purge_has_closed_is_no_fault(filled):
    with sqlite3.connect(filled.layout.catalogue) as database:
        database.execute("UPDATE catalogue_occurrence SET salt = NULL WHERE position = 0")
        database.execute("UPDATE catalogue_entry SET details = NULL, details_salt = NULL")
    code, said = checked(filled)
    assert code == 0, said


@pytest.mark.parametrize("how", ["changed", "lost"])
def test_the_page_finds_a_spoiled_object(filled, how):
    one = min((filled.layout.root / "objects").glob("??/??/*"))
    if how == "changed":
        one.chmod(0o600)
        one.write_bytes(b"other")
    else:
        one.unlink()
    code, said = checked(filled)
    assert code == 1
    assert one.name in said
