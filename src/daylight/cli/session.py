"""What a verb is handed: the vault that was named, opened on demand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

from daylight.domain.principal import Principal
from daylight.media.executor import Executor
from daylight.services.keyring import AskPassphrase
from daylight.services.workspace import Workspace
from daylight.storage.layout import Layout

if TYPE_CHECKING:  # most verbs start without it
    from daylight.services.examine import ExamineReport


class Compared(Protocol):
    """How many relations were found, between so many recordings that were compared."""

    @property
    def relations(self) -> int: ...

    @property
    def compared(self) -> int: ...


class Room(Protocol):
    """A WSGI application that is prepared before it is served, and closed afterwards."""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]: ...

    def prepare(self) -> None: ...

    def widen(self, host: str, *, secure: bool) -> None: ...

    def close(self) -> None: ...


class Afterwards(Protocol):
    """What follows when items were examined. It takes as long to load as examining does, and often nothing follows."""

    def follow(
        self, session: "Session", report: "ExamineReport", *, only: str, quiet: bool
    ) -> "tuple[ExamineReport, Compared | None]": ...

    def with_a_model(
        self, ws: Workspace, principal: Principal, only: str, *, quiet: bool
    ) -> None: ...


@dataclass
class Session:
    """``open_workspace`` raises ``VaultMissing`` and its like; ``debug`` asks for tracebacks.

    ``start_examiner(slots)`` starts slots that know how to examine, and nothing else.
    """

    open_workspace: Callable[[], Workspace]
    open_principal: Callable[[], Principal]
    settle: Callable[[Layout, AskPassphrase], Workspace]
    open_room: Callable[[Workspace, bool], Room]
    start_examiner: Callable[[int], Executor]
    open_afterwards: Callable[[], Afterwards]
    debug: bool = False
    passphrase_file: Path | None = None

    @cached_property
    def workspace(self) -> Workspace:
        return self.open_workspace()

    @cached_property
    def examining(self) -> Workspace:
        """The workspace as ``services.examine`` is handed it."""
        return replace(self.workspace, start_executor=self.start_examiner)

    @cached_property
    def principal(self) -> Principal:
        """Whoever has the shell is the custodian of the vault it opens."""
        _ = self.workspace
        return self.open_principal()


def session_of(ctx: typer.Context) -> Session:
    session = ctx.find_object(Session)
    if session is None:
        raise AssertionError("verbs are started by bootstrap, with a session")
    return session
