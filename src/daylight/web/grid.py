"""The wall of items: shielded filmstrips, narrowed by what is known of them, copies folded together."""

from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.grid import FACETS, Choice, Page, Wanted, page
from daylight.domain.principal import Right
from daylight.web.asked import Asked, in_part, text
from daylight.web.walls import WALLS

_CHIPS: Final = ("kind", "state", "severity", "seen", "speech")  # few values: all are shown
_LISTS: Final = ("facility", "camera", "month", "day", "hour", "collection", "accession")


@require_safe
def show(request: Asked) -> HttpResponse:
    """The page, or for htmx the next cards alone."""
    request.principal.require(Right.SEE_ITEMS)
    chosen = {name: text(request.GET, name, 64) for name in FACETS}
    copies = text(request.GET, "copies", 4)
    wanted = Wanted(chosen, text(request.GET, "after", 64), collapsed=copies != "all")
    wall = WALLS.of(request.workspace.layout.vault_id)
    found = page(wall, request.principal, wanted, facets=not in_part(request))
    if found is None:
        raise Http404
    chosen["copies"] = copies
    more = _address({**chosen, "after": found.after}) if found.after else ""
    words: dict[str, Any] = {"cards": found.cards, "more": more}
    if in_part(request):
        return render(request, "grid/cards.html", words)
    return render(request, "grid/page.html", {**words, **_page_words(chosen, found)})


def _page_words(chosen: dict[str, str], found: Page) -> dict[str, Any]:
    return {
        "count": found.cards_in_all,
        "items": found.items,
        "chips": [(name, _links(chosen, name, found.facets[name])) for name in _CHIPS],
        "lists": [
            (name, chosen[name], found.facets[name])
            for name in _LISTS
            if _tells(name, chosen[name], found)
        ],
        "kept": [(name, chosen[name]) for name in (*_CHIPS, "copies") if chosen[name]],
        "narrowed": any(chosen.values()),
        "folded": chosen["copies"] != "all",
        "unfold": _address({**chosen, "copies": "all" if chosen["copies"] != "all" else ""}),
    }


def _tells(name: str, taken: str, found: Page) -> bool:
    """A list of one says nothing, unless it was chosen from; days are offered once they are few."""
    choices = found.facets[name]
    if taken:
        return True
    if name == "day":
        return 1 < len(choices) <= 62
    return len(choices) > 1


def _links(
    chosen: dict[str, str], name: str, choices: tuple[Choice, ...]
) -> list[tuple[Choice, str, bool]]:
    """Each choice with the address that takes or drops it, and whether it is taken."""
    return [
        (
            choice,
            _address({**chosen, name: "" if chosen[name] == choice.value else choice.value}),
            chosen[name] == choice.value,
        )
        for choice in choices
    ]


def _address(values: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return reverse("items") + (f"?{query}" if query else "")
