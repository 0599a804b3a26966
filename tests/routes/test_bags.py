"""Bags: the conformance suite case by case, beside the bagit library; and bags made to deceive."""

import hashlib
import logging
import os
import re
import shutil
import socket
import unicodedata
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.errors import BagOutside, DaylightError, InputRefused
from daylight.routes import bags
from daylight.routes.bagformat import (
    WARNINGS,
    BagReason,
    escapes,
    known_encoding,
    link_escapes,
    parse_declaration,
)
from daylight.routes.baglisting import Listing
from daylight.routes.base import Arrival, EntryKind
from daylight.routes.registry import for_path
from tests.conftest import SHARED, missing
from tests.routes.bag_vectors import VERSION_1_0
from tests.routes.makers import put_folder, read

DOCS = Path(__file__).resolve().parents[2] / "docs/routes.md"
SUITE = SHARED / "vectors/bagit-conformance"
CASES = {str(one.relative_to(SUITE)): one for one in sorted(SUITE.glob("v*/*/*"))}
NAMES = sorted({*CASES, *VERSION_1_0})
# The suite's name of each folder of cases, and what we make of a case in it.
WANTED = {
    "valid": "valid",
    "warning": "warning",
    "invalid": "faulty",
    "linux-only": "outside",
    "windows-only": "outside",
}
# Where a case is worse than faulty: it points outside, or is no bag at all.
WANTED_OF = {
    "v0.97/invalid/out-of-scope-file-paths-using-dot-notation": "outside",
    "v0.97/invalid/out-of-scope-file-paths-using-dot-notation-for-fetch": "outside",
    "v0.97/invalid/missing-bagit.txt": "no bag",
}


@pytest.fixture
def case(request, tmp_path) -> Path:
    """A copy of one case; git keeps no empty folder, so a missing ``data`` is made."""
    made = tmp_path / "bag"
    if request.param in CASES:
        shutil.copytree(CASES[request.param], made, copy_function=shutil.copyfile)
    else:
        files = {name.encode(): data for name, data in VERSION_1_0[request.param].items()}
        put_folder(made, files)
    (made / "data").mkdir(exist_ok=True)
    return made


def judged(folder: Path) -> tuple[str, list[tuple[bytes, BagReason]]]:
    """Our verdict, with the files read and hashed as an import does."""
    try:
        route = for_path(folder)
    except BagOutside:
        return "outside", []
    if not isinstance(route, bags.BagRoute):
        return "no bag", []
    faults = [(one.untrusted_path, one.reason) for one in route.faults()]
    for arrival in route.arrivals():
        if arrival.kind is EntryKind.FILE:
            data = read(arrival)
            if any(hashlib.new(name, data).digest() != want for name, want in arrival.declared):
                faults.append((arrival.untrusted_path, BagReason.MISMATCH))
    if not faults:
        return "valid", faults
    return "warning" if all(reason in WARNINGS for _, reason in faults) else "faulty", faults


def of_library(folder: Path) -> str:
    logging.disable(logging.CRITICAL)
    try:
        bagit.Bag(str(folder)).validate()
    except bagit.BagError:
        return "invalid"
    finally:
        logging.disable(logging.NOTSET)
    return "valid"


def reasons(folder: Path) -> set[BagReason]:
    return {reason for _, reason in judged(folder)[1]}


def test_the_suite_is_all_there():
    if not SUITE.is_dir():
        missing("media", "the conformance suite does not lie beside the project")
    source = (SUITE / "SOURCE.md").read_text()
    listed = re.findall(r"(?m)^([0-9a-f]{64})  ((v[0-9.]+/[a-z-]+/[^/\n]+)/(.+))$", source)
    assert {name for _, _, name, _ in listed} == {*NAMES}
    for digest, _, name, path in listed:
        if name in VERSION_1_0 and path != "debug":  # a log of whoever made it
            assert hashlib.sha256(VERSION_1_0[name][path]).hexdigest() == digest


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_every_case_of_the_suite(case, request):
    name = request.node.callspec.params["case"]
    wanted = WANTED_OF.get(name, WANTED[name.split("/")[1]])
    got, faults = judged(case)
    # In the drafts some valid cases do what 0.97 warns of; a warning leaves a bag valid.
    allowed = {wanted, "warning"} if wanted == "valid" else {wanted}
    assert got in allowed, faults


