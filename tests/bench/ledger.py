"""A large ledger: appending beside a writer as the web is one, one proof, the whole re-check.

DAYLIGHT_BENCH_ENTRIES says how many entries (1000000), DAYLIGHT_BENCH_BATCH how many at a time.
"""

import os
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.db import connections, transaction

from daylight import bootstrap
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.progress import Silent
from daylight.services.workspace import Workspace
from daylight.storage import layout
from tests.bench.common import scratch

ENTRIES = int(os.environ.get("DAYLIGHT_BENCH_ENTRIES", "1000000"))
BATCH = int(os.environ.get("DAYLIGHT_BENCH_BATCH", "400"))
CLICK_SECONDS = 0.050  # between two small transactions of the web
AGENT = "ab" * 16


def configure() -> None:
    """Unless another bench has done so."""
    if "daylight.catalogue.models" not in sys.modules:
        bootstrap.configure()


def vault(work: Path) -> Workspace:
    from daylight.services import vault as making

    made = layout.create(work / "vault", "")
    made.write_keys(to_file(new_keys(), ""))
    ws = bootstrap.settle(made)
    making.migrate()
    making.found(ws)
    layout.seal(made)
    connections.close_all()
    return ws


def web_writer(root: Path, ended: Any, told: Any) -> None:
    """Small transactions, one entry each, as a click makes them; tells how long each took."""
    configure()
    ws = bootstrap.settle(layout.read(root))
    from daylight.services.record import record

    waited = []
    told.put([])  # it has started
    while not ended.is_set():
        began = time.perf_counter()
        with transaction.atomic():
            record(ws, AGENT, "clicked", details={"mark": len(waited)})
        waited.append(time.perf_counter() - began)
        time.sleep(CLICK_SECONDS)
    told.put(waited)


def append(ws: Workspace) -> tuple[float, float]:
    """Seconds for all of them, pauses for other writers included; and of the processor alone."""
    from daylight.services.bulk import Turns
    from daylight.services.record import Act, enter, prepare

    turns = Turns()
    began, spent = time.perf_counter(), time.process_time()
    for first in range(0, ENTRIES, BATCH):
        acts = [
            Act(AGENT, "appended", {"number": n, "place": "Tbilisi"})
            for n in range(first, min(first + BATCH, ENTRIES))
        ]
        prepared = prepare(acts)
        with turns.take():
            enter(ws, prepared)
    return time.perf_counter() - began, time.process_time() - spent


def bench_append(ws: Workspace) -> None:
    context = get_context("spawn")
    ended, told = context.Event(), context.Queue()
    web = context.Process(target=web_writer, args=(ws.layout.root, ended, told))
    web.start()
    told.get()
    seconds, spent = append(ws)
    ended.set()
    waited = told.get()
    web.join()
    slow = statistics.quantiles(waited, n=20)[-1]
    print(
        f"append {ENTRIES} entries, {BATCH} at a time: {ENTRIES / seconds:.0f} a second "
        f"({ENTRIES / spent:.0f} a second of processor time; goal >= 15000); "
        f"a web writer's p95 {slow * 1000:.1f} ms, median {statistics.median(waited) * 1000:.1f} ms (goal <= 20)",
        flush=True,
    )


def bench_proof(ws: Workspace) -> None:
    from daylight.catalogue.queries.vault import custodian_here
    from daylight.services.ledger import prove

    principal, took = custodian_here(), []
    for number in range(50):
        began = time.perf_counter()
        prove(principal, number * ENTRIES // 50)
        took.append(time.perf_counter() - began)
    print(
        f"one proof in {ENTRIES} entries: median {statistics.median(took) * 1000:.1f} ms, "
        f"slowest {max(took) * 1000:.1f} ms (goal < 10)",
        flush=True,
    )


def bench_recheck(ws: Workspace) -> None:
    from daylight.catalogue.queries.vault import custodian_here
    from daylight.services.ledger import recheck

    began = time.perf_counter()
    found = recheck(ws, custodian_here(), {}, Silent())
    seconds = time.perf_counter() - began
    if found.faults:
        raise SystemExit(f"the ledger is not in order: {found.faults[0]}")
    print(f"re-check of {found.entries} entries: {seconds:.1f} s (goal < 60)", flush=True)


def main() -> None:
    configure()
    with scratch() as work:
        ws = vault(work)
        bench_append(ws)
        bench_proof(ws)
        bench_recheck(ws)
        connections.close_all()


if __name__ == "__main__":
    main()
