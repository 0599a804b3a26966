"""How far a verify came that was cut short: a small file in the spool.

It is a convenience, never evidence: whoever can write to the spool can write one. So a run that
goes on says how many objects it took over, a fault is always looked at again, and ``--again`` takes
nothing over.
"""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from daylight.domain.digest import Digest, parse_digest
from daylight.storage.layout import Layout, replace_file

NAME = "verify.json"
SCHEMA = "verify-progress/1"
STALE = timedelta(days=7)
SAVE_EVERY = 5.0  # seconds
MOST_FAULTY = 10_000  # with more than that to look at again, nothing is saved any more


class Journal:
    """``after``: all small objects up to this digest are done, and all in ``large``; but not those in
    ``faulty``.
    """

    def __init__(self, layout: Layout, now: datetime, *, medium: bool) -> None:
        self._path, self._vault, self._medium = layout.spool / NAME, layout.vault_id, medium
        self._saved = time.monotonic()
        self.began = now
        self.after = b""
        self.large: set[bytes] = set()
        self.faulty: set[bytes] = set()

    def resume(self) -> None:
        """Go on where an earlier run was, if it left a journal for the same check in time."""
        for draft in self._path.parent.glob(f"{NAME}.*.new"):
            draft.unlink()  # of a run that was killed: only one verifies at a time
        said = self._read()
        if said is None:
            return
        self.began, self.after = said["began"], said["after"]
        self.large, self.faulty = said["large"], said["faulty"]

    def _read(self) -> dict[str, Any] | None:
        """None for none, and for one that is foreign, stale or garbage."""
        try:
            said = json.loads(self._path.read_bytes())
            began = datetime.fromisoformat(said["began"])
            same = (said["schema"], said["vault"], said["medium"]) == (
                SCHEMA,
                self._vault,
                self._medium,
            )
            fresh = timedelta(0) <= self.began - began < STALE
            values = {
                "began": began,
                "after": bytes.fromhex(said["after"]),
                "large": {parse_digest(one) for one in said["large"]},
                "faulty": {parse_digest(one) for one in said["faulty"]},
            }
        except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return values if same and fresh else None

    def is_done(self, digest: Digest, *, large: bool) -> bool:
        if digest in self.faulty:
            return False
        return digest in self.large if large else digest <= self.after

    def save(self, *, now: bool = False) -> None:
        """Now and then; with ``now`` in any case."""
        if len(self.faulty) > MOST_FAULTY:
            return
        if not now and time.monotonic() - self._saved < SAVE_EVERY:
            return
        self._saved = time.monotonic()
        said = {
            "schema": SCHEMA,
            "vault": self._vault,
            "medium": self._medium,
            "began": self.began.isoformat(),
            "after": self.after.hex(),
            "large": sorted(one.hex() for one in self.large),
            "faulty": sorted(one.hex() for one in self.faulty),
        }
        replace_file(self._path, json.dumps(said).encode())

    def forget(self) -> None:
        """The check came to its end: the next one starts anew."""
        self._path.unlink(missing_ok=True)