def disagreements() -> dict[str, tuple[str, str]]:
    """The table in docs/routes.md: case, the library's verdict, ours."""
    rows = re.findall(r"(?m)^\| (v[0-9.]+/\S+) \| (\w+) \| ([a-z ]+) \| .+ \|$", DOCS.read_text())
    return {name: (theirs, ours) for name, theirs, ours in rows}


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_where_we_disagree_with_the_library_the_docs_say_so(case, request):
    name = request.node.callspec.params["case"]
    theirs, (ours, _) = of_library(case), judged(case)
    agree = (theirs == "valid") == (ours in ("valid", "warning"))
    assert disagreements().get(name) == (None if agree else (theirs, ours))


def test_the_table_names_no_case_that_is_not_there():
    assert disagreements()
    assert {*disagreements()} <= {*NAMES}


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_no_case_touches_the_network_or_what_lies_outside(case, monkeypatch, tmp_path):
    opened = []
    real = os.open

    def watched(path, flags, *args, dir_fd=None, **kwargs):
        if dir_fd is None:
            opened.append(os.fsdecode(path))
        else:
            assert os.sep.encode() not in os.fsencode(path)
        return real(path, flags, *args, dir_fd=dir_fd, **kwargs)

    def refuse(*args, **kwargs):
        raise AssertionError("a bag may not reach the network")

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    judged(case)
    assert {*opened} <= {str(case)}


# Bags of our own.


def bag(folder: Path, files=None, *, version="1.0", algorithm="sha256", tags=(), **more) -> Path:
    """A valid bag of ``files`` (by path below data/), and tag files given by name."""
    files = {b"a": b"1"} if files is None else files
    lines = [
        hashlib.new(algorithm, data).hexdigest().encode() + b"  data/" + name + b"\n"
        for name, data in files.items()
    ]
    made = {b"data/" + name: data for name, data in files.items()}
    made[b"bagit.txt"] = f"BagIt-Version: {version}\nTag-File-Character-Encoding: UTF-8\n".encode()
    made[f"manifest-{algorithm}.txt".encode()] = b"".join(lines)
    return put_folder(folder, made | dict(tags))


def append(folder: Path, name: str, text: str) -> None:
    with (folder / name).open("a", newline="") as file:
        file.write(text)


SUM = hashlib.sha256(b"1").hexdigest()


def test_everything_arrives_with_what_is_declared_of_it(tmp_path):
    made = bag(tmp_path / "b", {b"x/a": b"1", b"b": b"22"})
    append(
        made,
        "tagmanifest-md5.txt",
        hashlib.md5((made / "bagit.txt").read_bytes()).hexdigest() + " bagit.txt\n",
    )
    route = for_path(made)
    assert route.name == "bag"
    arrivals = {one.untrusted_path: one for one in route.arrivals()}
    assert {*arrivals} == {
        b"bagit.txt", b"manifest-sha256.txt", b"tagmanifest-md5.txt", b"data/b", b"data/x/a",
    }  # fmt: skip
    assert arrivals[b"data/x/a"].declared == (("sha256", bytes.fromhex(SUM)),)
    assert [name for name, _ in arrivals[b"bagit.txt"].declared] == ["md5"]
    assert arrivals[b"manifest-sha256.txt"].declared == ()
    assert judged(made) == ("valid", [])
    assert of_library(made) == "valid"


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_one_changed_byte_is_seen_by_any_algorithm(tmp_path, algorithm):
    made = bag(tmp_path / "b", algorithm=algorithm)
    assert judged(made) == ("valid", [])
    (made / "data/a").write_bytes(b"2")
    assert judged(made) == ("faulty", [(b"data/a", BagReason.MISMATCH)])


