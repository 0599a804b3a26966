"""Signs of items that are seen, out of findings that may hold anything."""

import json
from dataclasses import replace

import pytest

from daylight.catalogue.models import Camera, Finding, Item, Recording
from daylight.catalogue.queries.vault import custodian_here
from daylight.cli import signs as verb
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.services.intake import ImportRequest, import_material
from daylight.services.signs import signs, signs_of
from tests.media.films import film
from tests.services.test_examine import examined


@pytest.fixture
def taken(ws, tmp_path):
    """Four recordings of one camera, of which one came through another program; and a stray one."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.mp4").write_bytes(film("mp4", "libx264", noise=number + 3))
    (folder / "odd.mp4").write_bytes(
        film("mp4", "libx264", noise=9, options={"movflags": "frag_keyframe+empty_moov"})
    )
    (folder / "stray.mkv").write_bytes(film("matroska", "libx265"))
    import_material(ws, custodian_here(), ImportRequest(roots=(folder,)), Silent())
    examined(ws)
    return ws


def test_the_odd_one_of_a_camera_is_told(taken):
    camera = Camera.objects.create(number=99)
    for row in Finding.objects.filter(detector="structure", item__media__container="mp4"):
        Recording.objects.update_or_create(item_id=row.item_id, defaults={"camera": camera})
    told = [one for one in signs(custodian_here()) if one.remarks]
    assert len(told) == 1
    assert told[0].camera == camera.public_id
    assert "layout-differs" in {one.observation.sign for one in told[0].remarks}
    assert all(one.placed and one.among == 3 for one in told[0].remarks)


def test_encoders_that_name_themselves_are_told_without_a_remark(taken):
    Recording.objects.all().delete()
    for one in signs(custodian_here()):
        assert {seen.sign for seen in one.observations} <= {"software-named"}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"time_base": 3, "untrusted_strings": [], "observations": "many"},
        {
            "time_base": [1, 2],
            "untrusted_strings": [7, None],
            "group": "x",
            "observations": [3, {}],
        },
        {"time_base": ["a", None], "untrusted_strings": ["\x1b[31m" * 999], "layout_id": ["b"]},
        {"observations": [{"sign": "gaps", "text": "\x1b]0;owned\x07" * 999, "can": 3}] * 99},
    ],
)
def test_findings_that_lie_are_borne(taken, facts):
    Finding.objects.filter(detector="structure").update(facts=facts)
    for one in signs(custodian_here()):
        for seen in one.observations:
            assert len(seen.text) <= 1000
            assert seen.text.isprintable()
        json.dumps(verb._document(one))


def test_what_is_not_seen_is_not_compared(taken):
    assert Item.objects.count() == 5
    blind = Principal(
        agent="0" * 32, rights=custodian_here().rights, collections=frozenset({"none"})
    )
    assert signs(blind) == []


def test_one_item_is_compared_with_its_company_alone(taken):
    every = {one.public_id: one for one in signs(custodian_here())}
    assert every
    for name, one in every.items():
        assert signs_of(custodian_here(), name) == one
    assert signs_of(custodian_here(), "0" * 32) is None


def test_items_without_a_camera_are_compared_by_shape_alone(taken):
    Recording.objects.all().delete()
    every = {one.public_id: one for one in signs(custodian_here())}
    assert {name: signs_of(custodian_here(), name) for name in every} == every


def test_a_name_that_promises_a_film_is_told_to_who_may_see_names(ws, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "lost.mp4").write_bytes(b"\0\1nothing like a film" * 99)
    import_material(ws, custodian_here(), ImportRequest(roots=(folder,)), Silent())
    examined(ws)
    [told] = signs(custodian_here())
    assert [one.sign for one in told.observations] == ["name-differs"]
    rights = custodian_here().rights - {Right.SEE_LEAKED_PATHS}
    assert signs(replace(custodian_here(), rights=rights)) == []


def test_figures_stand_beside_the_sentences(taken):
    facts = {
        "gaps": {"count": 2, "spans": [[4000, 2500], [9000, 3000], "x"]},
        "ran_back": 3,
        "observations": [{"sign": "gaps", "text": "t"}, {"sign": "times-run-back", "text": "t"}],
    }
    Finding.objects.filter(detector="structure").update(facts=facts)
    values = [one.values for one in signs(custodian_here())[0].observations]
    assert values == [("2", "3.0", "9.0"), ("0", "0.0", "0.0")]
