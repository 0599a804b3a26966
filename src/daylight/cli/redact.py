"""``daylight redact ITEM``: a copy in which people are covered."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.queries.items import ItemView, find
from daylight.cli.named import KeyFile
from daylight.cli.output import note, print_json, progress, say
from daylight.cli.passphrase import personal
from daylight.cli.session import Session, session_of
from daylight.domain.redaction import Codec, Plan
from daylight.domain.redaction_follow import asked, lost
from daylight.domain.redaction_json import MAX_BYTES, decode, encode
from daylight.domain.redaction_seen import MAX_BYTES as MAX_REPORT
from daylight.domain.redaction_seen import seen_in, with_seen
from daylight.domain.redaction_texts import with_texts
from daylight.errors import PlanRefused, SourceUnreadable, UsageError
from daylight.media.facts_json import from_json
from daylight.services import finding
from daylight.services.approvals import countersign
from daylight.services.follow import follow_asked
from daylight.services.personal_keys import signer
from daylight.services.redact import Report, check_form, draft, facts_of, redact
from daylight.services.redact_release import ask_to_release, release, standing_plan
from daylight.services.texts import look


def run(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="The copy: a new .mp4, .jpg or .png.", show_default=False)
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="What is covered; else the plan kept.", show_default=False)
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Cover everything found, leave the sound out.")
    ] = False,
    texts: Annotated[
        bool,
        typer.Option("--texts", help="Propose labels and text, covered, for people to decide."),
    ] = False,
    seen: Annotated[
        Path | None,
        typer.Option(
            help="A draft's report: what was seen in it again is covered too.", show_default=False
        ),
    ] = None,
    codec: Annotated[
        Codec | None,
        typer.Option(help="Of the pictures; else as the plan says.", show_default=False),
    ] = None,
    write_plan: Annotated[
        Path | None, typer.Option(help="The plan into this new file.", show_default=False)
    ] = None,
    release_it: Annotated[
        bool, typer.Option("--release", help="No draft: on two people's signatures.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why it goes out, from the first to sign.")] = "",
    request: Annotated[str, typer.Option(help="What the first signature is kept under.")] = "",
    as_user: Annotated[str, typer.Option("--as", help="The user who signs.")] = "",
    key_passphrase_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Render a copy by a plan, check it, and write its report beside it; a draft unless --release."""
    session = session_of(ctx)
    view = _item(session, item)
    if release_it:
        changes = (plan, seen, codec, write_plan)
        if auto or texts or any(one is not None for one in changes):
            raise UsageError("a release is rendered by the plan that is kept; save the plan first")
        signing = (reason, request, as_user, key_passphrase_file)
        _release(session, view, out, signing, as_json=as_json)
        return
    if plan is not None and auto:
        raise UsageError("either --plan FILE or --auto")
    if out is None and write_plan is None:
        raise UsageError("say where the copy goes: --out FILE")
    facts = facts_of(session.principal, view)
    if out is not None:
        check_form(from_json(facts), out)
    chosen = _followed(session, view, _begun(session, view, plan, seen, auto=auto))
    if texts:
        chosen = _lettered(session, view, chosen)
    if codec is not None:
        chosen = replace(chosen, output=replace(chosen.output, codec=codec))
    if write_plan is not None:
        _write(write_plan, encode(chosen) + b"\n")
    if out is None:
        return
    session.workspace.keyring.unlock()
    with progress("redact", "steps") as shown:
        report = redact(session.workspace, session.principal, view, chosen, out, shown)
    _tell(report, as_json=as_json)


def _item(session: Session, name: str) -> ItemView:
    found = find(session.principal, name.lower())
    if len(found) != 1:
        raise UsageError(
            "several items begin like this" if found else "no item has this name (any more)"
        )
    return found[0]


def _chosen(session: Session, view: ItemView, file: Path | None, *, auto: bool) -> Plan:
    if auto:
        with progress("find faces", "steps") as shown:
            ws, principal = session.workspace, session.principal
            return draft(ws, principal, view, finding.tracks_of, shown)
    if file is None:
        return standing_plan(session.principal, view)
    made = decode(_read(file, MAX_BYTES, "plan"))
    if made.item != view.digest:
        raise PlanRefused("the plan belongs to another item")
    return made


