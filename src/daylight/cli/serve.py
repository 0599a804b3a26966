"""``daylight serve``: the review room, on this machine only."""

import errno
import signal
import webbrowser
from typing import Annotated, Any, NoReturn

import typer
from waitress.server import create_server  # type: ignore[import-untyped]

from daylight.cli.output import note, say
from daylight.cli.session import Room, Session, session_of
from daylight.errors import UsageError
from daylight.services.people import LINK_LIFE, first_user, link

THREADS = 8
MAX_BODY = 1 << 16  # bytes: forms only
# What a link may say, and where that listens. The room answers to these names alone, and a
# resolver might know "localhost" as two addresses, or as one that others reach.
ADDRESSES = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}


def run(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="127.0.0.1, localhost or ::1.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8400,
    user: Annotated[str, typer.Option(help="Whom the login link is for.")] = "",
    login_link: Annotated[
        bool, typer.Option("--login-link/--no-login-link", help="Print a one-time login link.")
    ] = True,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Open the review room. It answers on this machine alone, until Ctrl-C."""
    session = session_of(ctx)
    check_host(host)
    session.workspace.keyring.unlock()
    room = session.open_room(session.workspace, session.debug)
    server = _bound(room, ADDRESSES[host], port)
    signal.signal(signal.SIGTERM, _stop)
    address = f"http://{_bracketed(host)}:{server.effective_port}"
    entrance = f"{address}/"
    if login_link:
        entrance = f"{address}/enter/{_token(session, user)}/"
        say(entrance)
        note(f"The link works once, within {LINK_LIFE.seconds // 60} minutes.")
    note(f"The review room is open at {address}/ ; Ctrl-C closes it.")
    if open_browser:
        webbrowser.open(entrance)
    room.prepare()
    try:
        server.run()  # returns on Ctrl-C and on SystemExit
    finally:
        room.close()
    note("The review room is closed.")


def check_host(host: str) -> None:
    """``UsageError`` for what other machines could reach: there is no TLS here."""
    if host not in ADDRESSES:
        raise UsageError(f"the review room is served on {', '.join(ADDRESSES)} only")


def _bound(app: Room, host: str, port: int) -> Any:
    """The server, which bears no types; it listens from here on."""
    try:
        return create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident="",
            max_request_body_size=MAX_BODY,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is taken; choose another with --port") from None
        raise UsageError(f"the address cannot be used: {error.strerror}") from error


def _token(session: Session, username: str) -> str:
    ws, principal = session.workspace, session.principal
    if not username:
        username, made = first_user(ws, principal)
        if made:
            note(f"Nobody could sign in yet: made the user '{username}', who may do everything.")
    note(f"One-time login link for {username}:")
    return link(ws, principal, username)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _stop(number: int, frame: object) -> NoReturn:
    del number, frame
    raise SystemExit(0)
