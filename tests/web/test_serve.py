"""``daylight serve`` and ``daylight user`` as a shell sees them."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daylight.cli.serve import ADDRESSES, check_host
from daylight.errors import UsageError
from daylight.services.workspace import Workspace

PROGRAM = [sys.executable, "-c", "from daylight.bootstrap import main; main()"]


def daylight(vault: Path, *words: str, **more) -> subprocess.CompletedProcess:
    command = [*PROGRAM, "--vault", str(vault), *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, **more)


@contextmanager
def serving(vault: Path, *words: str) -> Iterator[tuple[subprocess.Popen, str, str]]:
    """The process, its address and the link it printed."""
    command = [*PROGRAM, "--vault", str(vault), "serve", "--port", "0", *words]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        link, address = "", ""
        while "is open at" not in address:
            address = server.stderr.readline()
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
    assert daylight(vault, "user", "disable", "ann").returncode == 0
    assert "(disabled)" in daylight(vault, "user", "list").stdout
    assert '"active": false' in daylight(vault, "user", "list", "--json").stdout
    assert daylight(vault, "user", "link", "ann").returncode == 2
    assert daylight(vault, "user", "disable", "nobody").returncode == 2


def test_serve_without_a_vault_says_so(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "DAYLIGHT_VAULT"}
    done = daylight(tmp_path / "nothing", "serve", env=environment)
    assert done.returncode == 4
    assert "vault-missing" in done.stderr
