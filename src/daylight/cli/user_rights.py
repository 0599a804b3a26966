"""``daylight user``: rights, invitations, lock-outs, second factors, and what this vault asks of people."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from daylight.catalogue.queries.policy import policy
from daylight.cli.output import note, print_json, say
from daylight.cli.session import session_of
from daylight.domain.access import MarkRule, SecondFactorRule
from daylight.domain.principal import Right, Role
from daylight.errors import UsageError
from daylight.services import lockout, second_factor
from daylight.services.onion import give_key
from daylight.services.people import INVITATION_DAYS, MAX_INVITATION_DAYS
from daylight.services.people import change as change_user
from daylight.services.people import invite as invite_user
from daylight.services.policy import set_policy

Name = Annotated[str, typer.Argument(help="The user's name.", show_default=False)]
At = Annotated[str, typer.Option(help="Where the review room is served.")]
LOOPBACK = "http://127.0.0.1:8400"


def checked(at: str) -> str:
    """The address of a room, without a slash at its end."""
    if not at.startswith(("http://", "https://")):
        raise UsageError("--at is an address that begins with http:// or https://")
    return at.rstrip("/")


def change(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[
        list[Role] | None, typer.Option(help="The roles from now on; give it again for more.")
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(help="The collections it may see from now on; give it again for more."),
    ] = None,
) -> None:
    """Give a user other roles or other collections; open sessions end at once."""
    session = session_of(ctx)
    if role is None and collection is None:
        raise UsageError("name the roles (--role) or the collections (--collection)")
    roles = None if role is None else frozenset(role)
    homes = None if collection is None else frozenset(collection)
    change_user(session.workspace, session.principal, name, roles, homes)
    say(f"User {name} has these rights now.")


def invite(
    ctx: typer.Context,
    name: Name,
    *,
    days: Annotated[
        int, typer.Option(min=1, max=MAX_INVITATION_DAYS, help="How long it stands.")
    ] = INVITATION_DAYS,
    at: At = LOOPBACK,
) -> None:
    """Print an invitation: a link with which a user chooses a password, once. Hand it over yourself."""
    session = session_of(ctx)
    address = checked(at)
    token = invite_user(session.workspace, session.principal, name, days)
    say(f"{address}/invited/{token}/")
    say(f"It works once, within {days} days; earlier invitations of {name} are void.")


def unlock(ctx: typer.Context, name: Name) -> None:
    """Let a user who failed too often try again at once."""
    session = session_of(ctx)
    waited = lockout.unlock(session.workspace, session.principal, name)
    say(f"User {name} may try again." if waited else f"User {name} was not locked out.")


def reset_code(ctx: typer.Context, name: Name) -> None:
    """Forget a user's second factor, for a lost telephone; open sessions end."""
    session = session_of(ctx)
    second_factor.reset(session.workspace, session.principal, name)
    say(f"User {name} comes in without a code, and can set up another.")


def rules(
    ctx: typer.Context,
    *,
    second: Annotated[
        SecondFactorRule | None,
        typer.Option("--second-factor", help="Of whom it is asked: remote is beyond this machine."),
    ] = None,
    idle: Annotated[int | None, typer.Option(help="Minutes without a request.")] = None,
    lifetime: Annotated[int | None, typer.Option(help="Hours of a session, 12 at most.")] = None,
    alert_opened: Annotated[
        int | None, typer.Option(help="Items opened clear by one person in an hour.")
    ] = None,
    alert_exported: Annotated[
        int | None, typer.Option(help="Items exported by one person in an hour.")
    ] = None,
    mark: Annotated[
        MarkRule | None, typer.Option(help="Where the viewer's mark is in the pictures.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show, or set, what this vault asks of whoever signs in."""
    session = session_of(ctx)
    session.principal.require(Right.MANAGE_USERS)
    given: dict[str, Any] = {
        "second_factor": second,
        "idle_minutes": idle,
        "lifetime_hours": lifetime,
        "alert_opened": alert_opened,
        "alert_exported": alert_exported,
        "mark": mark,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    if chosen:
        set_policy(session.workspace, session.principal, replace(policy(), **chosen))
    now = asdict(policy())
    if as_json:
        print_json({"schema": "access-policy/1", **now})
        return
    for name, value in now.items():
        say(f"{name.replace('_', ' '):<16} {value}")


def onion_key(ctx: typer.Context, name: Name) -> None:
    """Print the key with which a user's Tor Browser finds the onion service; an earlier one is void."""
    session = session_of(ctx)
    address, private = give_key(session.workspace, session.principal, name)
    say(f"http://{address}/")
    say(f"{address.removesuffix('.onion')}:descriptor:x25519:{private}")
    note(
        "It is kept nowhere. In Tor Browser: open the address, and paste what is behind the last colon."
    )


COMMANDS: dict[str, Callable[..., None]] = {
    "change": change,
    "invite": invite,
    "unlock": unlock,
    "reset-code": reset_code,
    "policy": rules,
    "onion-key": onion_key,
}
