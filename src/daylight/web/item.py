"""One item: what is known of it, and what of it may be looked at, shielded until asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.ledger_rows import EntryView, entries_about, entries_at
from daylight.catalogue.queries.burnt_clocks import burnt_clock
from daylight.catalogue.queries.found import findings_of, same_as
from daylight.catalogue.queries.grid import neighbours
from daylight.catalogue.queries.holds import hold_on
from daylight.catalogue.queries.items import ItemView, RenditionView, item, media_facts
from daylight.catalogue.queries.stills import kept_stills
from daylight.catalogue.queries.timeline import whereabouts
from daylight.domain.media import MediaFacts
from daylight.domain.principal import Right
from daylight.media.cut import SHIELDED, Look, Mode, look_of
from daylight.media.facts_json import from_json
from daylight.services import alerts
from daylight.services.signs import signs_of
from daylight.web import shield
from daylight.web.asked import Asked, in_part, text
from daylight.web.before import before_words, playable
from daylight.web.found import told
from daylight.web.line import is_thin
from daylight.web.marks import panel_words
from daylight.web.own import calm_of
from daylight.web.saying import written
from daylight.web.shield import Lift
from daylight.web.sign_words import sign_words
from daylight.web.spoken import Spoken, spoken_of

_OCCURRENCES = 50  # shown at once; the command line lists all
_SAME = 50
_REDACTABLE = ("video", "audio", "image")
_VIGIL = alerts.Vigil()


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the pictures and the player of an item need, as they stand now.

    ``look``: of the player; ``span``: what it was lifted for, as text. ``strip``, ``still``: the rendition to show and its address; None if there is none.
    ``rebuilt``: what is played in place of an original that cannot be opened.
    """

    pictures_clear: bool
    player_lifted: Lift | None
    look: Look
    span: tuple[str, str] | None
    strip: RenditionView | None
    strip_url: str
    still: RenditionView | None
    still_url: str
    waveform_url: str
    playlist_url: str
    frames_url: str
    frames_clear: bool
    playable: bool
    rebuilt: RenditionView | None
    redactable: bool
    speeds: tuple[str, ...] = ("0.25", "0.5", "1", "2", "4", "8", "16")


@require_safe
def show(request: Asked, public_id: str) -> HttpResponse:
    view = seen(request, public_id)
    spoken = spoken_of(request.principal, view)
    raw = media_facts(request.principal, public_id)
    facts = None if raw is None else from_json(raw)
    words = {
        **viewer_words(request, view, {}, spoken),
        **panel_words(request, view, spoken),
        "facts": facts,
        "tags": _tags(facts),
        "occurrences": view.occurrences[:_OCCURRENCES],
        "further_occurrences": max(0, len(view.occurrences) - _OCCURRENCES),
        "custody": _custody(request, view),
        "hold": hold_on(view.digest),
        "burnt": burnt_clock(request.principal, public_id),
        "found": told(findings_of(request.principal, public_id)),
        "signs": sign_words(signs_of(request.principal, public_id)),
        "same": same_as(request.principal, public_id, view.digest)[:_SAME],
        "place": whereabouts(request.principal, public_id),
        "neighbours": neighbours(request.principal, public_id),
    }
    return render(request, "item/page.html", words)


@require_POST
def lift(request: Asked, public_id: str) -> HttpResponse:
    """Lift the shield from one part of one item, for this session."""
    view, part = seen(request, public_id), _part(request)
    request.principal.require(Right.WATCH)
    how = _chosen(request, view) if part == "player" else Lift()
    if part == "player" and look_of(how.look).is_shielded:
        shield.lower(request.session, public_id, part)  # nothing was chosen to be lifted
        return _answer(request, view, part, {})
    shield.lift(request.session, public_id, part, how)
    alerts.opened(request.workspace, request.principal, _VIGIL, public_id)
    return _answer(request, view, part, {part: how})


@require_POST
def lower(request: Asked, public_id: str) -> HttpResponse:
    """Put it back."""
    view, part = seen(request, public_id), _part(request)
    shield.lower(request.session, public_id, part)
    return _answer(request, view, part, {})


