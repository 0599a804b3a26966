"""What is found by words: marks, descriptions and labels of the items that one may see, newest first."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from daylight.catalogue.search_index import FTS, fts5_match, postgres_match
from daylight.catalogue.stems import stem
from daylight.domain.principal import Principal, Right
from daylight.domain.search import Query

PAGE: Final = 50
COUNTED: Final = 10_000  # beyond it "more than" is said

_FROM_FTS = f"FROM {FTS} f CROSS JOIN catalogue_segment s ON s.id = f.rowid"
_FROM = "FROM catalogue_segment s"
_HELD = (
    "EXISTS (SELECT 1 FROM catalogue_holding h JOIN catalogue_collection c ON c.id = h.collection_id "
    "WHERE h.item_id = s.item_id AND c.public_id IN (%s))"
)
_PLACED = " LEFT JOIN catalogue_recording r ON r.item_id = s.item_id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``camera``: public id; ``kind``: of a segment; ``since_us``, ``until_us``: of the recording, by
    real time, else by its burnt-in clock. ``before``: the key of the last one shown.
    """

    query: Query
    camera: str = ""
    kind: str = ""
    since_us: int | None = None
    until_us: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """``key`` orders hits by age. ``start_us``: the moment in the item; None is all of it."""

    key: int
    kind: str
    ref: str
    item: str
    start_us: int | None


@dataclass(frozen=True, slots=True)
class Hits:
    """``count``: of all, up to :data:`COUNTED` + 1. ``more``: whether another page follows."""

    hits: tuple[Hit, ...]
    count: int
    more: bool


def find(principal: Principal, wanted: Wanted) -> Hits:
    """The newest :data:`PAGE`, and how many there are in all."""
    principal.require(Right.SEE_ITEMS)
    tables, where, values = _clauses(principal, wanted)
    counted = f"SELECT count(*) FROM (SELECT 1 {tables} WHERE {where} LIMIT {COUNTED + 1}) c"  # noqa: S608
    order = "f.rowid" if connection.vendor == "sqlite" else "s.id"
    page, more = where, list(values)
    if wanted.before is not None:
        page, more = f"{where} AND {order} < %s", [*values, wanted.before]
    shown = f"SELECT s.id, s.kind, s.ref, s.item_id, s.start_us {tables} WHERE {page}"
    rows = (
        f"SELECT p.id, p.kind, p.ref, i.public_id, p.start_us "  # noqa: S608
        f"FROM ({shown} ORDER BY {order} DESC LIMIT {PAGE + 1}) p "
        "JOIN catalogue_item i ON i.id = p.item_id ORDER BY p.id DESC"
    )
    with connection.cursor() as cursor:
        cursor.execute(rows, more)
        found = [Hit(*row) for row in cursor.fetchall()]
        if wanted.before is None and len(found) <= PAGE:
            count = len(found)
        else:
            cursor.execute(counted, values)
            count = int(cursor.fetchone()[0])
    return Hits(tuple(found[:PAGE]), count, len(found) > PAGE)


def _clauses(principal: Principal, wanted: Wanted) -> tuple[str, str, list[Any]]:
    tables, where, values = _words(wanted.query)
    if principal.collections is not None:
        where.append(_HELD % ", ".join(["%s"] * len(principal.collections) or ["NULL"]))
        values += principal.collections
    if wanted.kind:
        where.append("s.kind = %s")
        values.append(wanted.kind)
    if wanted.camera or wanted.since_us is not None or wanted.until_us is not None:
        tables += _PLACED
    if wanted.camera:
        where.append("r.camera_id = (SELECT id FROM catalogue_camera WHERE public_id = %s)")
        values.append(wanted.camera)
    for bound_us, sign in ((wanted.since_us, ">="), (wanted.until_us, "<")):
        if bound_us is not None:
            where.append(f"coalesce(r.real_us, r.burnt_us) {sign} %s")
            values.append(bound_us)
    return tables, " AND ".join(where), values


def _words(query: Query) -> tuple[str, list[str], list[Any]]:
    stemmed = Query(tuple(map(stem, query.words)), without=tuple(map(stem, query.without)))
    if connection.vendor == "sqlite":
        return _FROM_FTS, [f"{FTS} MATCH %s"], [fts5_match(query, stemmed)]
    stems, folded = postgres_match(query, stemmed)
    pairs = [("stems", stems), ("folded", folded)]
    asked = [(column, text) for column, text in pairs if text]
    where = [
        f"to_tsvector('simple', s.{column}) @@ to_tsquery('simple', %s)" for column, _ in asked
    ]
    return _FROM, where, [text for _, text in asked]
