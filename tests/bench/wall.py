"""``python -m tests.bench.wall``: what the wall of items costs the server over 100,000 items.

Pages with all their facets, narrowed at random as somebody clicks through them, asked through Django's
whole stack as an analyst of one collection of two; and what it costs to read the columns anew.
DAYLIGHT_BENCH_ITEMS says how many items.
"""

import os
import random
import resource
import statistics
import time
from datetime import UTC, datetime

from django.db import transaction

from tests.bench import ledger
from tests.bench.common import scratch

ITEMS = int(os.environ.get("DAYLIGHT_BENCH_ITEMS", "100000"))
ROUNDS = 150
KINDS = ("video", "video", "video", "audio", "image", "document")
STATES = ("ok", "ok", "ok", "ok", "damaged", "unreadable")


def main() -> None:
    ledger.configure()
    with scratch() as work:
        ws = ledger.vault(work)
        fill()
        click(ws)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


def fill() -> None:
    from daylight.catalogue.models import (
        Accession,
        Camera,
        Collection,
        Holding,
        Item,
        Media,
        Occurrence,
        Recording,
        Relation,
        Standing,
    )
    from daylight.services.bulk import insert

    source, now = random.Random(3), datetime.now(tz=UTC)
    homes = [Collection.objects.create(name=name, created=now).pk for name in ("one", "two")]
    came = [
        Accession.objects.create(
            name=f"a{n}", collection_id=home, roots_sha256=bytes(32), created=now
        ).pk
        for n, home in enumerate(homes)
    ]
    cameras = [
        Camera.objects.create(number=n + 1, name=f"CAM {n}", facility=f"site {n % 7}").pk
        for n in range(150)
    ]
    keys = range(1, ITEMS + 1)
    with transaction.atomic():
        insert(
            Item,
            ("id", "public_id", "sha256", "size"),
            ((n, f"{n:032x}", n.to_bytes(32, "big"), n) for n in keys),
        )
        insert(Holding, ("item_id", "collection_id"), ((n, homes[n % 2]) for n in keys))
        insert(
            Occurrence,
            ("id", "item_id", "accession_id", "entry", "position", "verified"),
            ((n, n, came[n % 2], 0, n, True) for n in keys),
        )
    for begin in range(1, ITEMS + 1, 5000):
        batch = [n for n in range(begin, begin + 5000) if n <= ITEMS]
        Media.objects.bulk_create(
            Media(item_id=n, probe_version=1, kind=source.choice(KINDS), state=source.choice(STATES),
                  container="mp4", codec="h264", width=704, height=576, duration_us=60_000_000, facts={})
            for n in batch
        )  # fmt: skip
        Recording.objects.bulk_create(
            Recording(item_id=n, camera_id=source.choice(cameras),
                      burnt_us=1_600_000_000_000_000 + source.randrange(30_000_000) * 1_000_000)
            for n in batch if n % 10
        )  # fmt: skip
        Standing.objects.bulk_create(
            Standing(item_id=n, severity=source.randrange(5), reviewed=source.random() < 0.5)
            for n in batch if n % 3 == 0
        )  # fmt: skip
        Relation.objects.bulk_create(
            Relation(item_a_id=n, item_b_id=n + 2, kind="remuxed", a_start_us=0, b_start_us=0,
                     length_us=60_000_000, score=1.0, analysis="sameness", version=1, facts={})
            for n in batch if n % 9 == 0 and n + 2 <= ITEMS
        )  # fmt: skip


def click(ws) -> None:  # noqa: ANN001
    from daylight.catalogue.models import Collection, Membership, RoleGrant, User
    from daylight.catalogue.queries import wall
    from tests.web.rooms import Room

    user = User.objects.create(username="a", created=datetime.now(tz=UTC))
    RoleGrant.objects.create(user=user, role="analyst")
    Membership.objects.create(user=user, collection=Collection.objects.get(name="one"))
    client = Room(ws).client(user)
    began = time.perf_counter()
    columns = wall.load()
    print(
        f"columns of {len(columns.keys):,} items read in {time.perf_counter() - began:.2f} s",
        flush=True,
    )
    client.get("/items/")
    for name, headers in (
        ("a page with its facets", {}),
        ("further cards", {"HX-Request": "true"}),
    ):
        times = sorted(asked(client, headers) for _ in range(ROUNDS))
        print(
            f"{name}: median {statistics.median(times):.0f} ms, p95 {times[int(ROUNDS * 0.95)]:.0f} ms",
            flush=True,
        )


def asked(client, headers) -> float:  # noqa: ANN001
    source = random.Random()
    chosen = {
        "kind": source.choice(KINDS), "state": source.choice(STATES), "severity": source.choice("01234"),
        "facility": f"site {source.randrange(7)}", "hour": f"{source.randrange(24):02}", "seen": "reviewed",
    }  # fmt: skip
    taken = {name: chosen[name] for name in source.sample(sorted(chosen), source.randrange(4))}
    began = time.perf_counter()
    answer = client.get("/items/", taken, headers=headers)
    spent = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.status_code
    return spent


if __name__ == "__main__":
    main()
