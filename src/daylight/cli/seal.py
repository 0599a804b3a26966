"""``daylight seal``: time stamps of outside authorities on the ledger's head."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.output import note, print_json, say
from daylight.cli.session import session_of
from daylight.errors import SourceUnreadable
from daylight.ledger.seal import MAX_CERTIFICATES, to_pem
from daylight.services import authorities, seal
from daylight.services.authorities import NewAuthority
from daylight.services.seal import Outcome
from daylight.services.seals_report import authorities as states
from daylight.services.seals_report import state_document
from daylight.services.transport import HttpTransport

Name = Annotated[str, typer.Argument(help="The authority's name.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def run(
    ctx: typer.Context,
    *,
    authority: Annotated[
        list[str] | None,
        typer.Option(help="Ask this one; give it again for more. Without: all."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the authorities for a time stamp on the ledger's head, now."""
    if ctx.invoked_subcommand is not None:
        return
    session, names = session_of(ctx), authority or []
    seal.want(session.workspace, session.principal, names)
    outcomes = seal.make(session.workspace, session.principal, HttpTransport(), names=names)
    if as_json:
        print_json({"schema": "seal/1", "seals": [seal.document(one) for one in outcomes]})
    else:
        tell(outcomes)
    for one in outcomes:
        if one.error is not None:
            raise one.error


def tell(outcomes: list[Outcome]) -> None:
    """A line for each; what failed goes to stderr."""
    for one in outcomes:
        if one.token is not None:
            when = f"{one.token.gen_time:%Y-%m-%d %H:%M:%S} UTC"
            say(f"{one.authority}: the head of {one.size} entries is sealed, {when}.")
        else:
            note(f"{one.authority}: the seal stays wanted: {one.error}")


def add(
    ctx: typer.Context,
    name: Name,
    url: Annotated[str, typer.Argument(help="http:// or https:// address that takes requests.")],
    *,
    certificate: Annotated[
        Path,
        typer.Option(
            help="PEM file: the authority's root, and what leads to it; or the root in DER."
        ),
    ],
    policy: Annotated[str, typer.Option(help="The OID that every token must bear.")] = "",
) -> None:
    """Name an authority to ask. Its tokens are believed for this certificate's sake alone."""
    session = session_of(ctx)
    given = NewAuthority(name, url, to_pem(_read(certificate)), policy)
    authorities.add(session.workspace, session.principal, given)
    say(f"Authority {name} added; `daylight seal` asks it.")


def show(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List the authorities, their last seals, and what is wanted."""
    session_of(ctx).workspace  # noqa: B018  # opens the vault
    found = states()
    if as_json:
        print_json(
            {"schema": "authorities/1", "authorities": [state_document(one) for one in found]}
        )
        return
    for one in found:
        say(f"{one.name}  {one.url}{'  (removed)' if one.removed else ''}")
        if one.last is not None:
            say(f"  last seal {one.last.gen_time:%Y-%m-%d %H:%M} UTC on {one.last.size} entries")
        if one.wanted is not None:
            why = f" ({one.wanted.last_error})" if one.wanted.last_error else ""
            say(f"  wanted since {one.wanted.since:%Y-%m-%d %H:%M} UTC{why}")


def remove(ctx: typer.Context, name: Name) -> None:
    """Ask an authority no more. Its seals stay."""
    session = session_of(ctx)
    authorities.remove(session.workspace, session.principal, name)
    say(f"Authority {name} is asked no more.")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CERTIFICATES)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SourceUnreadable(f"the certificate cannot be read: {why}") from error


COMMANDS: dict[str, Callable[..., None]] = {"add": add, "list": show, "remove": remove}
