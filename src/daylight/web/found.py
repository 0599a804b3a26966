"""Findings in words for people: only what was found is told, with who found it; no word of the file's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from daylight.catalogue.queries.found import FindingView
from daylight.web.templatetags.shown import length


@dataclass(frozen=True, slots=True)
class Told:
    """``by``: detector and version. ``failed``: it is no finding but why there is none."""

    title: str
    value: str
    by: str
    failed: bool = False


def told(findings: Sequence[FindingView]) -> list[Told]:
    """In the order of the detectors' names; nothing of detectors that only make pictures."""
    return [one for finding in findings for one in _told(finding)]


def _told(finding: FindingView) -> Iterator[Told]:
    by = f"{finding.detector}/{finding.version}"
    if finding.read_from:
        by = _("%(by)s, in what was rebuilt of it") % {"by": by}
    if finding.failed:
        yield Told(finding.detector, _("could not look: the file stopped it"), by, failed=True)
        return
    words = _WORDS.get(finding.detector)
    if words is not None:
        for title, value in words(finding.facts):
            yield Told(title, value, by)


def _activity(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if facts.get("compared"):
        yield _("Something moves"), _seconds(facts["active_s"])
    if facts.get("longest_still_s"):
        yield _("Longest still stretch"), _seconds(facts["longest_still_s"])


def _shots(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if facts["cuts"]:
        yield _("Cuts"), str(facts["cuts"])


def _lens(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    titles = {
        "black_s": _("Black picture"),
        "covered_s": _("Picture without detail"),
        "frozen_s": _("Frozen picture"),
    }
    for name, title in titles.items():
        if facts.get(name):
            yield title, _seconds(facts[name])


def _sound(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    titles = {
        "speech": _("Somebody may speak"),
        "silence": _("Silence"),
        "clipping": _("Sound too loud to be whole"),
    }
    for name, title in titles.items():
        if facts.get(name, {}).get("seconds"):
            yield title, _seconds(facts[name]["seconds"])
    if facts.get("loud", {}).get("count"):
        yield _("Sudden loud sounds"), str(facts["loud"]["count"])


def _speech(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if facts.get("seconds"):
        yield _("Somebody may speak"), _seconds(facts["seconds"])


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]] = {
    "activity": _activity,
    "lens": _lens,
    "shots": _shots,
    "sound": _sound,
    "speech": _speech,
}


def _seconds(value: float) -> str:
    return length(int(value * 1_000_000))
