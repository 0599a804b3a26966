"""The onion service of a vault: its folder, who may find it, and tor as a child.

Without a client key nobody even learns that the service exists: tor cannot open its descriptor. The
folder always names one key more whose private half was thrown away, since a service without any
key would be open to all.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.db import transaction

from daylight.catalogue.models import OnionKey, User
from daylight.crypto.onion import address_of, new_client, new_service
from daylight.domain.principal import Principal, Right
from daylight.errors import KeyDamaged, ToolMissing, UsageError
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.layout import replace_file

FOLDER: Final = "onion"
PORT: Final = 80  # what the address answers to
CHECKED: Final = 30.0  # seconds between looks at who may come
_PATIENCE: Final = 10.0  # seconds for tor to end
_NOBODY: Final = "nobody.auth"


def give_key(ws: Workspace, principal: Principal, username: str) -> tuple[str, str]:
    """The service's address and a private key for one user, who has none before or loses it.

    The private half is kept nowhere. An entry says that it was made.
    """
    principal.require(Right.MANAGE_USERS)
    address = _folder(ws)
    made = new_client()
    with transaction.atomic():
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise UsageError("there is no active user of this name")
        OnionKey.objects.filter(user=user).delete()
        OnionKey.objects.create(user=user, public=made.public, created=ws.clock())
        record(ws, principal.agent, "onion-key-made", details={"user": user.agent})
    authorise(ws)
    return address, made.private


def how_many() -> int:
    """Users who may find the service."""
    return OnionKey.objects.filter(user__is_active=True).count()


def authorise(ws: Workspace) -> bool:
    """Let the folder name exactly the users who may come now; whether it changed."""
    folder = ws.layout.root / FOLDER / "service" / "authorized_clients"
    rows = OnionKey.objects.filter(user__is_active=True).select_related("user")
    wanted = {f"{row.user.agent}.auth": _line(row.public) for row in rows}
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    wanted[_NOBODY] = there.get(_NOBODY) or _line(new_client().public)
    for name in there.keys() - wanted.keys():
        (folder / name).unlink()
    for name, line in wanted.items():
        if there.get(name) != line:
            replace_file(folder / name, line)
    return there != wanted


def _line(public: str) -> bytes:
    return f"descriptor:x25519:{public}\n".encode()


def _folder(ws: Workspace) -> str:
    """Make the folder with the service's key, once; its address."""
    service = ws.layout.root / FOLDER / "service"
    for path in (service.parent, service, service / "authorized_clients", service.parent / "data"):
        path.mkdir(mode=0o700, exist_ok=True)
    public = service / "hs_ed25519_public_key"
    if not public.exists():
        made = new_service()
        replace_file(service / "hs_ed25519_secret_key", made.secret_file)
        replace_file(public, made.public_file)
    try:
        return address_of(public.read_bytes())
    except ValueError as error:
        raise KeyDamaged("the onion service's key in the vault is damaged") from error


def prepare(ws: Workspace, port: int) -> tuple[str, Path]:
    """The service's address and the torrc that leads it to ``port`` on this machine."""
    address = _folder(ws)
    authorise(ws)
    folder = ws.layout.root / FOLDER
    torrc = folder / "torrc"
    replace_file(torrc, _torrc(folder, port).encode())
    return address, torrc


def _torrc(folder: Path, port: int) -> str:
    return "\n".join(
        [
            f"DataDirectory {_quoted(folder / 'data')}",
            "SocksPort 0",
            f"HiddenServiceDir {_quoted(folder / 'service')}",
            "HiddenServiceVersion 3",
            f"HiddenServicePort {PORT} 127.0.0.1:{port}",
            "ExitPolicy reject *:*",
            "AvoidDiskWrites 1",
            "SafeLogging 1",
            "Log warn stderr",
            f"__OwningControllerProcess {os.getpid()}",
            "",
        ]
    )


def _quoted(path: Path) -> str:
    """A path as torrc takes it. ``UsageError`` for one that torrc cannot say."""
    text = os.fspath(path.absolute())
    if not text.isprintable():
        raise UsageError("the path of the vault has signs in it that tor's settings cannot name")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Tor:
    """A running tor. ``told``: called once when it ends by itself, with its exit status."""

    def __init__(self, ws: Workspace, torrc: Path, told: Callable[[int], None]) -> None:
        program = shutil.which("tor")
        if program is None:
            raise ToolMissing("tor is not installed (Debian: apt-get install tor)")
        self._ws, self._told = ws, told
        words = [program, "--defaults-torrc", os.devnull, "-f", os.fspath(torrc)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._keep, name="tor", daemon=True)
        self._watch.start()

    def _keep(self) -> None:
        """Tell tor when others may come; notice when it ends."""
        while not self._closing.wait(CHECKED):
            if self._process.poll() is not None:
                self._told(self._process.returncode)
                return
            if authorise(self._ws):
                self._process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        self._closing.set()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._watch.join(_PATIENCE)
