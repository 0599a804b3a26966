"""Where everything is put together: settles the vault, configures Django, hands out the workspace.

Models can be imported only once Django knows its database, and that is known only once the command
line names a vault. So the verb asked for is imported late, here, and nowhere else; that also keeps
start-up short.
"""

import contextlib
import errno
import functools
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NoReturn
from urllib.parse import unquote, urlsplit

import django
import typer
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from typer.exceptions import TyperException

from daylight.cli import passphrase
from daylight.cli.output import note
from daylight.cli.registry import VERBS
from daylight.cli.session import Room, Session
from daylight.domain.clock import system_clock
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.errors import (
    DaylightError,
    UsageError,
    VaultBusy,
    VaultError,
    VaultFull,
    VaultMissing,
)
from daylight.media.executor import Executor
from daylight.media.inference.base import Inference, Signature
from daylight.media.pool import ZygotePool
from daylight.services.keyring import AskPassphrase, Keyring
from daylight.services.workspace import Workspace
from daylight.start import YIELDING, Asked, HeadStart
from daylight.storage.layout import Layout, read
from daylight.storage.local import LocalStore
from daylight.web.conf import WEB_APPS, WEB_SETTINGS

WORKER = (sys.executable, "-I", "-m", "daylight.detectors.worker")
MODEL_WORKER = (sys.executable, "-I", "-m", "daylight.media.inference.worker")
INTERRUPTED = 130
NOBODY_READS = 141  # what a shell calls the end by a closed pipe


def database(layout: Layout) -> dict[str, Any]:
    """Django's DATABASES entry for the vault's catalogue."""
    if not layout.database:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": layout.catalogue,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
            },
        }
    url = urlsplit(layout.database)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
    }


def start_executor(slots: int) -> Executor:
    """Slots that give way to those of whoever watches."""
    return ZygotePool(WORKER, slots, yielding=YIELDING)


def _start_for_watching(slots: int) -> Executor:
    return ZygotePool(WORKER, slots)


def start_inference(model: bytes, digest: Digest, signature: Signature) -> Inference:
    """Late, since NumPy comes with it."""
    client = _late("daylight.media.inference.client")
    made: Inference = client.ModelWorker(MODEL_WORKER, model, digest, signature)
    return made


def configure() -> None:
    """Tell Django everything but where the catalogue is; :func:`settle` says that."""
    nowhere = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        DATABASES={"default": nowhere},
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "daylight.catalogue.apps.CatalogueConfig",
            *WEB_APPS,
        ],
        AUTH_USER_MODEL="catalogue.User",
        USE_TZ=True,
        TIME_ZONE="UTC",
        LOGGING_CONFIG=None,
        **WEB_SETTINGS,
    )
    django.setup()


def _nobody() -> str:
    return ""


def settle(layout: Layout, ask: AskPassphrase = _nobody) -> Workspace:
    """Point Django at the vault's catalogue and hand out the workspace. Nothing is opened yet."""
    connections.close_all()
    connections.settings = connections.configure_settings({DEFAULT_DB_ALIAS: database(layout)})
    for alias in connections:
        with contextlib.suppress(AttributeError):
            del connections[alias]  # the connection to nowhere
    keyring = Keyring(layout, ask)
    store = LocalStore(layout.root)
    return Workspace(layout, store, system_clock, keyring, start_executor, start_inference)


def _session(asked: Asked, head_start: HeadStart) -> Session:
    def open_workspace() -> Workspace:
        if not asked.vault:
            raise VaultMissing("no vault was named")
        layout = read(Path(asked.vault))
        if not layout.database and not layout.catalogue.exists():
            raise VaultError("the vault's catalogue is missing")  # SQLite would make an empty one
        ws = settle(layout, functools.partial(passphrase.ask, asked.passphrase_file))
        steps: int = _late("daylight.services.upgrade").bring_up(ws)
        if steps:
            note(
                f"The catalogue of an earlier Daylight was brought up to this one ({steps} steps)."
            )
        return ws

    def open_principal() -> Principal:
        custodian: Principal = _late("daylight.catalogue.queries.vault").custodian_here()
        return custodian

    return Session(
        open_workspace,
        open_principal,
        settle,
        _open_room,
        head_start.start,
        lambda: _late("daylight.cli.afterwards"),
        debug=asked.debug,
        passphrase_file=asked.passphrase_file,
    )


