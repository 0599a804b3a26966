"""The review room as a WSGI application for one vault."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from daylight.services.watch import Player
from daylight.services.workspace import Workspace
from daylight.web.asked import PLAYER, WORKSPACE

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_OUR_LOGS = ("django", "waitress")


def application(ws: Workspace) -> Wsgi:
    """Serve ``ws``. Sets what Django must know of this vault before the first request."""
    settings.SECRET_KEY = ws.layout.web_secret()
    # Browsers do not tell ports apart: two vaults on one machine need two names.
    settings.SESSION_COOKIE_NAME = f"daylight-{ws.layout.vault_id[:8]}"
    settings.CSRF_COOKIE_NAME = f"daylight-form-{ws.layout.vault_id[:8]}"
    handler = WSGIHandler()
    player = Player(ws)
    player.prepare()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[WORKSPACE] = ws
        environ[PLAYER] = player
        return handler(environ, start_response)

    return serve


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