def _read(file: Path, most: int, what: str) -> bytes:
    """At most one byte more than it may have."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise SourceUnreadable(f"the {what} cannot be read: {error.strerror}") from error


def _begun(
    session: Session, view: ItemView, plan: Path | None, seen: Path | None, *, auto: bool
) -> Plan:
    """With what was seen in a draft before."""
    if seen is None:
        return _chosen(session, view, plan, auto=auto)
    before = seen_in(_read(seen, MAX_REPORT, "report"), view.digest)
    chosen = _chosen(session, view, plan, auto=auto)
    made = with_seen(chosen, before.spots)
    many = len(made.regions) - len(chosen.regions)
    note(f"Covered too: {many} places in which faces were seen; decide on each.")
    if before.untold:
        note(f"{before.untold} more were seen than the report tells: look at this draft's too.")
    return made


def _followed(session: Session, view: ItemView, plan: Plan) -> Plan:
    """With what the plan asks to have followed."""
    if not asked(plan):
        return plan
    with progress("follow", "steps") as shown:
        made = follow_asked(session.workspace, session.principal, view, plan, shown)
    for one in made.regions:
        for at_us in lost(one):
            note(f"{one.name} was lost at {at_us / 1_000_000:.1f} s: it stays covered there; look.")
    return made


def _lettered(session: Session, view: ItemView, plan: Plan) -> Plan:
    """With labels and text that were found."""
    with progress("find text", "steps") as shown:
        found = look(session.workspace, session.principal, view, shown)
    if not found.read:
        note(
            "Text in the scene was not looked for: what reads it is not installed (docs/redact.md)."
        )
    return with_texts(plan, found)


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise UsageError(f"{path.name} exists, and nothing is written over") from error
    except OSError as error:
        raise UsageError(f"{path.name} cannot be written: {error.strerror}") from error


def _release(
    session: Session,
    view: ItemView,
    out: Path | None,
    signing: tuple[str, str, str, Path | None],
    *,
    as_json: bool,
) -> None:
    reason, request, as_user, file = signing
    if not as_user or bool(reason) == bool(request) or (request and out is None):
        raise UsageError(
            "a release takes two signatures: first --release --as USER --reason TEXT, "
            "then as another person --release --as USER --request ID --out FILE"
        )
    ws, principal = session.workspace, session.principal
    ws.keyring.unlock()
    person, phrase = signer(as_user), personal(file, as_user)
    if out is None or not request:
        made = ask_to_release(ws, principal, view, reason, person, phrase)
        if as_json:
            print_json({"schema": "request/1", "id": made})
        else:
            say(f"Signed. Another person releases it with --release --request {made} --as USER")
        return
    approved = countersign(ws, principal, request, person, phrase)
    with progress("redact", "steps") as shown:
        report = release(ws, principal, view, approved, out, shown)
    _tell(report, as_json=as_json)


def _tell(report: Report, *, as_json: bool) -> None:
    """``redacted/1``; keys are stable."""
    if as_json:
        print_json(
            {
                "schema": "redacted/1",
                "frames": report.frames,
                "tracks": report.tracks,
                "undecided": len(report.undecided),
                "gaps_closed": report.gaps_closed,
                "seconds": round(report.seconds, 3),
                "plan": report.saved.plan,
                "version": report.saved.version,
                "sha256": report.sha256,
                "entry": report.entry,
                "seen_again": report.seen_again,
            }
        )
        return
    say(
        f"{report.frames} pictures, {report.tracks} regions, {len(report.undecided)} of them undecided "
        f"and so covered, {report.gaps_closed} gaps closed; {report.seconds:.1f} s."
    )
    _tell_again(report)


def _tell_again(report: Report) -> None:
    again = report.document.get("detector_again")
    if again is not None and not again["looked"]:
        say("It was not looked at again: no model that finds faces is installed.")
    elif report.seen_again:
        say(
            f"Looked at again, faces were seen {report.seen_again} times; the report says where, and --seen covers it."
        )
