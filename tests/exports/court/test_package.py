"""What is written for records of any size and any malice, and how verify.py takes it."""

import ast
import copy
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.registry import listed as listed_detectors
from daylight.domain.progress import Silent
from daylight.errors import DestinationFull, MediaRefused, StoreCorrupt
from daylight.exports.base import FolderSink
from daylight.exports.court import declarations, words
from daylight.exports.court.package import write_package
from daylight.exports.court.premis import premis
from daylight.exports.court.rates import DAMAGE_KINDS, DAMAGE_SEEN, rate_of
from daylight.exports.court.records import Seal, Written, WrittenItem
from daylight.exports.court.report import report
from daylight.exports.court.report_html import to_html
from daylight.exports.court.report_pdf import to_pdf
from daylight.exports.memory import MemorySink
from daylight.services import salvage
from tests.exports.court.makers import HOSTILE, Authority, held, make
from tests.test_docs import page

ROOT = Path(__file__).resolve().parents[3]
VERIFY = ROOT / "src/daylight/exports/court/verify.py"
SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("premis") / "premis.xsd")


class Copy:
    pieces = (b"G" + bytes(187),) * 3
    lost = "1 of its 4 parts cannot be played and are left out"


def copying(item):
    if item.number % 2:
        raise MediaRefused("nothing to play")
    return Copy()


def opener(made):
    def open_object(digest):
        fd = os.memfd_create("original")
        os.write(fd, made.data[digest])
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    return open_object


def write(made, sink):
    with sink:
        digest = write_package(sink, made.court, opener(made), copying, made.signer, Silent())
        sink.seal()
        sink.publish()
    return digest


def in_memory(made) -> dict[str, bytes]:
    sink = MemorySink(nothing_kept_here_matters=True)
    write(made, sink)
    return sink.files


def on_disk(made, folder: Path) -> Path:
    write(made, FolderSink(folder / "court"))
    return folder / "court"


