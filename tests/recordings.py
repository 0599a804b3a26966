"""Recordings by hand: rows as intake and examination leave them, without any film."""

import hashlib
from dataclasses import replace
from fractions import Fraction

from daylight.catalogue.models import (
    Accession,
    Collection,
    Holding,
    Item,
    LeakedPath,
    Media,
    Occurrence,
)
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.clocks import SECOND
from daylight.domain.digest import Digest
from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.media.facts_json import to_json
from daylight.services.workspace import Workspace

STREAM = StreamFacts(
    index=0,
    media="video",
    codec="h264",
    time_base=Fraction(1, 12800),
    width=704,
    height=576,
    frame_rate=Fraction(12),
)
FACTS = MediaFacts(Kind.VIDEO, State.OK, container="mp4", streams=(STREAM,), key_frames=9)


def digest(number: int) -> Digest:
    return Digest(hashlib.sha256(f"recording {number}".encode()).digest())


def recording(
    ws: Workspace,
    number: int,
    path: str = "",
    *,
    home: str = "Everything",
    seconds: int = 60,
    kind: Kind = Kind.VIDEO,
    state: State = State.OK,
    created: str = "",
    mtime: int | None = None,
) -> Item:
    """An examined item; ``created`` is its container's time."""
    kept = Collection.objects.get_or_create(name=home, defaults={"created": ws.clock()})[0]
    came = Accession.objects.get_or_create(
        name=f"of {home}",
        defaults={"collection": kept, "roots_sha256": b"\0" * 32, "created": ws.clock()},
    )[0]
    item = Item.objects.create(id=number, sha256=digest(number), size=1000)
    Holding.objects.create(item=item, collection=kept)
    met = Occurrence.objects.create(
        id=number, item=item, accession=came, entry=0, position=number, verified=True
    )
    name = (path or f"{number}.mp4").encode()
    LeakedPath.objects.create(
        occurrence=met,
        accession=came,
        path=name,
        path_sha256=hashlib.sha256(name).digest(),
        mtime_ns=None if mtime is None else mtime * 1000,
    )
    tags = (("creation_time", created),) if created else ()
    facts = replace(FACTS, kind=kind, state=state, untrusted_metadata=tags)
    Media.objects.create(
        item=item, probe_version=1, kind=kind, state=state, container="mp4", codec="h264",
        width=704, height=576, fps=12.0, duration_us=seconds * SECOND, facts=to_json(facts),
    )  # fmt: skip
    return item


def even(naive_us: int, seconds: int = 60, label_key: str = "", label: str = "") -> BurntClock:
    """A clock that ticks evenly from ``naive_us`` on."""
    piece = ClockPiece(0, seconds * SECOND, naive_us, 500_000, 9, 0.95)
    return BurntClock(
        Ticking.EVEN,
        (piece,),
        read=9,
        seen=9,
        layout="%Y-%m-%d %H:%M:%S",
        label=label,
        label_key=label_key,
        confidence=0.9,
    )
