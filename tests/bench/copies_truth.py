"""What is the same in a synthetic archive, worked out from its truth file; and how an answer scores.

A file is a list of pieces of recordings. Two files share what their pieces share.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

Truth = dict[str, dict]
RAW_RATE = 25  # at which a raw stream is read that was encoded again
SHORTEST = 0.3  # seconds that two files must share
OFFSET = 0.5  # seconds that an answer may be off


@dataclass(frozen=True)
class Piece:
    """From ``start`` on for ``length``, ``recording`` from ``at`` on, ``pace`` times as fast; seconds."""

    recording: str
    at: float
    start: float
    length: float
    pace: float = 1.0


@dataclass(frozen=True)
class Shared:
    """Seconds of x and of y, and for how long in y."""

    kind: str
    x_start: float
    y_start: float
    length: float


def pieces(truth: Truth, durations: dict[str, float]) -> dict[str, list[Piece]]:
    """``durations``: seconds by path, of those that can be read at all."""
    by_name = {one["recording"]: one for one in truth.values() if one["kind"] == "recording"}
    made: dict[str, list[Piece]] = {}
    for path, one in truth.items():
        if path not in durations:
            continue
        if one["kind"] == "recording":
            made[path] = [Piece(one["recording"], 0, 0, one["duration"])]
        elif one["kind"] == "copy":
            made[path] = [_copy(truth[one["original"]], one, durations[path])]
        elif one["kind"] == "damaged":
            of = truth[one["of"]]
            made[path] = [Piece(of["recording"], 0, 0, min(of["duration"], durations[path]))]
        elif one["kind"] == "export":
            made[path] = [
                Piece(part["recording"], 0, part["at"], by_name[part["recording"]]["duration"])
                for part in one["segments"]
            ]
    return made


def _copy(original: dict, one: dict, duration: float) -> Piece:
    start = one.get("trim_start", 0)
    end = min(one.get("trim_end", original["duration"]), original["duration"])
    if one["copy"] == "trimmed":  # cut at a key frame, which may come later than it says
        start = max(start, end - duration)
    again = one["copy"] in ("re-encoded", "re-scaled", "letterboxed")
    pace = RAW_RATE / original["fps"] if again and original["container"] == "h264" else 1.0
    return Piece(original["recording"], start, 0, (end - start) / pace, pace)


def pairs(truth: Truth, durations: dict[str, float]) -> dict[tuple[str, str], list[Shared]]:
    """By two paths, in order, what they share."""
    made = pieces(truth, durations)
    found: defaultdict[tuple[str, str], list[Shared]] = defaultdict(list)
    for x, y in combinations(sorted(made), 2):
        for one in made[x]:
            for other in made[y]:
                shared = _shared(one, other, kind_of(truth[x], truth[y]))
                if shared is not None:
                    found[x, y].append(shared)
    return dict(found)


def _shared(one: Piece, other: Piece, kind: str) -> Shared | None:
    if one.recording != other.recording:
        return None
    low = max(one.at, other.at)
    high = min(one.at + one.length * one.pace, other.at + other.length * other.pace)
    if high - low < SHORTEST:
        return None
    return Shared(
        kind,
        one.start + (low - one.at) / one.pace,
        other.start + (low - other.at) / other.pace,
        (high - low) / other.pace,
    )


def kind_of(*both: dict) -> str:
    """The one transform that matters most for how hard a pair is to find."""
    said = {one.get("copy", one["kind"]) for one in both}
    order = ("letterboxed", "re-scaled", "re-encoded", "damaged", "trimmed", "export", "remuxed")
    return next((kind for kind in order if kind in said), "identical")


@dataclass(frozen=True)
class Score:
    """``missed`` and ``invented``: pairs. ``off``: the errors of all offsets found, seconds."""

    by_kind: dict[str, tuple[int, int]]  # found, there
    stretches: tuple[int, int]
    missed: list[tuple[str, str]]
    invented: list[tuple[str, str]]
    off: list[float]

    @property
    def recall(self) -> float:
        there = sum(count for _, count in self.by_kind.values())
        return sum(found for found, _ in self.by_kind.values()) / max(1, there)

    @property
    def precision(self) -> float:
        found = sum(count for count, _ in self.by_kind.values())
        return found / max(1, found + len(self.invented))

    def lines(self) -> list[str]:
        kinds = ", ".join(f"{kind} {a}/{b}" for kind, (a, b) in sorted(self.by_kind.items()))
        return [
            f"precision {self.precision:.4f}, recall {self.recall:.4f} over {kinds}",
            (
                f"stretches {self.stretches[0]}/{self.stretches[1]}, {sum(one > OFFSET for one in self.off)} of "
                f"them off by more than {OFFSET} s, the worst by {max(self.off, default=0):.2f}"
            ),
        ]


def score(truth: Truth, listed: list[dict], answer: dict) -> Score:
    """``listed``: ``items --json``; ``answer``: ``duplicates --json``. Items are scored, not paths."""
    path_of, durations = {}, {}
    for one in listed:
        paths = [met["path"] for met in one["occurrences"] if met["path"] in truth]
        if one["kind"] == "video" and one["state"] != "unreadable" and paths:
            path_of[one["item"]] = min(paths)
            durations[min(paths)] = one["duration"]
    wanted = pairs(truth, durations)
    said: defaultdict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for pair in answer["pairs"]:
        x, y = path_of.get(pair["item_a"]), path_of.get(pair["item_b"])
        if x is None or y is None or x == y:
            continue
        starts = (pair["a_start"], pair["b_start"])
        x, y, starts = (x, y, starts) if x < y else (y, x, starts[::-1])
        said[x, y].append((*starts, pair["length"]))
    return _scored(wanted, said)


def _scored(wanted, said) -> Score:
    there, found = Counter(), Counter()
    met, off = [0, 0], []
    for pair, shares in wanted.items():
        there[shares[0].kind] += 1
        found[shares[0].kind] += pair in said
        for share in shares:
            met[1] += 1
            errors = [_error(share, one) for one in said.get(pair, ())]
            best = min(errors, default=99.0)
            met[0] += best <= OFFSET
            off += [best] if best < 99 else []
    return Score(
        {kind: (found[kind], count) for kind, count in there.items()},
        (met[0], met[1]),
        [pair for pair in wanted if pair not in said],
        [pair for pair in said if pair not in wanted],
        off,
    )


def _error(share: Shared, one: tuple[float, float, float]) -> float:
    """Of the offset between the two; what begins later in both is still the same place."""
    x, y, length = one
    if x > share.x_start + share.length * 3 or share.y_start > y + length:
        return 99.0
    whole = max(abs(x - share.x_start), abs(y - share.y_start))
    return min(whole, abs((x - y) - (share.x_start - share.y_start)))


def read_truth(archive: Path) -> Truth:
    files: Truth = json.loads(Path(f"{archive}.truth.json").read_text())["files"]
    return files
