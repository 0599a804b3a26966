"""The review room as a WSGI application for one vault."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler

from daylight.services import sittings
from daylight.services.jobs import Jobs
from daylight.services.views import ViewLog
from daylight.services.watch import Player
from daylight.services.workspace import Workspace
from daylight.web.asked import BEYOND, JOBS, PLAYER, VIEWS, WORKSPACE

_OUR_LOGS = ("django", "waitress")


class Room:
    """The WSGI application. ``prepare`` once it is going to be served, ``close`` at the end."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._handler = WSGIHandler()
        self._player = Player(ws)
        self._beyond = False
        self._views = ViewLog(ws)
        self._jobs = Jobs()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ[WORKSPACE] = self._ws
        environ[PLAYER] = self._player
        environ[BEYOND] = self._beyond
        environ[VIEWS] = self._views
        environ[JOBS] = self._jobs
        answer: Iterable[bytes] = self._handler(environ, start_response)
        return answer

    def prepare(self) -> None:
        """Forget sessions that are over: they say who lifted the shield of what. Warm the player."""
        SessionStore.clear_expired()
        sittings.forget_old(self._ws)
        self._views.start()
        self._player.prepare()

    def widen(self, host: str, *, secure: bool) -> None:
        """Answer to a name that others reach, too. ``secure``: cookies for TLS alone."""
        self._beyond = True
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, host]
        settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = secure

    def close(self) -> None:
        """End what is being cut or found, so that nobody waits for it; write down what was watched."""
        self._jobs.close()
        self._player.close()
        self._views.close()


def application(ws: Workspace) -> Room:
    """Serve ``ws``. Sets what Django must know of this vault before the first request."""
    settings.SECRET_KEY = ws.layout.web_secret()
    # Browsers do not tell ports apart: two vaults on one machine need two names.
    settings.SESSION_COOKIE_NAME = f"daylight-{ws.layout.vault_id[:8]}"
    settings.CSRF_COOKIE_NAME = f"daylight-form-{ws.layout.vault_id[:8]}"
    return Room(ws)


class _Place(logging.Formatter):
    """Says where something failed, never what it was about: messages may bear leaked names."""

    def format(self, record: logging.LogRecord) -> str:
        kind, trace = "an error", None
        if record.exc_info and record.exc_info[0]:
            kind, trace = record.exc_info[0].__name__, record.exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = ""
        if trace is not None:
            code = trace.tb_frame.f_code
            place = f" in {code.co_name} ({code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"
        return f"daylight: {kind}{place} [{record.name}]"


def quiet(*, debug: bool) -> None:
    """No access log, no warnings about addresses; of errors only the kind and the place."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    if not debug:
        handler.setFormatter(_Place())
    for name in _OUR_LOGS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.ERROR)
