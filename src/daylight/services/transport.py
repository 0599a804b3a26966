"""The one way out of the machine: a time-stamp request to an authority that somebody named.

What is sent bears nothing but the request: no name of a program, no cookie, no referrer. No
redirect is followed, and no proxy is taken from the environment.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from daylight.errors import AuthorityUnreachable, SealRefused, UsageError
from daylight.ledger.seal import MAX_ANSWER

ASKS, ANSWERS = "application/timestamp-query", "application/timestamp-reply"  # RFC 3161 3.4
MAX_URL = 500
_OK = 200
_REDIRECTS = range(300, 400)


class Transport(Protocol):
    def post(self, url: str, body: bytes) -> bytes:
        """The body of the answer to a time-stamp request.

        Raises ``AuthorityUnreachable`` where none came, ``SealRefused`` for what can be none.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpTransport:
    """``patience``: seconds for each step; ``deadline``: seconds for the whole."""

    patience: float = 20.0
    deadline: float = 60.0

    def post(self, url: str, body: bytes) -> bytes:
        target = checked_url(url)
        late = threading.Event()
        with (
            _reached(target.hostname or "", late),
            self._socket(target) as raw,
            self._limited(raw, late),
            closing(self._connection(target, raw)) as connection,
        ):
            answer = _ask(connection, target, body)
            if late.is_set():
                raise TimeoutError
            return _body(answer, late)

    def _socket(self, target: SplitResult) -> socket.socket:
        port = target.port or (443 if target.scheme == "https" else 80)
        return socket.create_connection((target.hostname or "", port), self.patience)

    def _connection(self, target: SplitResult, raw: socket.socket) -> HTTPConnection:
        host = target.hostname or ""
        if target.scheme == "http":
            plain = HTTPConnection(host, target.port)
            plain.sock = raw
            return plain
        secure = HTTPSConnection(host, target.port)
        secure.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        return secure

    @contextmanager
    def _limited(self, raw: socket.socket, late: threading.Event) -> Iterator[None]:
        """Cut the connection at the deadline: a server may send one byte at a time for ever.

        By a second handle, since TLS and ``http.client`` take the first one away.
        """
        with raw.dup() as handle:

            def cut() -> None:
                late.set()
                with suppress(OSError):  # closed by the other side already
                    handle.shutdown(socket.SHUT_RDWR)

            timer = threading.Timer(self.deadline, cut)
            timer.daemon = True
            timer.start()
            try:
                yield
            finally:
                timer.cancel()
                timer.join()


def checked_url(url: str) -> SplitResult:
    """``UsageError`` unless it is a plain http:// or https:// address without a password in it."""
    plain = len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
    try:
        target = urlsplit(url)
        port = target.port  # raises for a port that is none
    except ValueError:
        plain = False
    if not plain or target.scheme not in {"http", "https"} or not target.hostname or port == 0:
        raise UsageError("an authority is named by an address that begins with http:// or https://")
    if "@" in target.netloc or target.fragment:
        raise UsageError("the authority's address must bear no user, password or fragment")
    return target


@contextmanager
def _reached(host: str, late: threading.Event) -> Iterator[None]:
    """Whatever the network raises becomes ``AuthorityUnreachable``."""
    try:
        yield
    except (OSError, HTTPException) as error:
        why = "it takes too long" if late.is_set() or isinstance(error, TimeoutError) else ""
        said = why or getattr(error, "strerror", None) or type(error).__name__
        raise AuthorityUnreachable(f"the authority at {host} does not answer: {said}") from error


def _ask(connection: HTTPConnection, target: SplitResult, body: bytes) -> HTTPResponse:
    path = target.path or "/"
    connection.putrequest(
        "POST", f"{path}?{target.query}" if target.query else path, skip_accept_encoding=True
    )
    connection.putheader("Content-Type", ASKS)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    return connection.getresponse()


def _body(response: HTTPResponse, late: threading.Event) -> bytes:
    if response.status in _REDIRECTS:
        raise SealRefused("answer", "the authority sends to another address; name that one instead")
    if response.status != _OK:
        raise AuthorityUnreachable(f"the authority answers with HTTP status {response.status}")
    if response.headers.get_content_type() != ANSWERS:
        raise SealRefused("answer", "what answers is no time-stamp authority: not the type of one")
    body = response.read(MAX_ANSWER + 1)
    if late.is_set():
        raise TimeoutError
    if len(body) > MAX_ANSWER:
        raise SealRefused("answer", f"the answer is larger than {MAX_ANSWER} bytes")
    return body
