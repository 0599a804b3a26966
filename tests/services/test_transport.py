"""The one way out: what it tells, and what answers it does not take."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from daylight.errors import AuthorityUnreachable, SealRefused, UsageError
from daylight.ledger.seal import MAX_ANSWER
from daylight.services.transport import HttpTransport, checked_url
from tests.authority import Said, certify, served

QUERY = b"\x30\x03query"


@pytest.fixture
def server():
    with served(lambda body: Said(b"answer to " + body)) as running:
        yield running


def test_an_answer_comes_back(server):
    assert HttpTransport().post(server.url, QUERY) == b"answer to " + QUERY


def test_it_tells_nothing_but_the_request(server):
    HttpTransport().post(f"{server.url}tsa/path?profile=1", QUERY)
    ((body, headers),) = server.asked
    assert body == QUERY
    assert set(headers) == {"Host", "Content-Type", "Content-Length"}
    assert headers["Content-Type"] == "application/timestamp-query"


def test_a_proxy_of_the_environment_is_not_asked(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert HttpTransport().post(server.url, QUERY)


@pytest.mark.parametrize(
    "said",
    [
        Said(b"<html>a portal</html>", kind="text/html"),
        Said(b"x" * 10_000_000),
        Said(b"x" * (MAX_ANSWER + 1)),
        Said(b"", 302, headers={"Location": "file:///etc/passwd"}),
        Said(b"", 301, headers={"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_what_is_no_answer_is_refused(server, said):
    server.answer = lambda _: said
    with pytest.raises(SealRefused) as caught:
        HttpTransport().post(server.url, QUERY)
    assert caught.value.check == "answer"


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_failing_server_has_not_answered(server, status):
    server.answer = lambda _: Said(b"oh", status)
    with pytest.raises(AuthorityUnreachable, match=str(status)):
        HttpTransport().post(server.url, QUERY)


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "https://127.0.0.1:{}/"])
def test_nobody_there_is_unreachable(url):
    with pytest.raises(AuthorityUnreachable):
        HttpTransport().post(url.format(closed_port()), QUERY)


def test_no_name_is_unreachable():
    with pytest.raises(AuthorityUnreachable):
        HttpTransport().post("http://nobody.invalid/", QUERY)


def test_https_needs_a_certificate(server):
    with pytest.raises(AuthorityUnreachable):
        HttpTransport().post(server.url.replace("http:", "https:"), QUERY)


@contextmanager
def dripping(sent: bytes):
    """A server that sends ``sent``, then a byte now and then for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        connection, _ = listener.accept()
        try:
            connection.sendall(sent)
            while not over.wait(0.05):
                connection.sendall(b"x")
        except OSError:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        thread.join()
        listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nX: ", HEAD + b"\r\n", HEAD + b"Content-Length: 5000\r\n\r\n"]
)
def test_a_server_that_drips_is_cut_off(sent):
    with dripping(sent) as url, pytest.raises(AuthorityUnreachable, match="too long"):
        HttpTransport(patience=5, deadline=0.4).post(url, QUERY)


def test_a_server_that_is_silent_is_cut_off(server):
    server.answer = lambda _: time.sleep(1.5) or Said(b"late")
    with pytest.raises(AuthorityUnreachable, match="too long"):
        HttpTransport(patience=0.2).post(server.url, QUERY)


def test_what_is_no_http_is_unreachable():
    with dripping(b"\x15\x03\x01\n") as url, pytest.raises(AuthorityUnreachable):
        HttpTransport(patience=1, deadline=2).post(url, QUERY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://tsa.example/",
        "tsa.example",
        "http://",
        "http:///path",
        "http://a:99999/",
        "http://a:0/",
        "http://user:secret@tsa.example/",
        "http://tsa.example/#part",
        "http://tsa.example/\r\nX: y",
        "http://tsa.example/ x",
        "http://t\u0441a.example/",
        "http://[::1/",
        "https://tsa.example/" + "x" * 500,
    ],
)
def test_other_addresses_are_wrong_use(url):
    with pytest.raises(UsageError):
        checked_url(url)


@pytest.fixture
def secure(tmp_path):
    """The same server behind TLS, and its root."""
    root = certify("Root of the web", None, ca=True)
    site = certify("site", root, usage=[ExtendedKeyUsageOID.SERVER_AUTH], host="127.0.0.1")
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "site.pem").write_bytes(site.pem + site.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "site.pem")
    with served(lambda body: Said(b"answer to " + body), context) as running:
        running.url = running.url.replace("http:", "https:")
        yield running, tmp_path / "root.pem"


def test_tls_holds_for_whom_the_machine_trusts(secure, monkeypatch):
    server, root = secure
    with pytest.raises(AuthorityUnreachable):
        HttpTransport().post(server.url, QUERY)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    assert HttpTransport().post(server.url, QUERY) == b"answer to " + QUERY
    assert server.asked[0][1]["Host"] == server.url.split("/")[2]
    with pytest.raises(AuthorityUnreachable):  # another name than the certificate's
        HttpTransport().post(server.url.replace("127.0.0.1", "localhost"), QUERY)


def test_a_handshake_that_drips_is_cut_off():
    with dripping(b"\x16\x03\x03\x40\x00") as url, pytest.raises(AuthorityUnreachable):
        HttpTransport(patience=5, deadline=0.4).post(url.replace("http:", "https:"), QUERY)