OUTSIDE = [
    "../x", "/etc/passwd", "data/../../x", "~/x", "~root/x", "~", "C:\\x", "c:x", "\\\\host\\x",
    "data\\..\\..\\x", "%APPDATA%\\x", "%2E%2E/../x", "./../x", "data/.\\./.\\./x", "data/a/..",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("where", ["manifest-sha256.txt", "tagmanifest-sha256.txt", "fetch.txt"])
def test_a_name_that_leads_outside_refuses_the_whole_bag(tmp_path, path, where):
    made = bag(tmp_path / "b")
    line = f"https://example.org/x - {path}\n" if where == "fetch.txt" else f"{SUM}  {path}\n"
    append(made, where, line)
    with pytest.raises(BagOutside) as told:
        for_path(made)
    assert path not in str(told.value)


@pytest.mark.parametrize(
    "path",
    [
        "data/~a",
        "data/a~",
        "~$doc.docx",
        "data/..a",
        "data/a..",
        "data/%41",
        "data/$HOME",
        "data/C:x",
        "data/a\\b",
    ],
)
def test_what_only_looks_so_is_a_name(path):
    assert not escapes(path)


@pytest.mark.parametrize(
    ("at", "target"),
    [
        (b"data/l", b"/etc/passwd"),
        (b"data/l", b"../../x"),
        (b"l", b".."),
        (b"data", b"../elsewhere"),
        (b"data/x/l", b"../b/../../../x"),
        (b"data/l", b"a/../../.."),
        (b"data/l", b"C:\\Windows"),
        (b"data/l", b"\\\\host\\share"),
        (b"data/l", b"~/x"),
    ],
)
def test_a_link_that_leads_outside_refuses_the_whole_bag(tmp_path, at, target):
    made = bag(tmp_path / "b", {} if at == b"data" else None)
    os.makedirs(os.path.dirname(os.fsencode(made) + b"/" + at), exist_ok=True)
    os.symlink(target, os.fsencode(made) + b"/" + at)
    with pytest.raises(BagOutside, match="link"):
        for_path(made)


def test_a_link_inside_is_a_fault_and_is_not_followed(tmp_path):
    made = bag(tmp_path / "b", {b"a": b"1", b"l": b"1"})
    (made / "data/l").unlink()
    (made / "data/l").symlink_to("../data/a")
    assert judged(made) == ("faulty", [(b"data/l", BagReason.LINKED)])
    assert not link_escapes(b"data/l", b"../data/a")


def test_tag_files_that_are_links_are_not_read(tmp_path):
    made = bag(tmp_path / "b")
    (made / "manifest-sha256.txt").rename(made / "other")
    (made / "manifest-sha256.txt").symlink_to("other")
    assert BagReason.NO_MANIFEST in reasons(made)
    (made / "bagit.txt").unlink()
    (made / "bagit.txt").symlink_to("/etc/hostname")
    with pytest.raises(BagOutside):
        for_path(made)


@pytest.mark.timeout(20)
def test_a_fifo_as_a_tag_file_is_not_waited_for(tmp_path):
    made = bag(tmp_path / "b")
    os.mkfifo(made / "fetch.txt")
    assert reasons(made) == {BagReason.UNREADABLE}


def test_what_would_have_to_be_fetched_is_missing(tmp_path):
    made = bag(tmp_path / "b")
    append(made, "manifest-sha256.txt", f"{SUM}  data/far\n")
    append(made, "fetch.txt", "https://example.org/far 1 data/far\n")
    assert judged(made) == (
        "faulty",
        [(b"fetch.txt", BagReason.FETCH), (b"data/far", BagReason.NOT_FETCHED)],
    )


def test_fetch_may_name_only_what_is_listed(tmp_path):
    made = bag(tmp_path / "b")
    append(made, "fetch.txt", "https://example.org/far 1 data/far\nnonsense\n")
    assert reasons(made) == {BagReason.FETCH, BagReason.UNLISTED, BagReason.LINE}


def test_names_with_line_breaks_and_percent_signs(tmp_path):
    made = bag(tmp_path / "b", {})
    (made / "data").mkdir()
    for name in (b"a\nb", b"c\rd", b"e%f"):
        (made / "data" / os.fsdecode(name)).write_bytes(b"1")
    append(
        made,
        "manifest-sha256.txt",
        "".join(f"{SUM}  data/{n}\n" for n in ("a%0Ab", "c%0dd", "e%25f")),
    )
    assert judged(made) == ("valid", [])


def test_a_percent_sign_that_was_not_encoded_is_warned_of(tmp_path):
    """As the bagit library writes it."""
    made = bag(tmp_path / "b", {b"a%25b": b"1"})
    assert judged(made) == ("warning", [(b"data/a%25b", BagReason.PERCENT)])
    drafts = bag(tmp_path / "d", {b"a%25b": b"1"}, version="0.97")
    assert judged(drafts) == ("valid", [])


def test_both_readings_of_one_name_are_not_both_taken_for_it(tmp_path):
    made = bag(tmp_path / "b", {b"a%25b": b"1"})
    (made / "data/a%b").write_bytes(b"1")
    assert judged(made)[0] in ("valid", "warning", "faulty")
    assert [a.untrusted_path for a in for_path(made).arrivals() if b"data/" in a.untrusted_path] == [
        b"data/a%25b", b"data/a%b",
    ]  # fmt: skip


def test_names_may_hold_what_only_unicode_takes_for_a_line_break(tmp_path):
    made = bag(tmp_path / "b", {"a\x85b\u2028c\x0bd".encode(): b"1", b" a ": b"2"})
    assert judged(made) == ("valid", [])


def test_a_name_in_another_normalisation_is_held_to_what_is_listed(tmp_path):
    made = bag(tmp_path / "b", {unicodedata.normalize("NFD", "é").encode(): b"1"})
    nfd, nfc = (made / "data" / unicodedata.normalize(form, "é") for form in ("NFD", "NFC"))
    nfd.rename(nfc)
    assert reasons(made) == {BagReason.NAME_VARIANT}
    nfc.write_bytes(b"2")
    assert reasons(made) == {BagReason.NAME_VARIANT, BagReason.MISMATCH}


def test_two_names_that_are_one_elsewhere_are_warned_of(tmp_path):
    made = bag(tmp_path / "b", {b"A": b"1", b"a": b"2", b"b": b"3"})
    assert judged(made) == ("warning", [(b"data/a", BagReason.NAME_VARIANT)])


def test_a_file_that_only_looks_like_one_that_is_listed_does_not_stand_for_it(tmp_path):
    made = bag(tmp_path / "b", {b"A": b"1", b"a": b"2"})
    (made / "data/A").unlink()
    assert judged(made) == ("faulty", [(b"data/A", BagReason.MISSING)])


@pytest.mark.parametrize(
    ("oxum", "fine"),
    [("1.1", True), ("2.1", False), ("1.2", False), ("1", False), ("-1.1", False), ("0.1", False)],
)
def test_the_sums_must_be_right(tmp_path, oxum, fine):
    made = bag(tmp_path / "b", tags={b"bag-info.txt": f"Payload-Oxum: {oxum}\n".encode()})
    assert reasons(made) == (set() if fine else {BagReason.OXUM})


def test_two_sums_that_differ_are_a_fault(tmp_path):
    made = bag(tmp_path / "b", tags={b"bag-info.txt": b"Payload-Oxum: 1.1\npayload-oxum: 1.2\n"})
    assert reasons(made) == {BagReason.OXUM}


def test_an_unknown_algorithm_is_warned_of_and_alone_it_is_no_manifest(tmp_path):
    made = bag(tmp_path / "b", tags={b"manifest-crc32.txt": b"00 data/a\n"})
    assert judged(made) == ("warning", [(b"manifest-crc32.txt", BagReason.ALGORITHM)])
    (made / "manifest-sha256.txt").unlink()
    assert BagReason.NO_MANIFEST in reasons(made)


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({b"bagit.txt": b""}, BagReason.DECLARATION),
        ({b"bagit.txt": b"BagIt-Version: 1.0\n"}, BagReason.DECLARATION),
        ({b"bagit.txt": b"BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n"}, BagReason.VERSION),
        ({b"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: zip\n"}, BagReason.ENCODING),
        ({b"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nx\n"}, BagReason.DECLARATION),
        ({b"manifest-sha256.txt": b"\xff"}, BagReason.ENCODING),
        ({b"manifest-sha256.txt": b"zz data/a\n"}, BagReason.LINE),
        ({b"manifest-sha256.txt": b"00 data/a\n"}, BagReason.LINE),
        ({b"manifest-sha256.txt": b""}, BagReason.UNLISTED),
        ({b"manifest-sha256.txt": f"{SUM} bagit.txt\n".encode()}, BagReason.MISPLACED),
        ({b"tagmanifest-sha256.txt": f"{SUM} data/a\n".encode()}, BagReason.MISPLACED),
        ({b"tagmanifest-sha256.txt": f"{SUM} gone.txt\n".encode()}, BagReason.MISSING),
        ({b"bag-info.txt": b"no colon\n"}, BagReason.LINE),
        ({b"bag-info.txt": b" starts inside\n"}, BagReason.LINE),
    ],
)  # fmt: skip
def test_broken_tag_files_are_told_and_everything_still_arrives(tmp_path, tags, wanted):
    made = bag(tmp_path / "b", tags=tags)
    assert wanted in reasons(made)
    assert b"data/a" in {one.untrusted_path for one in for_path(made).arrivals()}


