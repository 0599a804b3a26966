"""The court package as a whole: made from a vault, checked by its own programme."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from django.db import connections

from daylight.catalogue.ledger_rows import entries, entries_at
from daylight.catalogue.models import Authority as AuthorityRow
from daylight.catalogue.models import Item, Witness
from daylight.catalogue.models import Seal as SealRow
from daylight.catalogue.queries.items import Filter, items
from daylight.domain.custody import Statements
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import (
    DestinationExists,
    Forbidden,
    HeadRefused,
    HelpMissing,
    StoreCorrupt,
    UsageError,
)
from daylight.exports.base import FolderSink
from daylight.services import heads, ledger
from daylight.services.court import export_court
from daylight.services.court_records import Wanted
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.release import prepare
from tests.conftest import new_vault
from tests.exports.court.makers import Authority
from tests.services.signing import signed_export
from tests.services.test_watch import CLIP, SOUND, Slots

STATED = {"device": "recorder Иволга", "handed_over_by": "office:Прокуратура", "place": "Тверь"}
LEAKED = "Камера 7/побег.bin"
PREMIS = Path(__file__).parents[1] / "exports" / "court" / "premis" / "premis.xsd"


def fill(ws, principal, tmp_path):
    """A clip, a sound and three files that are nothing, in two transfers; examined."""
    disk, other = tmp_path / "disk", tmp_path / "other"
    (disk / "Камера 7").mkdir(parents=True)
    (disk / "clip.mp4").write_bytes(CLIP.read_bytes())
    (disk / "sound.wav").write_bytes(SOUND.read_bytes())
    (disk / LEAKED).write_bytes(b"nothing that is known" * 99)
    (disk / "again.bin").write_bytes(b"nothing that is known" * 99)
    (disk / "empty").write_bytes(b"")
    first = ImportRequest(roots=(disk,), accession="from-Ivan", statements=Statements(STATED))
    import_material(ws, principal, first, Silent())
    other.mkdir()
    (other / "x").write_bytes(b"nothing that is known" * 99)
    (other / "y").write_bytes(random.Random(5).randbytes(999))
    import_material(ws, principal, ImportRequest(roots=(other,)), Silent())
    ready = replace(ws, start_executor=lambda slots: Slots())
    examine(ready, principal, "", Silent())
    return ready


@pytest.fixture
def archive(ws, principal, tmp_path):
    return fill(ws, principal, tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory, migrated) -> Path:
    """A package to look at and to spoil copies of; the vault behind it is gone."""
    from daylight.catalogue.queries.vault import custodian_here

    folder = tmp_path_factory.mktemp("court")
    ws = fill(new_vault(folder / "vault", migrated), custodian_here(), folder)
    heads.keep(ws)
    shutil.copy(heads_file(ws), folder / "kept.json")
    import_material(ws, custodian_here(), ImportRequest(roots=(CLIP,)), Silent())
    wanted = Wanted(selection="Все записи <b>камеры</b>", old_hashes=True)
    export(ws, custodian_here(), folder / "court", wanted, against=[folder / "kept.json"])
    connections.close_all()
    return folder / "court"


def heads_file(ws) -> Path:
    return ws.layout.heads / f"{heads.current().head.size}.json"


def names(principal) -> list[str]:
    return [one.digest.hex() for one in items(principal, Filter())]


def export(ws, principal, folder: Path, wanted=None, chosen=None, against=()):
    from daylight.catalogue.queries.vault import custodian_here

    sink = FolderSink(folder)
    approved = signed_export(ws, *(chosen or names(custodian_here())))
    return export_court(ws, principal, approved, sink, Silent(), wanted or Wanted(), against)


def verify(folder: Path, *words: str | Path, program: Path | None = None) -> tuple[int, str]:
    """verify.py as a stranger runs it: isolated, with nothing of Daylight in reach."""
    code = (
        "import runpy, sys\n"
        "program, *sys.argv[1:] = sys.argv[1:]\n"
        "sys.argv[0] = program\n"
        "try:\n"
        "    runpy.run_path(program, run_name='__main__')\n"
        "finally:\n"
        "    ours = sorted(n for n in sys.modules if n.split('.')[0] in ('daylight', 'django'))\n"
        "    assert not ours, ours\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, program or folder / "verify.py", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def package(folder: Path) -> dict:
    return json.loads((folder / "package.json").read_bytes())


def everything(folder: Path, *, but: tuple[str, ...] = ()) -> bytes:
    """What the package says, without the originals and what is made of them."""
    found = [p for p in folder.rglob("*") if p.is_file() and "items" not in p.parts]
    return b"\n".join(p.read_bytes() for p in found if p.name not in but)


def test_a_package_checks_itself(made):
    code, said = verify(made)
    assert code == 0, said
    assert "FAILED" not in said
    assert said.count("OK ") >= 5
    assert "NOT CHECKED  against a head from somebody outside" in said


def test_sha256sum_reads_the_manifest(made):
    done = subprocess.run(
        ["sha256sum", "--quiet", "--strict", "-c", "manifest-sha256.txt"], cwd=made, check=False
    )
    assert done.returncode == 0


def test_originals_are_whole_and_beside_them_lies_a_copy_that_says_what_it_is(made):
    said = package(made)
    assert len(said["items"]) == 5
    for one in said["items"]:
        data = (made / one["original"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert hashlib.md5(data).hexdigest() == one["md5"]
        assert hashlib.sha1(data).hexdigest() == one["sha1"]
    copies = [one["working_copy"] for one in said["items"] if one["working_copy"]]
    assert len(copies) == 2
    for name in copies:
        assert "working-copy-not-evidence" in name
        assert (made / name).read_bytes()[::188].count(0x47) == (made / name).stat().st_size / 188


def test_a_head_from_outside_is_compared(made, tmp_path):
    code, said = verify(made, "--head", made.parent / "kept.json")
    assert code == 0, said
    assert "OK           outside" in said
    code, said = verify(made, "--head", made / "ledger-head.json")
    assert code == 0, said


def test_another_ledgers_head_contradicts(made, tmp_path, migrated):
    stranger = new_vault(tmp_path / "stranger", migrated)
    head = heads.keep(stranger)
    connections.close_all()
    path = stranger.layout.heads / f"{head.head.size}.json"
    code, said = verify(made, "--head", path)
    assert code == 1
    assert "FAILED       head-forged" in said


@pytest.mark.parametrize("what", ["nothing", "no JSON", "no head", "signature"])
def test_what_is_no_head_is_said_to_be_none(made, tmp_path, what):
    path = tmp_path / "head.json"
    head = json.loads((made / "ledger-head.json").read_bytes())
    if what == "signature":
        head["signature"] = head["signature"][::-1]
    data = {"no JSON": b"\xff", "no head": b"[]", "signature": json.dumps(head).encode()}
    if what != "nothing":
        path.write_bytes(data[what])
    code, said = verify(made, "--head", path)
    assert code == 1
    assert "FAILED" in said


def spoilt(made: Path, folder: Path) -> Path:
    return Path(shutil.copytree(made, folder / "spoilt"))


def kinds(made: Path) -> list[str]:
    """One file of each kind."""
    found: dict[str, str] = {}
    for path in sorted(made.rglob("*")):
        if path.is_file() and path.stat().st_size:
            name = path.relative_to(made).as_posix()
            found.setdefault(path.name if "items" not in name else path.suffix, name)
    return sorted(found.values())


def test_one_byte_changed_anywhere_fails(made, tmp_path):
    """The programme that checks is the court's own: the one in the package may be forged."""
    program = Path(shutil.copy(made / "verify.py", tmp_path / "program.py"))
    copy, drawn = spoilt(made, tmp_path), random.Random(7)
    assert len(kinds(made)) >= 14
    for name in kinds(made):
        whole = (made / name).read_bytes()
        places = {0, len(whole) - 1, *(drawn.randrange(len(whole)) for _ in range(3))}
        for place in places:
            changed = bytearray(whole)
            changed[place] ^= 1 << drawn.randrange(8)
            (copy / name).write_bytes(changed)
            code, said = verify(copy, copy, program=program)
            assert code == 1, (name, place, said)
            assert "FAILED       " in said, (name, place)
        (copy / name).write_bytes(whole)
    assert verify(copy, copy, program=program)[0] == 0


