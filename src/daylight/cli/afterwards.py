"""What follows when items were examined: rebuild, listen, read clocks, compare, place.

A module of its own, loaded when it is needed: it is a third of what ``examine`` would load at its start.
"""

from daylight.catalogue.queries.relations import any_known
from daylight.cli.examine import tell
from daylight.cli.output import progress, say
from daylight.cli.session import Session
from daylight.domain.principal import Principal
from daylight.errors import ModelMissing
from daylight.services import faces
from daylight.services.burnt_clocks import read_clocks
from daylight.services.examine import ExamineReport, examine
from daylight.services.known_later import compare_known
from daylight.services.placing import propose
from daylight.services.salvage import SalvageReport, salvage
from daylight.services.sameness import SamenessReport, compare_all
from daylight.services.speech import NAME as SPEECH
from daylight.services.speech import listen, there
from daylight.services.workspace import Workspace

PAIRS = "pairs"
RECORDINGS = "recordings"


def follow(
    session: Session, report: ExamineReport, *, only: str, quiet: bool
) -> tuple[ExamineReport, SamenessReport | None]:
    """``report`` of what was examined, with what was rebuilt; a line at the end of each step."""
    ws, principal = session.workspace, session.principal
    if not only and there():
        _listen(ws, principal, quiet=quiet)
    saved = SalvageReport(0, 0)
    if not only:
        with progress("salvage") as shown:
            saved = salvage(ws, principal, shown)
    if saved.rebuilt:
        with progress("examine what was rebuilt") as shown:
            report = report.and_then(examine(session.examining, principal, only, shown))
    with progress("read clocks", RECORDINGS) as shown:
        read_clocks(ws, principal, shown)
    same = _compare(ws, principal, quiet=quiet) if only in ("", "fingerprint") else None
    with progress("place", RECORDINGS) as shown:
        placed = None if only else propose(ws, principal, shown)
    if not quiet:
        if saved.tried:
            say(f"Rebuilt {saved.rebuilt} of {saved.tried} recordings that cannot be opened.")
        tell(report)
        if placed is not None and placed.changed:
            say(f"{placed.placed} recordings seem to be of {placed.cameras} cameras.")
    return report, same


def with_a_model(ws: Workspace, principal: Principal, only: str, *, quiet: bool) -> None:
    """Look at everything with the model that is named, and do nothing else."""
    if not (there() if only == SPEECH else faces.there()):
        raise ModelMissing(f"the model {only!r}, or what runs models, is not installed")
    if only == SPEECH:
        _listen(ws, principal, quiet=quiet)
        return
    with progress("faces") as shown:
        looked = faces.look(ws, principal, shown)
    if not quiet:
        say(f"Looked for faces in {looked.items} items with a model, {looked.failed} failed.")


def _listen(ws: Workspace, principal: Principal, *, quiet: bool) -> None:
    with progress("listen") as shown:
        heard = listen(ws, principal, shown)
    if heard.items and not quiet:
        say(f"Listened to {heard.items} recordings with a model, {heard.failed} failed.")


def _compare(ws: Workspace, principal: Principal, *, quiet: bool) -> SamenessReport:
    with progress("compare", PAIRS) as shown:
        same = compare_all(ws, principal, shown)
    if any_known():
        _compare_known(ws, principal, quiet=quiet)
    if not quiet and same.relations:
        found = f"{same.relations} relations between {same.recordings} recordings"
        say(f"{found}: `daylight duplicates`.")
    return same


def _compare_known(ws: Workspace, principal: Principal, *, quiet: bool) -> None:
    with progress("known", PAIRS) as shown:
        later = compare_known(ws, principal, shown)
    if not quiet and later.contested:
        say(f"{later.contested} items are in films that are known outside: `daylight duplicates`.")
    if not quiet and later.away:
        say(
            f"{later.away} of {later.films} known films are not where they were: copies that were"
            " encoded again are not told from them."
        )
