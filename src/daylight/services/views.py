"""Every view of footage, written down in batches, sealed to whoever looked and to the audit key.

What is noted waits in memory for some seconds, so that watching does not wait for it. A kill -9 loses
that much. Where it cannot be written, nothing more is shown.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import DatabaseError, connections, transaction

from daylight.catalogue.models import OwnKey, Standing
from daylight.crypto.boxes import seal
from daylight.domain.exposure import Severe, weighed
from daylight.domain.views import View, day_of, encode, joined
from daylight.errors import DaylightError, ViewsUnwritten
from daylight.services import own, standing, totals, view_days
from daylight.services.view_setup import setup_of
from daylight.services.workspace import Workspace
from daylight.storage import view_log

EVERY: Final = 10.0  # seconds between two batches
QUIET: Final = 900.0  # seconds without a view after which what there is gets its digest
AT_MOST: Final = 3600.0  # seconds until it gets one however long somebody watches
MOST: Final = 100_000  # views that wait
LONGEST_SESSION: Final = timedelta(hours=12)
HALF_SESSION: Final = timedelta(minutes=5)


class _Opened(NamedTuple):
    """Whose key it is, its secret half, since when it is open."""

    agent: str
    secret: str
    at: datetime


class ViewLog:
    """What a server holds to write views down; ``start`` it once it serves, ``close`` it at the end."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._noted: list[View] = []
        self._uncounted: list[View] = []
        self._open: dict[str, _Opened] = {}  # by session
        self._half: dict[str, _Opened] = {}  # passwords, while their persons owe a code
        self._failed: str = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last = self._committed = ws.clock()
        self._waiting = False  # for a digest

    def note(self, view: View) -> None:
        """Somebody is sent something. ``ViewsUnwritten`` where that cannot be written down."""
        with self._lock:
            if self._failed or len(self._noted) >= MOST:
                raise ViewsUnwritten("who watches what cannot be written down now")
            self._noted.append(view)

    def opened(self, session: str, agent: str, secret: str) -> None:
        """A person's key is open in this session, for as long as one can last."""
        now = self._ws.clock()
        with self._lock:
            over = [one for one, kept in self._open.items() if now - kept.at > LONGEST_SESSION]
            for one in over:
                del self._open[one]
            self._open[session] = _Opened(agent, secret, now)

    def owes_code(self, session: str, agent: str, password: str) -> None:
        """Who has shown a password and not yet a code: nothing of theirs is opened before that."""
        with self._lock:
            self._half[session] = _Opened(agent, password, self._ws.clock())

    def showed_code(self, session: str | None, agent: str) -> str | None:
        """The password that was shown before in this session by the same person; it is forgotten here."""
        with self._lock:
            found = self._half.pop(session or "", None)
        if found is None or found.agent != agent or self._ws.clock() - found.at > HALF_SESSION:
            return None
        return found.secret

    def secret(self, session: str | None, agent: str) -> str | None:
        """The person's key, where it is open in this session and theirs."""
        with self._lock:
            found = self._open.get(session or "")
        return found.secret if found is not None and found.agent == agent else None

    def closed(self, session: str | None) -> None:
        with self._lock:
            self._half.pop(session or "", None)
            self._open.pop(session or "", None)

    def flush(self) -> None:
        """Write down what waits. ``ViewsUnwritten`` where the disk refuses; then it waits on."""
        self._forget_passwords()
        with self._writing:
            with self._lock:
                noted, self._noted = self._noted, []
                secrets = {one.agent: one.secret for one in self._open.values()}
            try:
                self._write(noted)
            except BaseException:
                with self._lock:
                    self._noted = noted + self._noted
                raise
            self._uncounted += [one for one in noted if not one.is_shielded]
            if self._uncounted:
                count(self._ws, self._uncounted, secrets)
                self._uncounted = []

    def _forget_passwords(self) -> None:
        """Of those who did not come back with a code: also where nobody asks for them any more."""
        now = self._ws.clock()
        with self._lock:
            for one in [key for key, kept in self._half.items() if now - kept.at > HALF_SESSION]:
                del self._half[one]

    def _write(self, noted: Sequence[View]) -> None:
        now = self._ws.clock()
        try:
            boxes = sealed(self._ws, noted)
            if not boxes:
                return
            view_log.append(self._ws.layout, day_of(now), boxes)
        except OSError as error:
            raise ViewsUnwritten("who watches what cannot be written down now") from error
        self._last, self._waiting = now, True

    def start(self) -> None:
        """Destroy what is too old, give digests to what a kill left without, and write from now on."""
        view_days.destroy_old(self._ws)
        view_days.commit(self._ws)
        self._thread = threading.Thread(target=self._run, name="views", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """What waits is written, and gets its digest."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()
        if self._waiting:
            view_days.commit(self._ws)
            self._waiting = False

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self._round()
            connections.close_all()
        connections.close_all()

    def _round(self) -> None:
        """What fails is told to whoever wants to watch, and tried again."""
        try:
            self.flush()
            self._commit(self._ws.clock())
        except (OSError, DatabaseError, DaylightError) as error:
            self._failed = type(error).__name__
        else:
            self._failed = ""

    def _commit(self, now: datetime) -> None:
        if now.date() != self._committed.date():
            view_days.destroy_old(self._ws)
        quiet = (now - self._last).total_seconds() >= QUIET
        long = (now - self._committed).total_seconds() >= AT_MOST
        if self._waiting and (quiet or long or now.date() != self._last.date()):
            view_days.commit(self._ws)
            self._waiting = False
        if not self._waiting:
            self._committed = now


def sealed(ws: Workspace, noted: Iterable[View]) -> list[bytes]:
    """One box a person: for the audit key, and for their own. Nothing where there is neither."""
    by_agent = _by_agent(noted)
    found = setup_of(ws.layout)
    audit = [] if found is None else [found.public]
    rows = OwnKey.objects.filter(user__agent__in=list(by_agent))
    own_keys = dict(rows.values_list("user__agent", "public"))
    boxes = []
    for agent, views in by_agent.items():
        keys = [*audit, *([own_keys[agent]] if agent in own_keys else [])]
        if keys:
            boxes.append(seal(encode(agent, joined(views)), keys))
    return boxes


def count(ws: Workspace, views: Iterable[View], secrets: Mapping[str, str]) -> None:
    """Minutes unshielded: for each person in their own part, and all together by the week."""
    today = day_of(ws.clock())
    for agent, mine in _by_agent(views).items():
        known = _severities({one.item for one in mine})
        watched = [
            spent for one in mine for spent in weighed(one, *known.get(one.item, (None, [])))
        ]
        with transaction.atomic():
            own.count(agent, secrets.get(agent), today, watched)
            totals.add(ws, agent, today, watched)


def _severities(items: Collection[str]) -> dict[str, tuple[int | None, list[Severe]]]:
    """How severe items (public ids) are at their worst, and where in them; those of which it was said."""
    rows = Standing.objects.filter(item__public_id__in=items).exclude(severity=None)
    worst = {
        key: (name, level)
        for key, name, level in rows.values_list("item", "item__public_id", "severity")
    }
    spans = standing.severe_spans(list(worst))
    return {name: (level, spans[key]) for key, (name, level) in worst.items()}


def _by_agent(views: Iterable[View]) -> dict[str, list[View]]:
    found = defaultdict[str, list[View]](list)
    for one in views:
        found[one.agent].append(one)
    return found