def test_a_bag_without_payload_folder(tmp_path):
    assert reasons(bag(tmp_path / "b", {})) == {BagReason.NO_PAYLOAD}


def test_tag_files_without_end_are_refused(tmp_path, monkeypatch):
    made = bag(tmp_path / "b")
    monkeypatch.setattr(bags, "MAX_TAG_BYTES", 100)
    with pytest.raises(InputRefused, match="tag files"):
        for_path(made)


@pytest.mark.parametrize(
    "name", ["zlib", "hex", "unicode_escape", "idna", "punycode", "rot13", "\0", "x" * 99, "mbcs"]
)
def test_only_encodings_of_text_are_taken(name):
    assert known_encoding(name) == ""


@pytest.mark.parametrize(
    "name", ["UTF-8", "utf8", "ISO-8859-1", "latin1", "UTF-16", "windows-1251", "KOI8-R", "ASCII"]
)
def test_the_usual_encodings_are_known(name):
    assert known_encoding(name)


texts = st.binary(max_size=200) | st.text(max_size=80).map(
    lambda t: t.encode("utf-8", "surrogatepass")
)
lines = st.lists(
    st.tuples(
        st.sampled_from(["00" * 16, SUM, "x"]),
        st.sampled_from([" ", "  ", " *", "\t"]),
        st.text(max_size=12),
    ),
    max_size=6,
).map(
    lambda made: "\n".join(f"{a}{b}data/{c}" for a, b, c in made).encode("utf-8", "surrogatepass")
)


