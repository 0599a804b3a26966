"""``daylight ledger card|compare|witness``: what is given to people outside, and what comes back."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli import head_card
from daylight.cli.output import FAULTY, print_json, say
from daylight.cli.session import session_of
from daylight.crypto.sshsig import MAX_FILE, read_keys
from daylight.errors import UsageError
from daylight.ledger import card as cards_of
from daylight.services import cards, heads
from daylight.services.cards import Comparison
from daylight.services.witness import Witnessed
from daylight.services.witness import witness as take

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def card(
    ctx: typer.Context,
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Write it there: .txt, .svg or .png.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """The head as a card for people outside: words to read aloud, and a QR code."""
    kept = heads.keep(session_of(ctx).workspace)
    if out is not None:
        write_new(out, cards.to_file(kept, out))
    if as_json:
        told = {"schema": "head-card/1", "at": kept.head.at, "code": cards_of.to_text(kept)}
        print_json(told | head_card.document(kept))
    else:
        head_card.show(kept)


def compare(
    ctx: typer.Context,
    said: Annotated[list[str], typer.Argument(help="The words of a card, or what its code says.")],
    *,
    size: Annotated[
        int | None,
        typer.Option(help="The number of entries on the card: quicker.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """A card read back: whose head it is, and whether the ledger grew from it."""
    session = session_of(ctx)
    found = cards.compare(session.workspace, session.principal, said, size)
    fault = _fault(found)
    if as_json:
        print_json(_document(found, fault))
    elif found.head is None or fault:
        say(f"FAULT {fault}: {_FAULTS[fault]}")
    else:
        head = found.head.head
        say(f"The card of the head over {head.size} entries, signed {head.at}.")
        say(f"The ledger grew from it; it has {heads.current().head.size} entries now.")
    if fault:
        raise typer.Exit(FAULTY)


_FAULTS = {
    "head-unknown": "the words are whole, but no head here has them: it is the card of another "
    "vault, or the ledger was rewritten",
    "head-contradicted": "the ledger did not grow from the head of this card: it was rewritten",
}


def _fault(found: Comparison) -> str:
    if found.head is None:
        return "head-unknown"
    return "" if found.holds else "head-contradicted"


def _document(found: Comparison, fault: str) -> dict[str, object]:
    head = None if found.head is None else found.head.head
    return {
        "schema": "card-comparison/1",
        "ok": not fault,
        "fault": fault or None,
        "words": list(found.words),
        "head": head and {"size": head.size, "root": head.root.hex(), "at": head.at},
        "entries": heads.current().head.size,
    }


def witness(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="'new' draws a codename; a drawn one; or 'office:…'.")
    ],
    *,
    head: Annotated[Path, typer.Option(help="The head's file that the partner signed.")],
    signature: Annotated[Path, typer.Option(help="What `ssh-keygen -Y sign` wrote.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The partner's public key; needed once.", show_default=False),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The partner has another key from here on.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a partner's countersignature over a head: from then on it is witnessed outside."""
    if new_key and key is None:
        raise UsageError("--new-key takes the key from the file of --key")
    session = session_of(ctx)
    done = take(
        session.workspace,
        session.principal,
        name,
        heads.from_file(head),
        _read(signature),
        keys=read_keys(_read(key)) if key else (),
        new_key=new_key,
    )
    if as_json:
        print_json(_witnessed(done))
        return
    before = " already" if done.again else ""
    say(f"{done.name} has{before} witnessed the first {done.size} entries.")
    say(f"  key {done.fingerprint}, entry {done.entry}")


def _witnessed(done: Witnessed) -> dict[str, object]:
    return {
        "schema": "witnessed/1",
        "name": done.name,
        "size": done.size,
        "key": done.fingerprint,
        "entry": done.entry,
        "already": done.again,
    }


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        raise UsageError(f"a file given cannot be read: {error.strerror}") from error


def write_new(path: Path, data: bytes) -> None:
    """``UsageError`` where there is such a file already: nothing is written over."""
    try:
        file = path.open("xb")
    except FileExistsError:
        raise UsageError("there is a file of this name already") from None
    try:
        with file:
            file.write(data)
    except OSError:  # a full disk: nothing stays that could be taken for whole
        path.unlink()
        raise
