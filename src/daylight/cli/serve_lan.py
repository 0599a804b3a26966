"""The review room for a local network: TLS before the server, with a certificate of the vault's own.

Waitress speaks no TLS. So a small gate takes connections at the address, and hands their bytes to
the server on loopback; it knows who is behind each, and nobody else can claim to be.
"""

import asyncio
import contextlib
import ipaddress
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from daylight.crypto.certificate import Address, certify, fingerprint, serves
from daylight.errors import KeyDamaged, UsageError
from daylight.services.workspace import Workspace
from daylight.storage.layout import replace_file

MOST: Final = 200  # connections at once
MOST_EACH: Final = 40  # of one address
IDLE: Final = 120.0  # seconds without a byte
HANDSHAKE: Final = 10.0
_PIECE: Final = 1 << 16
_LOOPBACK: Final = "127.0.0.1"

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def lan_address(text: str) -> Address:
    """A number of this machine in its own network. ``UsageError`` for names, and for the wide world."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError("--lan takes a number, such as 192.168.1.5, not a name") from None
    if address.is_unspecified or address.is_multicast or address.is_global:
        raise UsageError("--lan takes one address of this machine in a private network")
    return address


def tls(ws: Workspace, address: Address) -> tuple[ssl.SSLContext, str]:
    """TLS 1.3 with the vault's certificate, made where there is none that serves; its fingerprint."""
    key, certificate = ws.layout.root / "lan.key", ws.layout.root / "lan.crt"
    try:
        known = certificate.read_bytes() if key.exists() and certificate.exists() else b""
        if not known or not serves(known, address, ws.clock()):
            made = certify(address, ws.clock())
            replace_file(key, made.key)
            replace_file(certificate, made.certificate)
            known = made.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, key)
    except (ValueError, ssl.SSLError) as error:
        raise KeyDamaged("lan.crt or lan.key in the vault is damaged; delete both") from error
    return context, fingerprint(known)


class Gate:
    """Takes TLS connections at an address and hands their bytes to a server on loopback."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        self._host, self._port, self._context = host, port, context
        self._peers: dict[str, str] = {}  # by the port from which the gate asks the server
        self._each: Counter[str] = Counter()
        self._open: set[asyncio.WriteTransport] = set()
        self._behind = 0  # nothing is passed on yet
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)
        self.port = 0

    def open(self) -> None:
        """Listen; ``OSError`` as from a socket. Nothing is passed on before :meth:`lead`."""
        listening = asyncio.start_server(
            self._take,
            self._host,
            self._port,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE,
        )
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def lead(self, behind: int) -> None:
        """Where the server listens, on loopback."""
        self._behind = behind

    def close(self) -> None:
        """Take no more, and let go of what is open."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._let_go(), self._loop).result(2 * HANDSHAKE)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(HANDSHAKE)

    async def _let_go(self) -> None:
        """Break the connections off, rather than cancel who serves them: asyncio would complain."""
        self._server.close()
        self._behind = 0  # also for those who are being let in at this moment
        for one in list(self._open):
            one.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=HANDSHAKE)

    def guarded(self, room: Application) -> Application:
        """The room, told who asks by TLS; whoever comes to the server itself is sent away."""

        def ask(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            peer = self._peers.get(str(environ.get("REMOTE_PORT")))
            if peer is None or environ.get("REMOTE_ADDR") != _LOOPBACK:
                start("403 Forbidden", [("Content-Length", "0")])
                return []
            environ["REMOTE_ADDR"], environ["wsgi.url_scheme"] = peer, "https"
            return room(environ, start)

        return ask

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        if not self._behind or self._each.total() >= MOST or self._each[peer] >= MOST_EACH:
            writer.transport.abort()
            return
        self._each[peer] += 1
        self._open.add(writer.transport)
        try:
            with contextlib.suppress(OSError):  # the server behind is closing
                await self._pass_on(peer, reader, writer)
            writer.close()  # what the room has said is sent to its end
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), HANDSHAKE)
        finally:
            self._each[peer] -= 1
            self._open.discard(writer.transport)
            writer.transport.abort()

    async def _pass_on(
        self, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_room, to_room = await asyncio.open_connection(_LOOPBACK, self._behind)
        mine = str(to_room.get_extra_info("sockname")[1])
        self._peers[mine] = peer
        self._open.add(to_room.transport)
        try:
            if not self._behind:
                return
            ways = [_pump(reader, to_room), _pump(from_room, writer)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            del self._peers[mine]
            self._open.discard(to_room.transport)
            to_room.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand bytes on until one side ends, or neither says anything for long."""
    with contextlib.suppress(OSError, TimeoutError):  # SSLError is an OSError
        while piece := await asyncio.wait_for(reader.read(_PIECE), IDLE):
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), IDLE)
