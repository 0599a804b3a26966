"""``daylight user``: the people who work here."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.queries.people import people
from daylight.cli.output import print_json, say
from daylight.cli.passphrase import choose_personal
from daylight.cli.session import session_of
from daylight.cli.user_rights import COMMANDS as RIGHTS
from daylight.cli.user_rights import LOOPBACK, At, checked
from daylight.domain.principal import Right, Role
from daylight.services.people import LINK_LIFE, NewUser
from daylight.services.people import add as add_user
from daylight.services.people import disable as disable_user
from daylight.services.people import enable as enable_user
from daylight.services.people import link as link_user
from daylight.services.personal_keys import add as add_key
from daylight.services.personal_keys import retire as retire_key

Name = Annotated[str, typer.Argument(help="The user's name.", show_default=False)]


def add(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[list[Role], typer.Option(help="A role; give it again for more.")],
    collection: Annotated[
        list[str] | None,
        typer.Option(help="A collection it may see; give it again for more. Without: all."),
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password now.")] = False,
) -> None:
    """Add a user. Without --password the first way in is `daylight user invite NAME`."""
    session = session_of(ctx)
    typed = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    )
    homes = None if collection is None else frozenset(collection)
    add_user(session.workspace, session.principal, NewUser(name, frozenset(role), homes, typed))
    say(f"User {name} added.")


def show(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the users, their roles and collections."""
    session = session_of(ctx)
    session.principal.require(Right.MANAGE_USERS)
    found = people()
    if as_json:
        listed = [
            {
                "name": one.username,
                "agent": one.agent,
                "active": one.active,
                "roles": one.roles,
                "collections": one.collections,
                "second_factor": one.second_factor,
            }
            for one in found
        ]
        print_json({"schema": "users/1", "users": listed})
        return
    for one in found:
        state = "" if one.active else "  (disabled)"
        say(f"{one.username:<20} {', '.join(one.roles)}  [{', '.join(one.collections)}]{state}")


def disable(ctx: typer.Context, name: Name) -> None:
    """Shut a user out at once; open sessions end with the next click."""
    session = session_of(ctx)
    disable_user(session.workspace, session.principal, name)
    say(f"User {name} is disabled.")


def enable(ctx: typer.Context, name: Name) -> None:
    """Let a disabled user in again; they need a new invitation, and a new personal key."""
    session = session_of(ctx)
    enable_user(session.workspace, session.principal, name)
    say(f"User {name} is enabled. The way in: daylight user invite {name}")


def link(
    ctx: typer.Context,
    name: Name,
    *,
    at: At = LOOPBACK,
) -> None:
    """Print a link that lets a user in once, within 15 minutes."""
    session = session_of(ctx)
    address = checked(at)
    token = link_user(session.workspace, session.principal, name)
    say(f"{address}/enter/{token}/")
    say(f"It works once, within {LINK_LIFE.seconds // 60} minutes.")


def key(
    ctx: typer.Context,
    name: Name,
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="It signs nothing more; what it signed stays good.")
    ] = False,
    key_passphrase_file: Annotated[
        Path | None,
        typer.Option(help="Its first line becomes the passphrase.", show_default=False),
    ] = None,
) -> None:
    """Make the personal key a user signs with, under a passphrase of their own; or retire it."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    if retire:
        public = retire_key(ws, principal, name)
        say(f"The key of user {name} is retired: {public.hex()}")
        return
    public = add_key(ws, principal, name, choose_personal(key_passphrase_file, name))
    say(f"User {name} signs with key {public.hex()}")


COMMANDS: dict[str, Callable[..., None]] = {
    "add": add,
    "list": show,
    "disable": disable,
    "enable": enable,
    "link": link,
    "key": key,
    **RIGHTS,
}