@given(
    declaration=texts
    | st.tuples(
        st.sampled_from(["0.97", "1.0"]),
        st.sampled_from(["UTF-8", "UTF-16", "gb18030", "UTF-32", "cp1251"]),
    ).map(
        lambda said: "BagIt-Version: {}\nTag-File-Character-Encoding: {}\n".format(*said).encode()
    ),
    manifest=lines | texts,
    tag_manifest=lines | texts,
    fetch=texts,
    info=texts,
    met=st.lists(st.binary(min_size=1, max_size=12), max_size=5),
)
def test_no_bytes_raise_anything_but_our_own_errors(
    declaration, manifest, tag_manifest, fetch, info, met
):
    tags = {
        "bagit.txt": declaration, "manifest-md5.txt": manifest, "tagmanifest-sha256.txt": tag_manifest,
        "fetch.txt": fetch, "bag-info.txt": info,
    }  # fmt: skip
    try:
        listing = Listing(tags)
        for path in met:
            listing.meet(Arrival(b"data/" + path, EntryKind.FILE, 1))
        listing.finish(has_payload=True)
    except DaylightError:
        return
    for fault in listing.faults:
        assert isinstance(fault.untrusted_path, bytes)
    for path in met:
        listing.declared(b"data/" + path)


@given(st.text(max_size=30))
def test_a_name_that_does_not_escape_stays_inside_when_joined(path):
    if not escapes(path) and "\0" not in path:
        joined = os.path.normpath(os.path.join("/bag", path))
        assert joined == "/bag" or joined.startswith("/bag/")


@given(st.binary(max_size=300))
def test_any_declaration_can_be_read(data):
    assert parse_declaration(data).encoding


def test_a_hundred_thousand_files_that_are_missing_cost_no_square(tmp_path):
    """Each of them would be looked for under other spellings."""
    count = 100_000
    manifest = "".join(f"{SUM} data/{n}\n" for n in range(count)).encode()
    listing = Listing({"bagit.txt": b"", "manifest-sha256.txt": manifest})
    for n in range(count):
        listing.meet(Arrival(b"data/x%d" % n, EntryKind.FILE, 1))
    listing.finish(has_payload=True)
    assert len(listing.faults) == 2 * count + 1
