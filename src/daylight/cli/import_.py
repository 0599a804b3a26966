"""``daylight import PATH…``: material in, with what is known of the transfer."""

import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli import head_card
from daylight.cli.examine import examine_and_report
from daylight.cli.output import FAULTY, note, print_json, progress, say, text_of
from daylight.cli.session import session_of
from daylight.domain.custody import TOPICS, Statements
from daylight.errors import UsageError
from daylight.routes.base import Limits
from daylight.services import heads
from daylight.services.intake import ImportReport, ImportRequest, import_material

DEFAULTS = Limits()


def run(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Folders, mounted disks, archives, files.")],
    *,
    accession: Annotated[str, typer.Option(help="A name for this transfer.")] = "",
    collection: Annotated[str, typer.Option(help="The collection it joins.")] = "",
    custody: Annotated[Path | None, typer.Option(help="TOML file with the answers below.")] = None,
    device: Annotated[str, typer.Option(help=TOPICS["device"])] = "",
    serial: Annotated[str, typer.Option(help=TOPICS["serial"])] = "",
    seal: Annotated[str, typer.Option(help=TOPICS["seal"])] = "",
    handed_over_by: Annotated[
        str, typer.Option("--from", help="'new' draws a codename; a drawn one; or 'office:…'.")
    ] = "",
    received_by: Annotated[str, typer.Option(help=TOPICS["received_by"])] = "",
    place: Annotated[str, typer.Option(help=TOPICS["place"])] = "",
    received_at: Annotated[str, typer.Option(help=TOPICS["received_at"])] = "",
    connected: Annotated[str, typer.Option(help=TOPICS["connected"])] = "",
    handling: Annotated[str, typer.Option(help=TOPICS["handling"])] = "",
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Ask what is not given.")] = True,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Read back from the medium.")
    ] = True,
    examine: Annotated[bool, typer.Option("--examine/--no-examine")] = True,
    expand: Annotated[
        bool, typer.Option("--expand/--no-expand", help="Look into zip and tar files.")
    ] = True,
    allow_writable_source: Annotated[bool, typer.Option("--allow-writable-source")] = False,
    max_total: Annotated[int, typer.Option(help="Bytes out of one archive.")] = DEFAULTS.max_total,
    max_members: Annotated[int, typer.Option(help="Members.")] = DEFAULTS.max_members,
    max_ratio: Annotated[int, typer.Option(help="Bytes out for one in.")] = DEFAULTS.max_ratio,
    max_nesting: Annotated[int, typer.Option(help="Archives in it.")] = DEFAULTS.max_nesting,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Take material in, beyond doubt. Interrupted and run again, it goes on where it was."""
    session = session_of(ctx)
    given = {
        "device": device,
        "serial": serial,
        "seal": seal,
        "handed_over_by": handed_over_by,
        "received_by": received_by,
        "place": place,
        "received_at": received_at,
        "connected": connected,
        "handling": handling,
    }
    ws, principal = session.workspace, session.principal
    request = ImportRequest(
        roots=paths,
        accession=accession,
        collection=collection,
        statements=_statements(custody, given, ask=ask),
        verify=verify,
        expand=expand,
        allow_writable_source=allow_writable_source,
        limits=Limits(max_total, max_members, max_ratio, max_nesting),
    )
    ws.keyring.unlock()
    with progress("import") as shown:
        report = import_material(ws, principal, request, shown)
    _say(report, as_json=as_json)
    if examine:
        examine_and_report(session, only="", quiet=as_json)
    if not as_json:
        head_card.show(heads.current())
    if any(fault.level == "error" for fault in report.bag_faults):
        raise typer.Exit(FAULTY)


def _say(report: ImportReport, *, as_json: bool) -> None:
    if report.codename:
        note(f"The codename of whoever handed it over: {report.codename}")
    if as_json:
        print_json(_document(report))
    else:
        _tell(report)


def _statements(file: Path | None, given: dict[str, str], *, ask: bool) -> Statements:
    """Options win over the file; what neither says is asked where there is somebody to ask."""
    answers = _read(file) | {topic: text for topic, text in given.items() if text}
    if ask and sys.stdin.isatty() and sys.stderr.isatty():
        note("What is known of this transfer? Enter alone means: unknown.")
        for topic in (topic for topic in TOPICS if topic not in answers):
            answers[topic] = _asked(topic)
    return Statements(answers)


def _asked(topic: str) -> str:
    """The answer of whoever sits there; a typed name is refused at once and asked for again."""
    while True:
        hint = " ('new' draws a codename)" if topic == "handed_over_by" else ""
        text: str = typer.prompt(TOPICS[topic] + hint, default="", show_default=False, err=True)
        try:
            return Statements({topic: text}).by_topic[topic]
        except UsageError as error:
            note(f"{error}")


def _read(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the custody file cannot be read: {error}") from error
    if any(isinstance(value, dict | list) for value in values.values()):
        raise UsageError("the custody file gives each topic one answer, no table and no list")
    return {topic: str(value) for topic, value in values.items()}


def _document(report: ImportReport) -> dict[str, object]:
    return {
        "schema": "import/1",
        "accession": report.accession,
        "files": report.files,
        "bytes": report.bytes,
        "items_new": report.items_new,
        "items_known": report.items_known,
        "occurrences": report.occurrences,
        "already": report.already,
        "links": report.links,
        "refused": [
            {"path": text_of(one.untrusted_path), "kind": one.kind, "reason": one.reason}
            for one in report.refused
        ],
        "bag_faults": [
            {"path": text_of(one.untrusted_path), "reason": one.reason, "level": one.level}
            for one in report.bag_faults
        ],
        "seconds": round(report.seconds, 3),
        "head": head_card.document(report.head),
    }


def _tell(report: ImportReport) -> None:
    say(f"Accession {report.accession}: {report.files} files, {report.bytes / 1e6:.1f} MB.")
    say(f"  {report.items_new} new items, {report.items_known} met before.")
    if report.already:
        say(f"  {report.already} files were kept by an earlier run of this import.")
    if report.links:
        say(f"  {report.links} links recorded, not followed.")
    for one in report.refused:
        say(f"  not kept ({one.kind}): {text_of(one.untrusted_path)}: {one.reason}")
    for fault in report.bag_faults:
        say(f"  bag {fault.level}: {text_of(fault.untrusted_path)}: {fault.reason}")