def _chosen(request: Asked, view: ItemView) -> Lift:
    """How far, by the form; without any control named: clear pictures, or sound where there is that alone."""
    form = request.POST
    heard = view.kind == "audio" or "sound" in form
    if "blur" not in form:
        return Lift(Look(Mode.CLEAR, sound=heard).slug, _within(request))
    try:
        chosen = shield.look(
            form["blur"], colour="colour" in form, large="large" in form, sound=heard
        )
    except KeyError:
        raise Http404 from None
    return Lift(chosen.slug, _within(request))


def _within(request: Asked) -> tuple[int, int] | None:
    """So many seconds from where the player stands; all of it where none are named."""
    seconds, at = text(request.POST, "seconds", 6), text(request.POST, "at", 12)
    if not (seconds.isascii() and seconds.isdigit() and int(seconds)):
        return None
    whole = at.partition(".")[0]
    start = int(whole) if whole.isascii() and whole.isdigit() else 0
    return start * 1_000_000, (start + int(seconds)) * 1_000_000


def _answer(request: Asked, view: ItemView, part: str, clear: Mapping[str, Lift]) -> HttpResponse:
    if not in_part(request):
        return redirect("item", view.public_id)
    return render(
        request,
        f"item/{part}.html",
        viewer_words(request, view, clear, spoken_of(request.principal, view)),
    )


def seen(request: Asked, public_id: str) -> ItemView:
    view = item(request.principal, public_id)
    if view is None:
        raise Http404
    return view


def _part(request: Asked) -> str:
    part = request.POST.get("part", "")
    if part not in shield.PARTS:
        raise Http404
    return part


def viewer_words(
    request: Asked, view: ItemView, clear: Mapping[str, Lift], spoken: Spoken
) -> dict[str, Any]:
    return {
        "item": view,
        "viewer": _viewer(view, clear),
        "calm": calm_of(request),
        "thin": is_thin(request),
        "stills": kept_stills(request.principal, view.public_id),
        "before": before_words(request, view.public_id, spoken),
    }


def _viewer(view: ItemView, clear: Mapping[str, Lift]) -> Viewer:
    pictures, player = "pictures" in clear, clear.get("player")
    kind = "clear" if pictures else "shielded"
    strip, still = view.rendition(f"filmstrip-{kind}"), view.rendition(f"still-{kind}")
    look = SHIELDED if player is None else look_of(player.look)
    unreadable = view.state == "unreadable"
    rebuilt = view.rendition("salvage") if unreadable else None
    return Viewer(
        pictures_clear=pictures,
        player_lifted=player,
        look=look,
        span=None
        if player is None or player.within is None
        else (written(player.within[0]), written(player.within[1])),
        strip=strip,
        strip_url=rendition_url(view.public_id, strip),
        still=still,
        still_url=rendition_url(view.public_id, still),
        waveform_url=rendition_url(view.public_id, view.rendition("waveform")),
        playlist_url=reverse("playlist", args=[view.public_id, look.slug]),
        frames_url=_frames_url(view, player),
        frames_clear=shield.of_frames(player) == shield.CLEAR,
        playable=playable(view),
        rebuilt=rebuilt,
        redactable=view.kind in _REDACTABLE and not unreadable,
    )


def _frames_url(view: ItemView, lifted: Lift | None) -> str:
    """Of the very pictures: clear where all of the item is, else as everybody is sent them."""
    if view.kind != "video":
        return ""
    return reverse("frames", args=[view.public_id, shield.of_frames(lifted)])


def rendition_url(public_id: str, shown: RenditionView | None) -> str:
    """With a part of the digest, so that a browser never shows an older version."""
    if shown is None:
        return ""
    return f"{reverse('rendition', args=[public_id, shown.name])}?v={shown.digest.hex()[:8]}"


def _tags(facts: MediaFacts | None) -> list[tuple[str, str, str]]:
    """Where, key and value of everything the file says of itself; none of it is believed."""
    if facts is None:
        return []
    own = [("", key, value) for key, value in facts.untrusted_metadata]
    return own + [
        (f"{stream.media} {stream.index}", key, value)
        for stream in facts.streams
        for key, value in stream.untrusted_metadata
    ]


def _custody(request: Asked, view: ItemView) -> list[EntryView]:
    if not request.principal.may(Right.SEE_CUSTODY):
        return []
    return entries_at(entries_about(view.digest)[:_OCCURRENCES])