def test_a_signature_in_capitals_is_another_file(made, tmp_path):
    copy = spoilt(made, tmp_path)
    path = copy / "manifest-signature.json"
    body, signature = path.read_bytes().split(b'"signature":')
    path.write_bytes(body + b'"signature":' + signature.upper())
    code, said = verify(copy)
    assert code == 1
    assert "FAILED       manifest-forged" in said


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ("cut", "file-changed"),
        ("gone", "file-missing"),
        ("more", "file-extra"),
        ("link", "file-missing"),
        ("no signature", "manifest-forged"),
        ("swapped", "file-changed"),
    ],
)
def test_what_is_wrong_has_a_name(made, tmp_path, how, fault):
    copy = spoilt(made, tmp_path)
    first, second = (copy / one["original"] for one in package(made)["items"][:2])
    if how == "cut":
        os.truncate(first, 100)
    elif how == "gone":
        first.unlink()
    elif how == "more":
        (copy / "items" / "0001" / "another.mp4").write_bytes(b"x")
    elif how == "link":
        first.unlink()
        first.symlink_to(made / first.relative_to(copy))
    elif how == "no signature":
        (copy / "manifest-signature.json").unlink()
    else:
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)
    code, said = verify(copy)
    assert code == 1
    assert f"FAILED       {fault}" in said


