"""``daylight serve`` and ``daylight user`` as a shell sees them."""

import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daylight.cli.serve import ADDRESSES, check_host
from daylight.cli.serve_lan import Gate, lan_address
from daylight.errors import UsageError
from daylight.services.workspace import Workspace
from tests import forked

PROGRAM = [sys.executable, "-c", "from daylight.start import main; main()"]


def daylight(vault: Path, *words: str, env=os.environ) -> subprocess.CompletedProcess:
    return forked.run("--vault", vault, *words, env=dict(env))


@contextmanager
def serving(vault: Path, *words: str) -> Iterator[tuple[subprocess.Popen, str, str]]:
    """The process, its address and the link it printed."""
    command = [*PROGRAM, "--vault", str(vault), "serve", "--port", "0", *words]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        link, address, server.told = "", "", ""
        while "is open at" not in address:
            address = server.stderr.readline()
            server.told += address
            assert address, "the server ended"
        if "--no-login-link" not in words:
            link = server.stdout.readline().strip()
        yield server, address.split()[6].rstrip("/"), link
    finally:
        server.kill()
        server.communicate()


def get(address: str, host: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_prints_one_link_and_closes_quietly(ws: Workspace, number):
    with serving(ws.layout.root) as (server, address, link):
        assert link.startswith(f"{address}/enter/")
        assert get(link)[0] == 200
        assert get(f"{address}/static/daylight.css")[0] == 200
        assert get(f"{address}/login/", host="evil.example")[0] == 400
        assert get(f"{address}/items/0123/?secret")[0] == 401
        server.send_signal(number)
        out, err = server.communicate(timeout=20)
    assert server.returncode == 0
    assert out == ""  # one link and nothing else on stdout
    assert "Traceback" not in err
    assert "0123" not in err


def test_the_first_serve_makes_a_user_and_says_so(ws: Workspace):
    with serving(ws.layout.root):
        pass
    listed = daylight(ws.layout.root, "user", "list").stdout
    assert listed.split() == [
        "archivist",
        "administrator,",
        "analyst,",
        "archivist",
        "[Everything]",
    ]


def test_no_link_is_made_when_none_is_wanted(ws: Workspace):
    with serving(ws.layout.root, "--no-login-link") as (server, address, _):
        assert get(f"{address}/login/")[0] == 200
        server.send_signal(signal.SIGINT)
        out, _ = server.communicate(timeout=20)
    assert out == ""
    assert daylight(ws.layout.root, "user", "list").stdout == ""


def test_a_taken_port_is_said(ws: Workspace):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = daylight(ws.layout.root, "serve", "--port", port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"daylight: port {port} is taken")
    assert done.stdout == ""


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.x", "127.9.9.9", "[::1]"]
)
def test_addresses_that_others_can_reach_or_the_room_refuses_are_refused(host):
    with pytest.raises(UsageError):
        check_host(host)


@pytest.mark.parametrize("host", ADDRESSES)
def test_the_link_works_at_every_address_that_is_taken(ws: Workspace, host):
    check_host(host)
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with serving(ws.layout.root, "--host", host) as (_, address, link):
        assert link.startswith(address)
        assert get(link)[0] == 200


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_users_come_and_go(ws: Workspace):
    vault = ws.layout.root
    assert daylight(vault, "user", "add", "ann", "--role", "analyst").returncode == 0
    assert daylight(vault, "user", "add", "ann", "--role", "analyst").returncode == 2
    assert daylight(vault, "user", "add", "bob", "--role", "king").returncode == 2
    made = daylight(vault, "user", "link", "ann", "--at", "http://127.0.0.1:9/")
    assert made.stdout.startswith("http://127.0.0.1:9/enter/")
    made = daylight(vault, "user", "invite", "ann", "--days", "2", "--at", "http://x.onion")
    assert made.stdout.startswith("http://x.onion/invited/")
    assert daylight(vault, "user", "invite", "ann", "--days", "31").returncode == 2
    assert daylight(vault, "user", "invite", "ann", "--at", "x.onion").returncode == 2
    assert daylight(vault, "user", "change", "ann").returncode == 2
    assert daylight(vault, "user", "change", "ann", "--collection", "Nowhere").returncode == 2
    assert daylight(vault, "user", "change", "ann", "--role", "counsel").returncode == 0
    assert "counsel  [Everything]" in daylight(vault, "user", "list").stdout
    assert "not locked out" in daylight(vault, "user", "unlock", "ann").stdout
    assert daylight(vault, "user", "reset-code", "ann").returncode == 2
    assert daylight(vault, "user", "policy", "--idle", "0").returncode == 2
    done = daylight(vault, "user", "policy", "--idle", "5", "--second-factor", "always", "--json")
    told = json.loads(done.stdout)
    assert (told["idle_minutes"], told["second_factor"], told["mark"]) == (5, "always", "encoded")
    assert "idle minutes     5" in daylight(vault, "user", "policy").stdout
    assert daylight(vault, "user", "disable", "ann").returncode == 0
    assert "(disabled)" in daylight(vault, "user", "list").stdout
    assert '"active": false' in daylight(vault, "user", "list", "--json").stdout
    assert daylight(vault, "user", "link", "ann").returncode == 2
    assert daylight(vault, "user", "disable", "nobody").returncode == 2
    assert daylight(vault, "user", "enable", "ann").returncode == 0
    assert daylight(vault, "user", "enable", "ann").returncode == 2
    assert "/invited/" in daylight(vault, "user", "invite", "ann").stdout


