"""Text that was found, in a plan: covered between sightings and around them, and open until a person decides."""

from daylight.domain.marks import Key
from daylight.domain.redaction import Choice, Label, Plan, Region, State, Word
from daylight.domain.redaction_json import decode, encode
from daylight.domain.redaction_texts import Texts, linked, with_texts
from daylight.domain.tracks import Basis, Sort

SECOND = 1_000_000
WORD = Word("ada", "looked")


def box(left: int, top: int = 1_000, wide: int = 1_000, tall: int = 300) -> Key:
    return Key(0, left, top, wide, tall)


def seen(*moments: list[int]):
    return [(n * SECOND, [(box(left), 0.7) for left in each]) for n, each in enumerate(moments)]


def keys(region: Region) -> list[tuple[int, int]]:
    return [(key.at_us // SECOND, key.left) for key in region.keys]


def test_what_moves_is_one_region_a_second_longer_at_both_ends():
    (one,) = linked(seen([], [], [1_000], [1_300], [1_600], []), SECOND)
    assert keys(one) == [(1, 1_000), (2, 1_000), (3, 1_300), (4, 1_600), (5, 1_600)]
    assert one.bases == (Basis.KEPT, *[Basis.SEEN] * 3, Basis.KEPT)
    assert (one.sort, one.name, one.state) == (Sort.TEXT, "text-1", State.COVERED)


def test_missed_for_a_while_it_is_the_same_and_covered_between():
    (one,) = linked(seen([1_000], [], [], [], [1_200]), SECOND)
    assert keys(one) == [(0, 1_000), (4, 1_200), (5, 1_200)]
    two = linked(seen([1_000], [], [], [], [], [], [1_200]), SECOND)
    assert len(two) == 2


def test_of_a_line_the_reader_must_have_been_sure_once():
    def line(*scores: float):
        return linked([(n * SECOND, [(box(1_000), one)]) for n, one in enumerate(scores)], SECOND)

    assert line(0.4, 0.5, 0.4) == ()
    (one,) = line(0.4, 0.7, 0.4)
    assert (one.score, len(one.keys)) == (0.7, 4)


def test_two_beside_one_another_stay_two():
    one, two = linked(seen([1_000, 4_000], [4_100, 1_100]), SECOND)
    assert [key.left for key in one.keys[:2]] == [1_000, 1_100]
    assert [key.left for key in two.keys[:2]] == [4_000, 4_100]


PLAN = Plan(b"1" * 32)


def found(*moments: list[int], labels: tuple[Key, ...] = (), read: bool = True) -> Texts:
    return Texts(labels, linked(seen(*moments), SECOND), read)


def test_it_is_proposed_covered_and_undecided_whatever_was_said_of_everyone():
    made = with_texts(PLAN, found([1_000], labels=(box(7_000),)))
    assert [one.name for one in made.regions] == ["text-1"]
    (label,) = made.labels
    assert (label.choice, label.word.given) == (Choice.COVER, False)
    said = Plan(PLAN.item, regions=made.regions, labels=made.labels, everyone=WORD)
    assert said.undecided(SECOND) == ("text-1", "label-1")
    assert decode(encode(made)) == made


def test_found_again_nothing_stands_twice_and_what_was_decided_stays():
    first = with_texts(PLAN, found([1_000, 5_000], labels=(box(7_000),)))
    one, two = first.regions
    decided = Region(
        one.name, one.sort, one.keys, one.bases, one.score, state=State.VISIBLE, word=WORD
    )
    face = Region("face-1", Sort.FACE, (box(0),))
    plan = Plan(PLAN.item, regions=(face, decided, two), labels=first.labels)
    again = with_texts(plan, found([1_000, 5_000], labels=(box(7_010),)))
    assert again.regions == (face, decided, two)
    assert again.labels == first.labels
    less = with_texts(plan, found([1_000]))
    assert less.regions == (face, decided)
    unread = with_texts(plan, Texts((), (), read=False))
    assert unread == plan


def test_what_lies_within_a_label_is_no_further_region():
    kept = Label("clock", box(900, 900, 2_000, 600), Choice.KEEP, "", WORD)
    made = with_texts(Plan(PLAN.item, labels=(kept,)), found([1_000, 5_000]))
    assert [one.keys[0].left for one in made.regions] == [5_000]
