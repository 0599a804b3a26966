"""What tests share: a fresh vault each, on SQLite and on PostgreSQL, and where real media lie."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

# Before NumPy comes: tests run side by side, and count as a worker does, which gets nothing of the
# environment; what it says of the processor changes the last digits.
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# No model that somebody has installed here: each test says which there are. Those that ask for the real ones
# get what ``make test`` fetched: where it lies is said before workers of pytest-xdist inherit the next line.
os.environ.setdefault("DAYLIGHT_TEST_MODELS", os.environ.get("DAYLIGHT_MODELS", ""))
os.environ["DAYLIGHT_MODELS"] = "/nonexistent/models"

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections
from hypothesis import settings

from daylight import bootstrap
from daylight.crypto import locked
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.models import FACES, SPEECH, Pinned
from daylight.services.workspace import Workspace
from daylight.storage import layout, models
from daylight.storage.layout import Layout
from tests.forked import DAYLIGHT
from tests.postgres import Cluster, PostgresMissing, cluster, fresh_database

bootstrap.configure()
COST, locked._N = locked._N, 2  # in truth a passphrase costs COST: tests/crypto/test_keys.py
PBKDF2PasswordHasher.iterations = 2  # Django's own cost is Django's to test
settings.register_profile("daylight", deadline=None)  # machines are shared: time tells nothing
settings.load_profile("daylight")

SHARED = Path(__file__).resolve().parents[2] / "shared"
REQUIRED = frozenset(os.environ.get("DAYLIGHT_TEST_REQUIRE", "").split(",")) - {""}


def missing(what: str, reason: str) -> None:
    """Skip where a peer is missing; fail where the run was told to have it."""
    if what in REQUIRED:
        pytest.fail(f"{what} was required: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_media() -> Path:
    folder = SHARED / "media"
    if not folder.is_dir():
        missing("media", "the folder of real media does not lie beside the project")
    return folder


def real_model(monkeypatch: pytest.MonkeyPatch, model: Pinned) -> None:
    """A model that somebody installed: in the folder that ``DAYLIGHT_TEST_MODELS`` names, or the user's own."""
    monkeypatch.setenv("DAYLIGHT_MODELS", os.environ["DAYLIGHT_TEST_MODELS"])
    if models.state(model) is not models.Installed.YES:
        missing("models", f"the model {model.name!r} is not installed")


@pytest.fixture
def real_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    real_model(monkeypatch, FACES)


@pytest.fixture
def real_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    real_model(monkeypatch, SPEECH)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite catalogue to copy: migrating anew for each test costs a second."""
    from daylight.services import vault

    made = layout.create(tmp_path_factory.mktemp("template") / "vault", "")
    bootstrap.settle(made)
    vault.migrate()
    connections.close_all()
    with sqlite3.connect(made.catalogue) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return made.catalogue


def new_vault(folder: Path, migrated: Path, database: str = "") -> Workspace:
    """A vault as ``daylight init`` makes it, settled in this process; ``database`` is migrated."""
    from daylight.services import vault

    made: Layout = layout.create(folder, database)
    if not database:
        shutil.copyfile(migrated, made.catalogue)
    made.write_keys(to_file(new_keys(), ""))
    ws = bootstrap.settle(made)
    vault.found(ws)
    layout.seal(made)
    return ws


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """What ``make`` puts at the path it is given; one for the whole run, however many run it."""
    here = factory.getbasetemp()
    folder = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    made, draft = folder / name, folder / f"{name}.draft"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(draft)
            draft.rename(made)
    return made


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty vault to copy that ``daylight init`` made; on a plain disk, without a passphrase."""
    made = tmp_path_factory.mktemp("founded") / "vault"
    words = [DAYLIGHT, "init", made, "--plain-disk", "--no-passphrase"]
    subprocess.run(words, check=True, capture_output=True)
    return made


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    with ExitStack() as held:
        try:
            running = held.enter_context(cluster())
        except PostgresMissing as reason:
            missing("postgres", str(reason))
        yield running


@pytest.fixture(scope="session")
def postgres_migrated(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated, empty catalogue on PostgreSQL to copy: see ``migrated``."""
    from daylight.services import vault

    url = fresh_database(postgres_cluster)
    bootstrap.settle(Layout(tmp_path_factory.mktemp("template"), "", url))
    vault.migrate()
    connections.close_all()  # one that is open forbids copying
    return url


@pytest.fixture
def postgres_url(postgres_cluster: Cluster, postgres_migrated: str) -> str:
    return fresh_database(postgres_cluster, postgres_migrated)


@pytest.fixture
def ws(tmp_path: Path, migrated: Path) -> Iterator[Workspace]:
    yield new_vault(tmp_path / "vault", migrated)
    connections.close_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ws(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[Workspace]:
    """The same vault on each kind of catalogue."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    yield new_vault(tmp_path / "vault", migrated, url)
    connections.close_all()


@pytest.fixture
def principal(request: pytest.FixtureRequest):
    """The custodian of the vault at hand."""
    from daylight.catalogue.queries.vault import custodian_here

    return custodian_here()