def listed_anew(folder: Path) -> None:
    """The manifest made to fit: what a forger does first. The signature they cannot make."""
    lines = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("manifest-"):
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    (folder / "manifest-sha256.txt").write_text("".join(lines))


def forge(said: dict, what: str) -> None:
    received = next(e for e in said["entries"] if '"action":"received"' in e["leaf"])
    if what == "leaf":
        received["leaf"] = received["leaf"].replace('"at":"2', '"at":"1')
    elif what == "details":
        received["details"]["body"] = received["details"]["body"].replace('"yes"', '"no"')
    elif what == "opening":
        received["objects"][0]["salt"] = "00" * 32
    elif what == "place":
        received["objects"][0]["position"] += 1
    elif what == "path":
        received["path"].pop()
    elif what == "item":
        said["items"][0]["sha256"], said["items"][1]["sha256"] = (
            said["items"][1]["sha256"],
            said["items"][0]["sha256"],
        )
    elif what == "md5":
        said["items"][0]["md5"] = "0" * 32
    elif what == "receipt":
        said["entries"].remove(received)
    elif what == "head":
        said["head"]["head"]["size"] += 1
    elif what == "earlier":
        said["heads"][0]["consistency"].append("00" * 32)


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("leaf", "entry-not-under-head"),
        ("details", "details-differ"),
        ("opening", "opening-differs"),
        ("place", "FAILED"),
        ("path", "FAILED"),
        ("item", "opening-differs"),
        ("md5", "hash-differs"),
        ("receipt", "item-not-received"),
        ("head", "head-forged"),
        ("earlier", "FAILED"),
    ],
)
def test_a_forger_who_mends_the_manifest_is_found(made, tmp_path, what, fault):
    copy = spoilt(made, tmp_path)
    said = package(copy)
    forge(said, what)
    (copy / "package.json").write_text(json.dumps(said))
    listed_anew(copy)
    code, told = verify(copy)
    assert code == 1
    assert f"FAILED       {fault}" in told or fault == "FAILED"
    assert "manifest-forged" in told or what == "head"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\\b", "C:x", "a//../b", "a\rb"])
def test_a_manifest_leads_nowhere_else(made, tmp_path, name):
    copy = spoilt(made, tmp_path)
    with (copy / "manifest-sha256.txt").open("a", newline="") as file:
        file.write(f"{'0' * 64}  {name}\n")
    code, said = verify(copy)
    assert code == 1
    assert "FAILED       manifest-unreadable" in said


def test_nothing_on_the_source_no_name_no_path(made):
    said = everything(made)
    for secret in ("побег", "Камера", "clip.mp4", "from-Ivan", "Иволга", "Прокуратура", "Тверь"):
        assert secret.encode() not in said.replace("Все записи <b>камеры</b>".encode(), b"")
        assert json.dumps(secret).strip('"').encode() not in said
    assert os.fsencode(made.parent) not in said


