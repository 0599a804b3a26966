"""``daylight serve``: the review room, on this machine, in a local network or as an onion service."""

import errno
import signal
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any, NoReturn

import typer
from waitress.server import create_server  # type: ignore[import-untyped]

from daylight.cli.output import note, say
from daylight.cli.serve_lan import Application, Gate, lan_address, tls
from daylight.cli.session import Room, Session, session_of
from daylight.errors import UsageError
from daylight.services.onion import Tor, how_many, prepare
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
    onion: Annotated[
        bool, typer.Option("--onion", help="Also as an onion service, by tor.")
    ] = False,
    lan: Annotated[
        str, typer.Option(help="Serve this address of a private network, with TLS.")
    ] = "",
) -> None:
    """Open the review room, until Ctrl-C: on this machine alone, unless told otherwise."""
    session = session_of(ctx)
    check_host(host)
    if lan and onion:
        raise UsageError("choose one of --lan and --onion")
    session.workspace.keyring.unlock()
    room = session.open_room(session.workspace, session.debug)
    signal.signal(signal.SIGTERM, _stop)
    with ExitStack() as held:
        held.callback(room.close)
        if lan:
            server, address = _in_lan(session, room, held, lan, port)
        else:
            server = _bound(room, ADDRESSES[host], port)
            address = f"http://{_bracketed(host)}:{server.effective_port}"
        if onion:
            _as_onion(session, room, held, server.effective_port)
        entrance = _entrance(session, address, user) if login_link else f"{address}/"
        note(f"The review room is open at {address}/ ; Ctrl-C closes it.")
        if open_browser:
            webbrowser.open(entrance)
        room.prepare()
        server.run()  # returns on Ctrl-C and on SystemExit
    note("The review room is closed.")


def _entrance(session: Session, address: str, user: str) -> str:
    entrance = f"{address}/enter/{_token(session, user)}/"
    say(entrance)
    note(f"The link works once, within {LINK_LIFE.seconds // 60} minutes.")
    return entrance


def _in_lan(session: Session, room: Room, held: ExitStack, lan: str, port: int) -> tuple[Any, str]:
    """The server behind a gate with TLS, and the gate's address."""
    number = lan_address(lan)
    context, print_ = tls(session.workspace, number)
    gate = Gate(str(number), port, context)
    held.callback(gate.close)
    with _socket_errors(port):
        gate.open()
    server = _bound(gate.guarded(room), ADDRESSES["localhost"], 0)
    gate.lead(server.effective_port)
    room.widen(_bracketed(str(number)), secure=True)
    note(f"The browser will warn. Go on only if it shows this SHA-256 fingerprint: {print_}")
    return server, f"https://{_bracketed(str(number))}:{gate.port}"


def _as_onion(session: Session, room: Room, held: ExitStack, port: int) -> None:
    """Start tor; it takes some minutes until the address is known to the network."""
    ws = session.workspace
    if not how_many():
        raise UsageError("nobody could come: `daylight user onion-key NAME` makes a client key")
    address, torrc = prepare(ws, port)
    room.widen(address, secure=False)
    running = Tor(
        ws, torrc, lambda code: note(f"tor has ended ({code}): the onion address is dead")
    )
    held.callback(running.close)
    note(f"Onion service: http://{address}/ , for {how_many()} users with a client key.")


def check_host(host: str) -> None:
    """``UsageError`` for what other machines could reach: there is no TLS here."""
    if host not in ADDRESSES:
        raise UsageError(f"the review room is served on {', '.join(ADDRESSES)} only")


def _bound(app: Application, host: str, port: int) -> Any:
    """The server, which bears no types; it listens from here on."""
    with _socket_errors(port):
        return create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident="",
            max_request_body_size=MAX_BODY,
            clear_untrusted_proxy_headers=True,
        )


@contextmanager
def _socket_errors(port: int) -> Iterator[None]:
    try:
        yield
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
