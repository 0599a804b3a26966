"""The wall of items: shielded filmstrips, narrowed by kind, state and accession."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.grid import Choice, Wanted, count, facets, page
from daylight.web.asked import Asked, in_part, text

_FACETS = ("kind", "state", "accession")


@require_safe
def show(request: Asked) -> HttpResponse:
    """The page, or for htmx the next cards alone."""
    chosen = {name: text(request.GET, name, 64) for name in _FACETS}
    wanted = Wanted(
        chosen["kind"], chosen["state"], chosen["accession"], text(request.GET, "after", 64)
    )
    found = page(request.principal, wanted)
    if found is None:
        raise Http404
    more = _address({**chosen, "after": found.after}) if found.after else ""
    words: dict[str, Any] = {"cards": found.cards, "more": more}
    if in_part(request):
        return render(request, "grid/cards.html", words)
    known = facets(request.principal)
    words |= {
        "count": count(request.principal, wanted),
        "facets": [
            ("kind", _links(chosen, "kind", known.kinds)),
            ("state", _links(chosen, "state", known.states)),
            ("accession", _links(chosen, "accession", known.accessions)),
        ],
        "narrowed": any(chosen.values()),
    }
    return render(request, "grid/page.html", words)


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