def test_what_is_asked_for_is_there(archive, principal, tmp_path):
    wanted = Wanted(with_paths=True, with_custody=True, working_copies=False)
    export(archive, principal, tmp_path / "court", wanted)
    report = (tmp_path / "court" / "report.html").read_text()
    for text in ("побег", "from-Ivan", "Иволга", "Прокуратура", "Тверь"):
        assert text in report
    code, said = verify(tmp_path / "court")
    assert code == 0, said
    assert "left closed" not in said
    assert not list((tmp_path / "court").rglob("*.ts"))


def test_the_report_says_what_is_not_known(made):
    report = (made / "report.html").read_text()
    assert "not recorded in this vault" in report
    assert "authentic" not in report.lower()
    assert "Все записи &lt;b&gt;камеры&lt;/b&gt;" in report
    assert "Nobody outside has signed or sealed this ledger" in report
    assert (made / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert b"authentic" not in everything(made, but=("verify.py",)).lower()


def test_premis_is_valid(made):
    schema = xmlschema.XMLSchema(PREMIS)
    schema.validate(str(made / "premis.xml"))
    top = ET.parse(made / "premis.xml").getroot()
    spaces = {"p": "http://www.loc.gov/premis/v3"}
    assert len(top.findall("p:object", spaces)) == 7
    assert len(top.findall("p:event", spaces)) == len(package(made)["entries"])


def test_the_export_is_entered(archive, principal, tmp_path):
    report = export(archive, principal, tmp_path / "court")
    (entry,) = entries_at([report.entry])
    manifest = (tmp_path / "court" / "manifest-sha256.txt").read_bytes()
    assert entry.action == "originals-exported"
    assert json.loads(entry.details)["manifest"] == hashlib.sha256(manifest).hexdigest()
    # It is told of in the next one.
    export(archive, principal, tmp_path / "next")
    said = package(tmp_path / "next")
    assert report.entry in said["items"][0]["entries"]
    # And no more than that it was done: the reason, and who signed, is not for the next reader.
    (told,) = [one for one in said["entries"] if json.loads(one["leaf"])["index"] == report.entry]
    assert told["details"] is None
    assert b"the court asked for it" not in everything(tmp_path / "next")
    assert verify(tmp_path / "next")[0] == 0


def test_one_item_opens_nothing_of_the_others(archive, principal, tmp_path):
    one, *others = names(principal)
    export(archive, principal, tmp_path / "court", chosen=[one])
    said = everything(tmp_path / "court")
    assert one.encode() in said
    assert not any(other.encode() in said for other in others)
    assert verify(tmp_path / "court")[0] == 0
    assert "4 items" in (tmp_path / "court" / "report.html").read_text()


def test_keys_that_changed_are_followed(archive, principal, tmp_path):
    ledger.rotate_key(archive, principal, "")
    ledger.replace_lost_key(archive, principal, "", "the disk is gone")
    export(archive, principal, tmp_path / "court")
    code, said = verify(tmp_path / "court")
    assert code == 0, said


def test_a_change_of_key_that_is_not_told_is_found(archive, principal, tmp_path):
    ledger.rotate_key(archive, principal, "")
    import_material(archive, principal, ImportRequest(roots=(CLIP,)), Silent())
    export(archive, principal, tmp_path / "court")
    said = package(tmp_path / "court")
    said["entries"] = [e for e in said["entries"] if "key-rotated" not in e["leaf"]]
    (tmp_path / "court" / "package.json").write_text(json.dumps(said))
    code, told = verify(tmp_path / "court")
    assert code == 1
    assert "FAILED       key-unknown" in told


def test_a_release_is_tied_to_its_items_here_alone(archive, principal, tmp_path):
    chosen = [one.digest for one in items(principal, Filter())][:3]
    prepared = prepare(archive, principal, chosen)
    export(archive, principal, tmp_path / "court", chosen=[chosen[0].hex()])
    code, said = verify(tmp_path / "court")
    assert code == 0, said
    assert f"OK           release {prepared.root.hex()}" in said
    assert prepared.documents[chosen[0]]["commitment"] in said
    assert not any(one.hex().encode() in everything(tmp_path / "court") for one in chosen[1:])
    # A release that holds another item instead is found out.
    told = package(tmp_path / "court")
    told["releases"][0]["commitment"] = "00" * 32
    (tmp_path / "court" / "package.json").write_text(json.dumps(told))
    assert "release-differs" in verify(tmp_path / "court")[1]


def test_a_witness_is_checked(archive, principal, tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not here")
    head = heads.keep(archive)
    key, file = tmp_path / "partner", heads_file(archive)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]
    subprocess.run(words, check=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "daylight-head", file],
        check=True,
        capture_output=True,
    )
    Witness.objects.create(
        size=head.head.size,
        name="umber-heron-20",
        key=key.with_suffix(".pub").read_text().strip(),
        signature=Path(f"{file}.sig").read_text(),
        created=archive.clock(),
        entry=0,
    )
    os.unlink(f"{file}.sig")
    export(archive, principal, tmp_path / "court")
    code, said = verify(tmp_path / "court")
    assert code == 0, said
    assert "OK           witness 'umber-heron-20'" in said
    told = package(tmp_path / "court")
    told["heads"][0]["witnesses"][0]["signature"] = told["heads"][0]["witnesses"][0][
        "signature"
    ].replace("AAAA", "AAAB", 2)
    (tmp_path / "court" / "package.json").write_text(json.dumps(told))
    assert "FAILED       witness-forged" in verify(tmp_path / "court")[1]


