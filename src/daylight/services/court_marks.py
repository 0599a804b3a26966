"""What a court package says of marks: those that speak against an item, and what a search found."""

from collections.abc import Collection

from daylight.catalogue.queries.marks import MarkView, inherited, marks_of
from daylight.catalogue.queries.search import COUNTED, Wanted, find
from daylight.domain.digest import Digest
from daylight.domain.marks import CONTRADICTS, Span
from daylight.domain.principal import Principal
from daylight.domain.search import parse


def against(principal: Principal, public_id: str, digest: Digest) -> tuple[str, ...]:
    """Every mark that somebody made to say so, of copies too, in sentences."""
    own = [(one.said.span, one, "") for one in marks_of(principal, public_id)]
    copies = [
        (one.span, one.mark, f", said of the copy {one.mark.item_digest.hex()[:12]}")
        for one in inherited(principal, public_id, digest)
    ]
    return tuple(
        _sentence(span, one, where)
        for span, one, where in [*own, *copies]
        if CONTRADICTS in one.said.tags
    )


def _sentence(span: Span | None, one: MarkView, where: str) -> str:
    when = "of all of it"
    if span is not None:
        when = f"from {span.start_us / 1e6:.1f} s to {span.end_us / 1e6:.1f} s"
    sure = "confirmed by a second person" if one.confirmed else "one person's word"
    return (
        f"{when.capitalize()}: {one.said.words} (written {one.newest.at:%Y-%m-%d}, {sure}{where})."
    )


def searched(principal: Principal, query: str, items: Collection[str]) -> str:
    """What a search for these words finds now. ``items``: public ids of those in the package."""
    hits, before = [], None
    while True:
        page = find(principal, Wanted(parse(query), before=before))
        hits += [one.item for one in page.hits]
        if not page.more or len(hits) >= COUNTED:
            break
        before = page.hits[-1].key
    found = set(hits)
    many = "more than " if page.more else ""
    inside = len(found & set(items))
    return (
        f"The words “{query}” were searched for in what people said and in labels that were read: "
        f"{many}{len(found)} items, of which {inside} are in this package."
    )
