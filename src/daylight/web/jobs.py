"""Work that the studio asks for and asks after: looking for faces, following what was drawn, what goes out."""

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from daylight.catalogue.queries.items import ItemView
from daylight.domain.marks import MAX_US
from daylight.domain.progress import Silent
from daylight.domain.redaction_texts import Texts
from daylight.errors import (
    DaylightError,
    Forbidden,
    ModelMissing,
    PlanRefused,
    RedactionFailed,
    UsageError,
)
from daylight.media.cut import look_of
from daylight.services import faces, follow, preview, studio, texts
from daylight.services.jobs import Job, Line, State, Work
from daylight.web import shield
from daylight.web.asked import Asked, text
from daylight.web.item import seen

FACES: Final = "faces"
FOLLOW: Final = "follow"
TEXT: Final = "texts"
PREVIEW: Final = "preview"


@require_POST
def begin(request: Asked, public_id: str) -> HttpResponse:
    """``job/1``; 409 and ``refused/1`` with words where nothing can be begun."""
    view = seen(request, public_id)
    studio.require(request.principal)
    kind = text(request.POST, "kind", 20)
    if kind not in _BEGUN:
        return JsonResponse({"schema": "refused/1", "words": ""}, status=400)
    line, prepared = _BEGUN[kind]
    try:
        work = prepared(request, view)
        job = request.jobs.begin(
            line, kind, request.principal.agent, public_id, work, join=kind == FACES
        )
    except Forbidden:
        raise
    except (UsageError, PlanRefused, ModelMissing) as error:
        return refused(words(error))
    return _told(job)


@require_http_methods(["GET", "POST"])
def after(request: Asked, public_id: str, number: str) -> HttpResponse:
    """How far it is, ``job/1``; a form that is sent stops it."""
    seen(request, public_id)
    studio.require(request.principal)
    job = request.jobs.find(number, request.principal.agent, public_id)
    if job is None:
        return JsonResponse({"schema": "job/1", "id": number, "state": "gone"})
    if request.method == "POST":
        request.jobs.stop(job)
    return _told(job)


def made_by(request: Asked, public_id: str, number: str, kind: str) -> Any:
    """What came of somebody's own job; None where nothing did, or it is kept no longer."""
    job = request.jobs.find(number, request.principal.agent, public_id)
    return None if job is None or job.kind != kind or job.state is not State.DONE else job.made


def refused(said: str) -> JsonResponse:
    return JsonResponse({"schema": "refused/1", "words": said}, status=409)


def _told(job: Job) -> JsonResponse:
    told: dict[str, Any] = {"schema": "job/1", "id": job.id, "kind": job.kind}
    told |= {"state": job.state.value, "at": job.at_us}
    if job.state is State.FAILED:
        told["words"] = words(job.error)
    elif isinstance(job.made, Texts) and not job.made.read:
        told["words"] = _(
            "Labels over the picture alone: what reads text in the scene is not installed (docs/redact.md)."
        )
    return JsonResponse(told)


def _faces(request: Asked, view: ItemView) -> Work:
    """Kept with the item, as ``daylight examine --only faces`` keeps them; a draft of them is begun by a further click."""
    ws = request.workspace
    studio.desk(request.principal, view)
    if not faces.there():
        raise ModelMissing("nothing that finds faces is installed")
    return lambda job: len(faces.tracks_of(job.watched(ws), view.digest, Silent()))


def _follow(request: Asked, view: ItemView) -> Work:
    ws, principal = request.workspace, request.principal
    name = text(request.POST, "name", 80)
    where = studio.stretch_of(principal, view, name, moment_in(request.POST))

    def work(job: Job) -> Any:
        with job.watched(ws).start_executor(1) as executor:
            return name, where, follow.find(ws, principal, view, executor, where, Silent())

    return work


def _texts(request: Asked, view: ItemView) -> Work:
    ws, principal = request.workspace, request.principal
    studio.desk(principal, view)
    return lambda job: texts.look(job.watched(ws), principal, view, Silent())


def _preview(request: Asked, view: ItemView) -> Work:
    """``Forbidden`` unless the shield was lifted to the end."""
    lift = clear_of(request, view)
    ws, player, principal = request.workspace, request.player, request.principal
    at_us, heard = moment_in(request.POST), look_of(lift.look).sound

    def work(_: Job) -> Any:
        return preview.preview(ws, player, principal, view, at_us, lift.within, heard=heard)

    return work


_BEGUN: Final[dict[str, tuple[Line, Callable[[Asked, ItemView], Work]]]] = {
    FACES: (Line.LONG, _faces),
    FOLLOW: (Line.LONG, _follow),
    TEXT: (Line.LONG, _texts),
    PREVIEW: (Line.SHORT, _preview),
}


def clear_of(request: Asked, view: ItemView) -> shield.Lift:
    part = "pictures" if view.kind == "image" else "player"
    return shield.require_clear(request.session, view.public_id, part)


def moment_in(values: Any) -> int:
    typed = text(values, "at", 20) or "0"
    if not (typed.isascii() and typed.isdecimal()) or int(typed) > MAX_US:
        raise Http404
    return int(typed)


def words(error: DaylightError | None) -> str:
    """Why nothing came of it, for whoever asked."""
    if isinstance(error, PlanRefused):
        return _(
            "This does not go out, is not lifted or was not drawn by hand: there is nothing to be done."
        )
    if isinstance(error, RedactionFailed):
        return _("What was made did not pass its check, and is not shown.")
    if isinstance(error, ModelMissing):
        return _("No model that finds faces is installed; docs/models.md says how it comes.")
    if isinstance(error, UsageError):
        return _("Too much is being made for others. Ask again in a while.")
    return _("This part cannot be rendered now.")
