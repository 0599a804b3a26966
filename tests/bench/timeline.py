"""The timeline's page and data over 10,000 recordings by hand, against the wall of items beside it.

Sizes in bytes and seconds of one request each, warm; nothing is a timed test.
"""

import hashlib
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction

from daylight import bootstrap
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.clocks import SECOND, parse_naive
from daylight.services.workspace import Workspace
from daylight.storage import layout
from tests.bench.common import scratch

if "daylight.catalogue.models" not in sys.modules:
    bootstrap.configure()

# Models need a settled Django.
from daylight.catalogue.models import (  # noqa: E402
    Accession,
    Camera,
    Collection,
    Holding,
    Item,
    Media,
    Occurrence,
    Recording,
)
from daylight.media.facts_json import to_json  # noqa: E402
from daylight.services import vault  # noqa: E402
from tests.recordings import FACTS  # noqa: E402

RECORDINGS = 10_000
CAMERAS = 64
DAYS = 40
BEGIN = parse_naive("2021-03-04 00:00:00")
DAY = 86400 * SECOND
NAMES = ["КОРИДОР", "КПП ВХОД", "ПРОГУЛ. ДВОР", "БЛОК Б", "ДЕЖ. ЧАСТЬ", "GATE", "YARD", "LOADING"]
PLACES = ["ИК-00", "SITE-9", "Учреждение 77", ""]


def new(folder: Path) -> Workspace:
    made = layout.create(folder, "")
    made.write_keys(to_file(new_keys(), ""))
    ws = bootstrap.settle(made)
    vault.migrate()
    vault.found(ws)
    layout.seal(made)
    return ws


def fill(ws: Workspace, count: int = RECORDINGS, seed: int = 7) -> None:
    """Rows as examination leaves them: days of footage with outages, a night, and all that goes wrong."""
    drawn = random.Random(seed)
    home = Collection.objects.get(name="Everything")
    came = Accession.objects.create(
        name="amber-heron-41", collection=home, roots_sha256=b"\0" * 32, created=ws.clock()
    )
    cameras = [Camera.objects.create(**camera(n, drawn)) for n in range(CAMERAS)]
    facts = to_json(FACTS)
    with transaction.atomic():
        for at in range(0, count, 1000):
            keys = range(at + 1, min(at + 1000, count) + 1)
            Item.objects.bulk_create(
                Item(id=k, sha256=hashlib.sha256(b"%d" % k).digest(), size=10**7) for k in keys
            )
            Holding.objects.bulk_create(Holding(item_id=k, collection=home) for k in keys)
            Occurrence.objects.bulk_create(
                Occurrence(id=k, item_id=k, accession=came, entry=0, position=k, verified=True)
                for k in keys
            )
            made = [recording(k, cameras[k % CAMERAS], drawn) for k in keys]
            Media.objects.bulk_create(
                Media(
                    item_id=row.pk, probe_version=1, kind="video", container="mp4", codec="h264",
                    state="damaged" if drawn.random() < 0.03 else "ok", duration_us=seconds * SECOND,
                    width=704, height=576, fps=12.0, facts=facts,
                )
                for row, seconds in made
            )  # fmt: skip
            Recording.objects.bulk_create(row for row, _ in made)


def camera(n: int, drawn: random.Random) -> dict[str, object]:
    named = drawn.random() < 0.7
    return {
        "number": n + 1,
        "name": f"КАМ {n + 1:02} {NAMES[n % len(NAMES)]}" if named else "",
        "facility": PLACES[n * 4 // CAMERAS] if named else "",
        "confirmed": named,
        "label": "" if named else f"CH {n + 1:02} {NAMES[n % len(NAMES)]}" if n % 3 else "",
    }


def recording(key: int, of: Camera, drawn: random.Random) -> tuple[Recording, int]:
    """Mostly a burnt-in clock, for half the cameras made real; some with the file's clock, some none."""
    seconds = drawn.choice([120, 900, 1800, 3600, 7200])
    day = min(DAYS - 1, int(abs(drawn.gauss(0, 1)) * DAYS / 2.4))
    dead = (of.number * 7 + day // 5) % 6 == 0  # an outage of some days
    start = BEGIN + (day + (5 if dead else 0)) * DAY + drawn.randrange(86400 - 7200) * SECOND
    kind = drawn.random()
    real = of.number % 2 == 0 and kind < 0.95
    return Recording(
        item_id=key,
        camera=of if drawn.random() < 0.98 else None,
        confirmed=of.confirmed,
        burnt_us=start if kind < 0.95 else None,
        container_us=start if kind < 0.98 else None,
        real_us=start - 55 * SECOND if real else None,
        uncertainty_us=2 * SECOND if real else None,
        activity=list(active(seconds, drawn)),
    ), seconds


def active(seconds: int, drawn: random.Random) -> Iterator[list[int]]:
    at = drawn.randrange(60)
    while at < seconds - 10:
        long = min(drawn.randrange(5, 240), seconds - at)
        yield [at * SECOND, long * SECOND, drawn.randrange(1, 10)]
        at += long + drawn.randrange(20, 1500)


def asked(client: object, address: str) -> tuple[float, int]:
    times, size = [], 0
    for _ in range(7):
        began = time.perf_counter()
        answer = client.get(address)  # type: ignore[attr-defined]
        size = len(answer.content)
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return statistics.median(times), size


def main() -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    with scratch() as work:
        ws = new(work / "vault")
        fill(ws)
        from tests.web.rooms import Role, Room

        client = Room(ws).as_(Role.ARCHIVIST)
        near = f"from={BEGIN + 3 * DAY}&to={BEGIN + 4 * DAY}"
        for name, address in (
            ("timeline, the page", "/timeline/"),
            ("timeline, all of it", "/timeline/data?columns=1600&crowd=1"),
            ("timeline, a day", f"/timeline/data?columns=4800&{near}"),
            ("a list", "/timeline/list/?camera=untimed"),
            ("the wall of items", "/items/"),
        ):
            seconds, size = asked(client, address)
            print(f"{name}: {seconds * 1000:.0f} ms, {size / 1000:.0f} kB", flush=True)
        connections.close_all()


if __name__ == "__main__":
    main()