def _open_room(ws: Workspace, debug: bool) -> Room:
    """The review room as a WSGI application: the command line knows nothing of the web."""
    web = _late("daylight.web.app")
    web.quiet(debug=debug)
    room: Room = web.application(replace(ws, start_executor=_start_for_watching))
    return room


def _late(module: str) -> ModuleType:
    """Import what needs a configured Django: the one late import."""
    return importlib.import_module(module)


def _fail(error: DaylightError) -> NoReturn:
    note(f"daylight: {error}. {error.advice} [{error.name}]")
    raise typer.Exit(error.exit_code)


def _guarded(verb: Callable[..., None], *, debug: bool) -> Callable[..., None]:
    """Errors become one line and an exit code; with --debug the traceback comes through."""

    @functools.wraps(verb)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            verb(*args, **kwargs)
        except (KeyboardInterrupt, typer.Abort):  # Abort: a prompt's Ctrl-C or Ctrl-D
            note("daylight: interrupted; run the command again, it goes on where it was")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(NOBODY_READS) from None
        except DaylightError as error:
            if debug:
                raise
            _fail(error)
        except DatabaseError as error:
            if debug:
                raise
            _fail(_of_the_catalogue(error))
        except OSError as error:  # its words bear a path, which may be a leaked one
            if debug:
                raise
            _fail(_of_the_system(error))

    return run


def _of_the_system(error: OSError) -> VaultError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return VaultFull("the vault's disk is full")
    return VaultError(f"the system refused a file: {error.strerror or type(error).__name__}")


def _of_the_catalogue(error: DatabaseError) -> VaultError:
    """The first line alone: PostgreSQL quotes rows, and so leaked names, in the next ones."""
    said = (str(error).splitlines() or [type(error).__name__])[0]
    if said == "database is locked":
        return VaultBusy("the catalogue is locked")
    if "is full" in said or "No space left" in said:
        return VaultFull("the vault's disk is full")
    return VaultError(f"the catalogue does not answer: {said}")


def _global_options(
    vault: Annotated[
        Path | None,
        typer.Option(envvar="DAYLIGHT_VAULT", help="The vault's folder.", show_default=False),
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(help="Its first line opens the vault's keys.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """From a leaked archive to evidence that can be seen, believed and published."""
    del vault, passphrase_file, debug  # read before Django was configured, by _asked


def _add(app: typer.Typer, name: str, asked: Asked) -> None:
    """Register a verb: the one asked for with its code, the others by their line of help."""
    verb = VERBS[name]
    if name != asked.verb:
        app.command(name, help=verb.help)(lambda: None)
        return
    module = _late(verb.module)
    commands: dict[str, Callable[..., None]] | None = getattr(module, "COMMANDS", None)
    if commands is None:
        app.command(name, help=verb.help)(_guarded(module.run, debug=asked.debug))
        return
    alone = getattr(module, "run", None)  # what the verb does without a word behind it
    group = typer.Typer(help=verb.help, no_args_is_help=alone is None)
    if alone is not None:
        group.callback(invoke_without_command=True)(_guarded(alone, debug=asked.debug))
    for sub, function in commands.items():
        group.command(sub)(_guarded(function, debug=asked.debug))
    app.add_typer(group, name=name)


def run(asked: Asked, head_start: HeadStart) -> NoReturn:
    """The program, entered by :mod:`daylight.start`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name must show on any terminal, if as escapes
            stream.reconfigure(errors="backslashreplace")
    if asked.verb in VERBS:
        configure()
    app = typer.Typer(
        name="daylight",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_global_options)
    for name in VERBS:
        _add(app, name, asked)
    gc.freeze()
    gc.enable()
    try:
        sys.exit(app(obj=_session(asked, head_start), standalone_mode=False))
    except TyperException as error:
        sys.exit(_wrong_use(error))


def _wrong_use(error: TyperException) -> int:
    """What the parser refused, as one line like every other error; or the help it calls for."""
    said = error.format_message()
    if "\n" in said:
        sys.stderr.write(said + "\n")  # no verb was named: this is the help
    else:
        note(f"daylight: {said.rstrip('.')}. {UsageError.advice} [{UsageError.name}]")
    return UsageError.exit_code
