"""What is covered in a recording before others see it, as a versioned plan of frozen values.

A plan is about one item, by its SHA-256. Times are microseconds from media zero of the original; places are
ten-thousandths of the upright picture. Masks only ever add up: nothing in a plan uncovers what another part of
it covers. Fill is solid, since blur and mosaic can be undone (McPherson 2016, Revelio: 57 to 96 %).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from daylight.domain.digest import Digest
from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import PlanRefused

MAX_REGIONS: Final = 2_000
MAX_KEYS: Final = 500_000  # of all regions together
MAX_LISTED: Final = 2_000  # spans, labels, demands: of each kind
MAX_CORNERS: Final = 64
HEAVY: Final = (
    3  # from this severity on, whole bodies are covered unless somebody decides otherwise
)
_FOLLOWED: Final = frozenset({Basis.FOLLOWED, Basis.LOST})
_BODY_NOTE: Final = "sexual-violence"
_BODY: Final = (3.0, 1.5, 3.0, 8.0)  # left, up, right, down: in heads, from the middle of the head


class Shape(StrEnum):
    BOX = "box"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"


class State(StrEnum):
    """What becomes of a region. Everything but ``VISIBLE`` and ``REJECTED`` is covered."""

    COVERED = "covered"
    VISIBLE = "visible"
    REJECTED = "rejected"  # it is no face, no person, no text


class Choice(StrEnum):
    """What becomes of a burnt-in clock or label."""

    KEEP = "keep"
    COVER = "cover"
    REPLACE = "replace"  # by a neutral text


class Sounding(StrEnum):
    KEEP = "keep"
    SILENCE = "silence"
    TONE = "tone"


class Codec(StrEnum):
    H264 = "h264"
    VP9 = "vp9"
    AV1 = "av1"


@dataclass(frozen=True, slots=True)
class Word:
    """Who decided, and why; both empty where nobody has."""

    by: str = ""
    why: str = ""

    @property
    def given(self) -> bool:
        return bool(self.by)


@dataclass(frozen=True, slots=True)
class Region:
    """Something that moves. ``corners``: of a polygon, in ten-thousandths of the box of its key frames.

    ``bases``: why each key frame is where it is; of a region drawn by hand, none. ``person``: of the case, or
    "unknown 3", tied by a person and never by a program.
    """

    name: str
    sort: Sort
    keys: tuple[Key, ...]
    bases: tuple[Basis, ...] = ()
    score: float = 1.0
    shape: Shape = Shape.BOX
    corners: tuple[tuple[int, int], ...] = ()
    state: State = State.COVERED
    word: Word = Word()
    person: str = ""

    @property
    def by_hand(self) -> bool:
        return self.sort is Sort.HAND

    @property
    def decided(self) -> bool:
        """By a person: who drew it, too, but for what a program made of it since."""
        if Basis.FOLLOW in self.bases:
            return False
        return self.word.given or (self.by_hand and not _FOLLOWED & set(self.bases))


@dataclass(frozen=True, slots=True)
class Label:
    """A clock or label that stands where it stands all the time."""

    name: str
    box: Key
    choice: Choice = Choice.COVER
    text: str = ""
    word: Word = Word()


@dataclass(frozen=True, slots=True)
class WholeSpan:
    """Nothing of the picture is shown."""

    span: Span
    word: Word


@dataclass(frozen=True, slots=True)
class Demand:
    """Others require this to be covered: a danger span of the source, a withheld word. No editor takes it away.

    ``box``: of the picture; None is all of it.
    """

    span: Span
    word: Word
    picture: bool = True
    sound: bool = True
    box: Key | None = None


@dataclass(frozen=True, slots=True)
class SoundSpan:
    span: Span
    sounding: Sounding
    word: Word


@dataclass(frozen=True, slots=True)
class Growth:
    """How much further than it was found a region is covered.

    ``share``: ten-thousandths of its box on each side; ``pixels``: at least so many; times in microseconds.
    """

    share: int = 1_500
    pixels: int = 4  # small faces need them
    before_us: int = 200_000
    after_us: int = 200_000


@dataclass(frozen=True, slots=True)
class Output:
    """``crop``: left, top, width, height in ten-thousandths of the upright picture; ``width``: pixels.

    ``rate``: pictures a second, numerator and denominator; None keeps the time of every picture. ``denoise``: 0
    is none, 3 the strongest.
    """

    codec: Codec = Codec.H264
    quality: int = 23
    crop: tuple[int, int, int, int] | None = None
    width: int | None = None
    rate: tuple[int, int] | None = None
    denoise: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """``span``: None is the whole item. ``everyone``: who said that all are covered but those made visible.

    ``bodies``: faces are covered with the body below them. ``sound``: none at all leaves the sound out.
    """

    item: Digest
    span: Span | None = None
    regions: tuple[Region, ...] = ()
    labels: tuple[Label, ...] = ()
    whole: tuple[WholeSpan, ...] = ()
    demands: tuple[Demand, ...] = ()
    sound: tuple[SoundSpan, ...] = ()
    everyone: Word = Word()
    bodies: bool = False
    fill: tuple[int, int, int] = (0, 0, 0)
    growth: Growth = Growth()
    output: Output = Output()

    def undecided(self, duration_us: int, *, pictures: bool = True) -> tuple[str, ...]:
        """Names of regions and labels that nobody has decided on, then "pictures" and "sound".

        "pictures" is open while nobody has said that all who must be covered are: what no detector found is in
        no region. ``pictures``: whether the item has any. "sound": where a moment of it that goes out is open.
        What a program followed for a person, and text, somebody has to look at, whatever was said of everyone.
        """
        regions = [one for one in self.regions if not one.decided]
        alone = (Sort.HAND, Sort.TEXT)
        open_still = [one.name for one in regions if one.sort in alone or not self.everyone.given]
        labels = [one.name for one in self.labels if not one.word.given]
        shown = pictures and not self.everyone.given
        sound = self.sound and not self.sound_decided(duration_us)
        return (*open_still, *labels, *["pictures"] * shown, *["sound"] * bool(sound))

    def sound_decided(self, duration_us: int) -> bool:
        """Whether each moment of the sound that goes out was decided by somebody."""
        whole = self.span or Span(0, duration_us)
        at = whole.start_us
        for one in sorted(self.sound, key=lambda one: one.span.start_us):
            if one.span.start_us > at or not one.word.given:
                return False
            at = max(at, one.span.end_us)
        return bool(self.sound) and at >= whole.end_us

    @property
    def covered(self) -> tuple[Region, ...]:
        return tuple(one for one in self.regions if one.state is State.COVERED)


def drafted(
    item: Digest, tracks: tuple[Track, ...], *, severity: int | None, notes: tuple[str, ...]
) -> Plan:
    """A plan that covers everything that was found, and that nobody has decided on."""
    regions = tuple(Region(one.name, one.sort, one.keys, one.bases, one.score) for one in tracks)
    return Plan(item, regions=regions, bodies=needs_bodies(severity, notes))


def needs_bodies(severity: int | None, notes: tuple[str, ...]) -> bool:
    """Bodies, tattoos and clothes identify too."""
    return (severity is not None and severity >= HEAVY) or _BODY_NOTE in notes


def body_of(face: Region, aspect: float) -> Region:
    """The region of the person under a face, sitting, standing or lying. ``aspect``: width by height."""
    keys = tuple(_body(key, aspect) for key in face.keys)
    return replace(face, sort=Sort.PERSON, keys=keys, shape=Shape.BOX, corners=())


def _body(key: Key, aspect: float) -> Key:
    tall = float(key.height)
    wide = tall / aspect  # a head's height across, in ten-thousandths of the width
    middle, centre = key.left + key.width / 2, key.top + key.height / 2
    left = max(0, round(middle - _BODY[0] * wide))
    top = max(0, round(centre - _BODY[1] * tall))
    right = min(WHOLE, round(middle + _BODY[2] * wide))
    bottom = min(WHOLE, round(centre + _BODY[3] * tall))
    return Key(key.at_us, left, top, max(1, right - left), max(1, bottom - top))


def check_follows(before: Plan, after: Plan) -> None:
    """Whether ``after`` may be the next version. ``PlanRefused`` where a demand of others is gone."""
    if before.item != after.item:
        raise PlanRefused("the plan belongs to another item")
    gone = [one for one in before.demands if one not in after.demands]
    if gone:
        raise PlanRefused(f"a span that {gone[0].word.by} requires to be covered is gone from it")


def gaps_closed(plan: Plan) -> int:
    """Key frames of covered regions that no detection stands behind."""
    return sum(basis is Basis.CLOSED for one in plan.covered for basis in one.bases)


def states(plan: Plan) -> Mapping[State, int]:
    return {state: sum(one.state is state for one in plan.regions) for state in State}
