"""``python -m tests.bench.search``: what a search costs over a million segments.

Words are drawn as a language does (Zipf's law), Russian and English endings among them. Each query is
asked as an analyst who may see one collection of two, so that need-to-know is paid for as well. The
peer is SQLite's plain LIKE over the same rows, for the rare word.
"""

import os
import random
import statistics
import time
from datetime import UTC, datetime
from itertools import pairwise

from django.db import connection, transaction

from daylight.domain.principal import Principal, Role, rights_of
from daylight.domain.search import fold, parse
from tests.bench import ledger
from tests.bench.common import scratch

SEGMENTS = int(os.environ.get("DAYLIGHT_BENCH_SEGMENTS", "1000000"))
ITEMS, ROUNDS = 20_000, 200


def main() -> None:
    ledger.configure()
    with scratch() as work:
        ledger.vault(work)
        words = vocabulary()
        began = time.perf_counter()
        who, said = fill(SEGMENTS, words)
        print(f"{SEGMENTS:,} segments made in {time.perf_counter() - began:.0f} s", flush=True)
        ask(who, words, said)


def vocabulary() -> list[str]:
    source = random.Random(5)
    russian = "камер коридор охран побо этаж двер суд наручник санитар врач сотрудник ночь заключенн".split()
    english = (
        "guard door corridor camera beating nurse night stairs officer cell transfer window".split()
    )
    ends = ["а", "ы", "ой", "ами", "е", "у"], ["", "s", "ed", "ing"]
    heads = "стрк бмнл цшщх ptkb dgls".replace(" ", "")
    plain = [one + source.choice(ends[0]) for one in russian for _ in range(3)]
    plain += [one + source.choice(ends[1]) for one in english for _ in range(3)]
    made = {
        "".join(
            source.choice(heads) + source.choice("аоиуaeiou") for _ in range(source.randint(2, 5))
        )
        for _ in range(60_000)
    }
    return plain + sorted(made) + [f"{n:04d}" for n in range(2000)]


def fill(count: int, words: list[str]) -> tuple[Principal, list[list[str]]]:
    """Who asks, and the words of some of the segments."""
    from daylight.catalogue.models import Collection, Holding, Item, Segment
    from daylight.catalogue.stems import stems
    from daylight.services.bulk import insert

    now = datetime.now(tz=UTC)
    homes = [Collection.objects.create(name=name, created=now) for name in ("one", "two")]
    insert(
        Item,
        ("id", "public_id", "sha256", "size"),
        [(n, f"{n:032x}", n.to_bytes(32, "big"), 1) for n in range(1, ITEMS + 1)],
    )
    insert(
        Holding, ("item_id", "collection_id"), [(n, homes[n % 2].pk) for n in range(1, ITEMS + 1)]
    )
    source = random.Random(7)
    weights, said = [1 / (n + 1) for n in range(len(words))], []
    for begin in range(0, count, 5000):
        drawn = iter(source.choices(words, weights, k=5000 * 14))
        texts = [" ".join(next(drawn) for _ in range(14)) for _ in range(min(5000, count - begin))]
        said += [text.split() for text in texts[:20]]
        rows = [
            ("mark", f"{begin + n:032x}", None, fold(text), stems(text), source.randint(1, ITEMS))
            for n, text in enumerate(texts)
        ]
        with transaction.atomic():
            insert(Segment, ("kind", "ref", "start_us", "folded", "stems", "item_id"), rows)
    who = rights_of(frozenset({Role.ANALYST}))
    return Principal("a" * 32, who, frozenset({homes[0].public_id})), said


def ask(who: Principal, words: list[str], said: list[list[str]]) -> None:
    from daylight.catalogue.queries.search import Wanted, find

    source = random.Random(9)
    rare = words[30_000:60_000]
    pairs = [two for one in said for two in pairwise(one) if not set(two) & set(words[:20])]
    kinds = {
        "a rare word": lambda: source.choice(rare),
        "two words": lambda: " ".join(source.choice(pairs)),
        "a phrase": lambda: '"{} {}"'.format(*source.choice(pairs)),
        "a common word": lambda: source.choice(words[:20]),
        "a two-letter prefix": lambda: source.choice(words[:2000])[:2] + "*",
        "a common word and a rare one": lambda: (
            f"{source.choice(words[:20])} {source.choice(rare)}"
        ),
    }
    for name, make in kinds.items():
        times, counts = [], []
        for _ in range(ROUNDS):
            query = parse(make())
            began = time.perf_counter()
            counts.append(find(who, Wanted(query)).count)
            times.append((time.perf_counter() - began) * 1000)
        times.sort()
        p95 = times[int(len(times) * 0.95)]
        print(
            f"{name:30} median {statistics.median(times):6.1f} ms  p95 {p95:6.1f} ms  found {statistics.median(counts):,.0f}"
        )
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM catalogue_segment WHERE folded LIKE %s", [f"%{rare[5]}%"]
        )
    print(f"LIKE over the same rows        {(time.perf_counter() - began) * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
