"""Pictures made of items: shielded ones for who may see the item, clear ones once lifted."""

import os
import re
from collections.abc import Callable, Iterator

from django.http import Http404, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.items import RenditionView
from daylight.catalogue.queries.pictures import is_seen, rendition
from daylight.domain.principal import Right
from daylight.services.smaller import Smaller
from daylight.web import frames, shield
from daylight.web.asked import Asked, note_view
from daylight.web.line import is_thin
from daylight.web.sitting import still_here

_SHIELDED = frozenset({"filmstrip-shielded", "still-shielded", "waveform"})
_CLEAR = frozenset({"filmstrip-clear", "still-clear"})
_HOW = {
    "filmstrip-shielded": "pictures-shielded",
    "still-shielded": "pictures-shielded",
    "filmstrip-clear": "pictures-clear",
    "still-clear": "pictures-clear",
}
_HALVED = _SHIELDED - {"waveform"} | _CLEAR
_HALF_OF = frozenset({"image/jpeg", "image/png"})
_SMALLER = Smaller()
_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_GRABBED = re.compile(r"frame-([0-9]{1,16})-(shielded|clear)")  # under the shield of the player
_CHUNK = 1 << 16


@require_safe
def show(request: Asked, public_id: str, name: str) -> HttpResponseBase:
    """The bytes of one rendition, named by their digest. 404 for names this room does not know."""
    grabbed = _GRABBED.fullmatch(name)
    known = grabbed or name in _SHIELDED | _CLEAR
    if not known or not is_seen(request.principal, public_id):
        raise Http404
    if grabbed:
        frames.check(request, public_id, grabbed[2])
    elif name in _CLEAR:
        request.principal.require(Right.WATCH)
        shield.require_lifted(request.session, public_id, "pictures")
    found = rendition(request.principal, public_id, name)
    if found is None or found.media_type not in _TYPES:
        raise Http404
    if grabbed and grabbed[2] == shield.CLEAR:
        marked = frames.marked(request, public_id, int(grabbed[1]))
        if marked is not None:
            note_view(request, public_id, "pictures-clear", (marked.us, marked.us))
            return HttpResponse(marked.data, content_type=marked.media_type)
    thin = bool(grabbed or name in _HALVED) and found.media_type in _HALF_OF and is_thin(request)
    tag = f'"{found.digest.hex()}{"-thin" if thin else ""}"'
    headers = {"ETag": tag, "Cache-Control": _caching(name)}
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers=headers)
    if thin:
        data = _SMALLER.of(request.player, found.digest)
        _note(request, public_id, name, found)
        return HttpResponse(data, content_type="image/jpeg", headers=headers)
    _note(request, public_id, name, found)
    return _stream(request, found, headers)


def _note(request: Asked, public_id: str, name: str, found: RenditionView) -> None:
    grabbed = _GRABBED.fullmatch(name)
    if grabbed is None:
        note_view(request, public_id, _HOW.get(name, ""))
        return
    at = found.facts["us"]
    note_view(request, public_id, f"pictures-{grabbed[2]}", (at, at))


def _caching(name: str) -> str:
    return "private, max-age=3600" if name in _SHIELDED else "no-store"


def _stream(request: Asked, found: RenditionView, headers: dict[str, str]) -> StreamingHttpResponse:
    try:
        fd = request.workspace.store.open_fd(found.digest)
    except KeyError:
        raise Http404 from None
    headers["Content-Length"] = str(found.size)
    body = _Chunks(fd, lambda: still_here(request))
    return StreamingHttpResponse(body, content_type=found.media_type, headers=headers)


class _Chunks:
    """The object piece by piece; Django calls ``close`` when the browser has it, or has gone."""

    def __init__(self, fd: int, allowed: Callable[[], bool]) -> None:
        self._file, self._allowed = os.fdopen(fd, "rb"), allowed

    def __iter__(self) -> Iterator[bytes]:
        """It breaks off where whoever asked was shut out meanwhile."""
        while self._allowed() and (chunk := self._file.read(_CHUNK)):
            yield chunk

    def close(self) -> None:
        self._file.close()