def checked(folder: Path, *, path: str | None = None, python: str = sys.executable):
    env = {"PATH": path if path is not None else os.environ["PATH"]}
    done = subprocess.run(
        [python, "-I", "-B", folder / "verify.py"],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def written(made) -> Written:
    return Written(
        {
            one.number: WrittenItem(
                f"items/{one.number:04}/original.mp4", {"sha256": one.digest.hex()}, no_copy=HOSTILE
            )
            for one in made.court.items
        }
    )


def test_verify_needs_nothing_but_the_library_and_cryptography():
    tree = ast.parse(VERIFY.read_text(), feature_version=(3, 9))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    assert tops - sys.stdlib_module_names == {"cryptography"}
    assert "Match" not in {type(node).__name__ for node in ast.walk(tree)}
    assert not any("import" in str(getattr(n, "func", "")) for n in ast.walk(tree))


def test_verify_writes_nothing_and_asks_nobody():
    text = VERIFY.read_text()
    assert not re.search(r"socket|urllib|http\.|eval\(|exec\(|shell=True|os\.(remove|unlink)", text)
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    opened = [one for one in calls if getattr(one.func, "id", "") == "open"]
    assert opened
    assert all(one.args[1].value == "rb" for one in opened)
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize(
    "text", ["Запись с камеры 7, «Иволга»", HOSTILE], ids=["Russian", "hostile"]
)
def test_any_text_makes_a_package_that_holds(tmp_path, text):
    folder = on_disk(make(4, text), tmp_path)
    code, said = checked(folder)
    assert code == 0, said
    SCHEMA.validate(str(folder / "premis.xml"))


def test_a_hundred_items(tmp_path):
    folder = on_disk(make(100), tmp_path)
    code, said = checked(folder)
    assert code == 0, said
    assert "all 100 are what the ledger says" in said
    pages = re.findall(rb"/Type /Page\b", (folder / "report.pdf").read_bytes())
    assert len(pages) > 100
    SCHEMA.validate(str(folder / "premis.xml"))


@pytest.mark.slow
def test_a_machine_without_daylight_checks_it(tmp_path):
    """A bare virtual environment with cryptography, from where packages come in this run."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"
    lock = (ROOT / "requirements" / "run.txt").read_text()
    wanted = [re.search(rf"(?m)^{n}==\S+", lock)[0] for n in ("cryptography", "cffi", "pycparser")]
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", *wanted],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("no packages can be had here")
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "daylight" not in listed.stdout
    code, said = checked(on_disk(make(100), tmp_path), python=str(python))
    assert code == 0, said


# Whatever lies in package.json: a line that FAILED, and no traceback.


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """verify.py as a module, and a package whose manifest fits whatever is put into it."""
    spec = importlib.util.spec_from_file_location("verify_under_test", VERIFY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    authority_of_none = make(3)
    folder = on_disk(authority_of_none, tmp_path_factory.mktemp("fuzz"))
    said = json.loads((folder / "package.json").read_bytes())
    said["heads"] = [
        {
            "head": said["head"],
            "consistency": [],
            "witnesses": [{"name": "x", "key": "ssh-ed25519 AAAA", "signature": "a\nAAAA\nb"}],
            "seals": [{"authority": "x", "token": "head", "certificates": "head"}],
        }
    ]
    said["releases"] = [
        {
            "item": 1,
            "entry": 2,
            "root": "00" * 32,
            "count": 1,
            "position": 0,
            "commitment": "00" * 32,
            "salt": "00" * 32,
            "path": [],
        }
    ]
    return module, folder, said


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just("00" * 32),
    st.just([["x"]]),
)


def places(value, path=()):
    """The way to every value within."""
    yield path
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, key))


@given(st.data())
def test_any_package_is_judged(loaded, data):
    module, folder, said = loaded
    spoilt = json.loads(json.dumps(said))
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from([*places(spoilt)][1:]))
        inner = spoilt
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = copy.deepcopy(data.draw(JUNK))  # what is drawn stays as it was
    (folder / "package.json").write_text(json.dumps(spoilt))
    module.FAULTS.clear()
    module.guarded("package-unreadable", module.check, str(folder), None)
    assert module.FAULTS


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(loaded, data):
    module, folder, _ = loaded
    for name in ("package.json", "manifest-sha256.txt", "manifest-signature.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(data)
        module.FAULTS.clear()
        module.guarded("package-unreadable", module.check, str(folder), str(folder / name))
        (folder / name).write_bytes(whole)
        assert module.FAULTS


def test_json_that_is_deeper_than_any_stack(loaded):
    module, folder, said = loaded
    (folder / "package.json").write_text("[" * 200_000)
    module.FAULTS.clear()
    module.guarded("package-unreadable", module.check, str(folder), None)
    assert module.FAULTS
    (folder / "package.json").write_text(json.dumps(said))


# Seals.


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    authority = Authority(tmp_path_factory.mktemp("authority"))
    made = make(3)
    seal = authority.seal(made.court.head.body())
    return replace(made, court=replace(made.court, heads=(held(made.court.head, seal),)))


def test_a_seal_is_checked(sealed, tmp_path):
    folder = on_disk(sealed, tmp_path)
    code, said = checked(folder)
    assert code == 0, said
    assert "OK           seal by 'local'" in said
    assert "sealed" in (folder / "report.html").read_text()


def test_where_there_is_no_openssl_it_says_so(sealed, tmp_path):
    (tmp_path / "empty").mkdir()
    code, said = checked(on_disk(sealed, tmp_path), path=str(tmp_path / "empty"))
    assert code == 0, said
    assert "NOT CHECKED  seal by 'local'" in said


@pytest.mark.parametrize("how", ["another head", "another root", "changed", "nothing"])
def test_a_seal_that_does_not_hold_is_found(sealed, tmp_path, how):
    (seal,) = sealed.court.heads[0].seals
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    wrong = {
        "another head": Seal("local", other.seal(b"x").token, other.seal(b"x").certificates, ""),
        "another root": replace(seal, certificates=other.seal(b"x").certificates),
        "changed": replace(seal, token=seal.token[:-9] + bytes(9)),
        "nothing": replace(seal, token=b""),
    }[how]
    court = replace(sealed.court, heads=(held(sealed.court.head, wrong),))
    code, said = checked(on_disk(replace(sealed, court=court), tmp_path))
    assert code == 1
    assert "FAILED       seal-forged" in said


# The report.


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = Counter(), []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data):
        self.text.append(data)


def read(html: bytes) -> Reader:
    reader = Reader()
    reader.feed(html.decode())
    return reader


def test_the_page_holds_no_script_and_loads_nothing():
    made = make(12, HOSTILE)
    html = to_html(report(made.court, written(made)))
    reader = read(html)
    assert set(reader.tags) <= set(
        "html head meta title style body h1 h2 h3 p ul ol li pre table thead tbody tr th td code"
        " footer".split()
    )
    assert b"default-src 'none'" in html
    for char in "\x00\x1b\u202e":
        assert char not in html.decode()


@given(st.text(min_size=1, max_size=80))
def test_no_text_breaks_the_page(text):
    made = make(1, text)
    plain = read(to_html(report(make(1, "x").court, written(make(1, "x")))))
    assert read(to_html(report(made.court, written(made)))).tags == plain.tags


def test_russian_is_drawn_and_what_has_no_letter_is_escaped(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here")
    folder = on_disk(make(2, "Запись Ёлка їґ 漢字"), tmp_path)
    done = subprocess.run(
        ["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True
    )
    assert "Запись Ёлка їґ \\u6f22\\u5b57" in done.stdout.decode()


def test_every_section_is_there():
    made = make(2)
    text = " ".join(read(to_html(report(made.court, written(made)))).text)
    for heading in (
        "What is claimed",
        "What is not claimed",
        "Check it yourself",
        "How these items were chosen",
        "Three clocks",
        "Custody, in order",
        "Programs used, and their measured errors",
        "What is withheld",
        "Glossary",
    ):
        assert heading in text
    assert "Запись с камеры 7" in text
    assert "5 items" in text  # left out
    assert "authentic" not in text.lower()


def test_what_the_vault_records_is_told():
    made = make(1)
    one = replace(
        made.court.items[0],
        burnt_in="2019-03-02 11:20:05",
        real_time="2019-03-02 08:20 UTC",
        marks=("The clock jumps.",),
        neighbours=(),
    )
    court = replace(made.court, items=(one,))
    text = " ".join(read(to_html(report(court, written(made)))).text)
    for told in (
        "2019-03-02 11:20:05",
        "2019-03-02 08:20 UTC",
        "The clock jumps.",
        "none recorded",
    ):
        assert told in text


def test_declarations_say_that_they_are_templates():
    made = make(1)
    for document in (declarations.custodian(made.court), declarations.translator(made.court)):
        html = to_html(document).decode()
        assert "This is a template" in html
        assert html.count('class="blank"') >= 6
        assert made.court.head.head.root.hex() in html


def test_the_same_records_make_the_same_files():
    made = make(3)
    first, second = in_memory(made), in_memory(made)
    assert first == second


def test_every_file_is_listed():
    files = in_memory(make(3))
    listed = {line[66:] for line in files["manifest-sha256.txt"].decode().splitlines()}
    assert listed | {"manifest-sha256.txt", "manifest-signature.json"} == set(files)
    assert json.loads(files["package.json"])["schema"] == "court-package/1"


# The measured rates are those of the page.


def test_rates_are_those_that_were_measured():
    rows = [
        line.strip("| ").split(" | ") for line in page("detectors.md").splitlines() if "|" in line
    ]
    told = {row[0]: tuple(cell.strip() for cell in row[1:]) for row in rows}
    for kind, seen in DAMAGE_SEEN.items():
        assert told[kind] == seen
    assert (
        DAMAGE_KINDS in told.values()
        or tuple(rows)
        and any(tuple(row[-len(DAMAGE_KINDS) :]) == DAMAGE_KINDS for row in rows)
    )
    assert rate_of("unheard-of", 7).text == "No error rate was measured."


def test_rates_are_told_of_the_versions_that_run():
    """A detector that got another version must not lose what is known of its errors."""
    versions = {name: one.version for name, one in listed_detectors().items()}
    versions |= {"salvage": salvage.VERSION}
    untold = {"overlay"}  # it cuts out and reads nothing
    for name in versions.keys() - untold:
        assert rate_of(name, versions[name]).text != "No error rate was measured.", name


def test_words():
    assert words.size(1234567) == "1\u00a0234\u00a0567 bytes"
    assert words.length(None) == "unknown"
    assert words.act("something-new") == "Something new"
    assert words.plain("a\nb\u202e\ud800") == "a\\nb\\u202e\\ud800"
    assert words.plain("x" * 600).endswith(" …")
    assert words.minute("2026-11-25") == "2026-11-25"


@given(st.text())
def test_premis_takes_any_text(text):
    made = make(1, text)
    SCHEMA.validate(premis(replace(made.court, with_paths=True), written(made)).decode())


# What goes wrong.


def test_other_bytes_than_the_name_says():
    made = make(2)
    digest = made.court.items[1].digest
    made.data[digest] = b"other"
    with pytest.raises(StoreCorrupt):
        in_memory(made)


def test_an_original_that_is_gone(tmp_path):
    made = make(2)
    del made.data[made.court.items[1].digest]
    with pytest.raises(StoreCorrupt):
        on_disk(made, tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    made, real, left = make(3), os.write, [20]

    def filling(fd, data):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr("daylight.exports.base.os.write", filling)
    with pytest.raises((DestinationFull, OSError)):
        on_disk(made, tmp_path)
    assert os.listdir(tmp_path) == []


def test_the_pdf_is_dated_as_the_package():
    made = make(1)
    files = in_memory(made)
    assert b"D:20261125221000" in files["report.pdf"]
    assert to_pdf is not None