def test_serve_without_a_vault_says_so(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "DAYLIGHT_VAULT"}
    done = daylight(tmp_path / "nothing", "serve", env=environment)
    assert done.returncode == 4
    assert "vault-missing" in done.stderr


def certificate_of(address: str) -> bytes:
    host, port = address.removeprefix("https://").rsplit(":", 1)
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))


def test_a_local_network_gets_tls_with_the_fingerprint_that_was_printed(ws: Workspace):
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with serving(ws.layout.root, "--lan", "127.0.0.1") as (server, address, link):
        assert address.startswith("https://127.0.0.1:")
        assert link.startswith(f"{address}/enter/")
        with urllib.request.urlopen(f"{address}/login/", timeout=20, context=unchecked) as answer:
            cookies = answer.headers.get_all("Set-Cookie")
            assert "Strict-Transport-Security" not in answer.headers
            assert b"csrfmiddlewaretoken" in answer.read()
        assert cookies
        assert all("Secure" in one for one in cookies)
        large = f"{address}/static/vendor/hls.light.min.js"
        with urllib.request.urlopen(large, timeout=20, context=unchecked) as answer:
            assert len(answer.read()) == int(answer.headers["Content-Length"]) > 100_000
        digest = hashlib.sha256(certificate_of(address)).hexdigest().upper()
        with pytest.raises(ssl.SSLError):  # who trusts nobody is warned
            connected(address, ssl.create_default_context())
        with pytest.raises((ssl.SSLError, OSError)):
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            connected(address, old)
        held = [connected(address, unchecked) for _ in range(3)]
        held[0].sendall(b"GET / HTTP/1.1\r\nHost: half of")
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=20)
        for one in held:
            one.close()
    assert digest in server.told.replace(":", "")
    assert server.returncode == 0
    assert "Traceback" not in err
    assert "Task" not in err
    assert (ws.layout.root / "lan.key").stat().st_mode & 0o077 == 0


def connected(address: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    host, port = address.removeprefix("https://").rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), timeout=20)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def test_the_certificate_stays_from_one_start_to_the_next(ws: Workspace):
    seen = set()
    for _ in range(2):
        with serving(ws.layout.root, "--lan", "127.0.0.1", "--no-login-link") as (_, address, _):
            seen.add(certificate_of(address))
    assert len(seen) == 1


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "8.8.8.8", "example.org", "x", "224.0.0.1"])
def test_only_an_address_of_a_private_network_is_served(address):
    with pytest.raises(UsageError):
        lan_address(address)


def test_whoever_comes_past_the_gate_is_sent_away():
    """The server behind it listens on loopback: another user of the machine could ask it."""
    gate = Gate("127.0.0.1", 0, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    told, seen = [], {}
    room = gate.guarded(lambda environ, start: seen.update(environ) or [b"in"])
    asking = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "5000"}
    assert room(dict(asking), lambda status, headers: told.append(status)) == []
    assert told == ["403 Forbidden"]
    gate._peers["5000"] = "192.168.1.9"
    assert room(dict(asking), None) == [b"in"]
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("192.168.1.9", "https")


def test_onion_needs_somebody_who_may_come_and_tor(ws: Workspace, tmp_path):
    vault = ws.layout.root
    assert daylight(vault, "user", "add", "ann", "--role", "analyst").returncode == 0
    done = daylight(vault, "serve", "--onion", "--port", "0")
    assert (done.returncode, "onion-key" in done.stderr) == (2, True)
    given = daylight(vault, "user", "onion-key", "ann")
    address, line = given.stdout.split()
    assert line.startswith(address.split("/")[2].removesuffix(".onion") + ":descriptor:x25519:")
    bare = {**os.environ, "PATH": str(tmp_path)}
    done = daylight(vault, "serve", "--onion", "--port", "0", env=bare)
    assert done.returncode == 5
    assert "tool-missing" in done.stderr
    assert done.stdout == ""
    done = daylight(vault, "serve", "--onion", "--lan", "127.0.0.1")
    assert done.returncode == 2


def test_the_room_answers_to_its_onion_address(ws: Workspace, tmp_path, monkeypatch):
    program = tmp_path / "tor"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    vault = ws.layout.root
    daylight(vault, "user", "add", "ann", "--role", "analyst")
    name = daylight(vault, "user", "onion-key", "ann").stdout.split("/")[2]
    with serving(vault, "--onion") as (server, address, _):
        assert get(f"{address}/login/", host=name)[0] == 200
        assert get(f"{address}/login/", host="x" + name)[0] == 400
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)
    assert server.returncode == 0