def test_a_seal_is_taken_along_and_checked(archive, principal, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    (tmp_path / "authority").mkdir()
    head, now = heads.keep(archive), archive.clock()
    seal = Authority(tmp_path / "authority").seal(head.body())
    row = AuthorityRow.objects.create(
        name="local",
        url="https://tsa.example",
        certificate=seal.certificates.decode(),
        added=now,
        entry=0,
    )
    SealRow.objects.create(
        authority=row,
        size=head.head.size,
        wanted=now,
        next_try=now,
        token=seal.token,
        gen_time=now,
    )
    import_material(archive, principal, ImportRequest(roots=(CLIP,)), Silent())
    export(archive, principal, tmp_path / "court", Wanted(working_copies=False))
    code, said = verify(tmp_path / "court")
    assert code == 0, said
    assert f"OK           seal by 'local' on the head of {head.head.size} entries" in said


# What goes wrong leaves nothing.


def test_who_may_not_export_does_not(archive, principal, tmp_path):
    for right in (Right.EXPORT, Right.SEE_CUSTODY, Right.WATCH):
        lesser = Principal(principal.agent, principal.rights - {right}, None)
        with pytest.raises(Forbidden):
            export(archive, lesser, tmp_path / "court", chosen=names(principal))
    stranger = Principal(principal.agent, principal.rights, frozenset())
    with pytest.raises(UsageError):
        export(archive, stranger, tmp_path / "court", chosen=names(principal))
    assert left(tmp_path) == []


def left(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith("court")]


def test_a_spoilt_original_is_not_given_out(archive, principal, tmp_path):
    digest = next(
        one for one in names(principal) if Item.objects.get(sha256=bytes.fromhex(one)).size
    )
    path = archive.layout.root / "objects" / digest[:2] / digest[2:4] / digest
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(b"\xfe\xfe")
    with pytest.raises(StoreCorrupt):
        export(archive, principal, tmp_path / "court")
    assert left(tmp_path) == []
    assert "originals-exported" not in {one.action for one in entries()}


def test_no_sandbox_no_package(archive, principal, tmp_path):
    def missing(slots):
        raise HelpMissing("no sandbox can be started here")

    with pytest.raises(HelpMissing):
        export(replace(archive, start_executor=missing), principal, tmp_path / "court")
    assert left(tmp_path) == []


def test_what_is_there_is_not_written_over(archive, principal, tmp_path):
    (tmp_path / "court").mkdir()
    with pytest.raises(DestinationExists):
        export(archive, principal, tmp_path / "court")
    assert os.listdir(tmp_path / "court") == []


def test_a_head_that_the_ledger_did_not_grow_out_of_is_refused(archive, principal, tmp_path):
    body = json.loads(heads_file_of(archive).read_bytes())
    body["head"]["root"] = "0" * 64
    (tmp_path / "theirs.json").write_text(json.dumps(body))
    with pytest.raises(HeadRefused):
        export(archive, principal, tmp_path / "court", against=[tmp_path / "theirs.json"])
    assert left(tmp_path) == []


def heads_file_of(ws) -> Path:
    heads.keep(ws)
    return heads_file(ws)
