import re
from pathlib import Path

import pytest

from daylight.errors import LimitExceeded
from daylight.routes import registry
from daylight.routes.base import Limits, Reason
from daylight.routes.budget import Budget
from daylight.routes.registry import for_path, may_be_archive
from tests.routes.makers import COMPRESSORS, stored, tar_of, zip_of

DOCS = Path(__file__).resolve().parents[2] / "docs/routes.md"


@pytest.mark.parametrize("how", COMPRESSORS)
def test_what_is_an_archive_may_be_one_by_its_head(tmp_path, how):
    for data in (tar_of({b"a": b"1"}, how), zip_of({b"a": b"1"}), b"#!/bin/sh\n" + zip_of({})):
        assert may_be_archive(data[:512])
        with stored(tmp_path, data) as route:
            assert route is not None


@pytest.mark.parametrize("head", [b"", b"RIFF....AVI ", b"\0\0\0\x18ftypmp42", bytes(512), b"P"])
def test_media_is_not_looked_into(head):
    assert not may_be_archive(head)


def test_a_folder_a_file_and_an_archive_have_their_routes(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    names = [for_path(tmp_path).name, for_path(tmp_path / "f").name]
    for data in (zip_of({b"a": b""}), tar_of({b"a": b""})):
        with stored(tmp_path, data) as route:
            names.append(route.name)
    assert names == ["folder", "file", "zip", "tar"]


def test_nesting_counts_the_outermost_archive(tmp_path):
    limits = Limits(max_nesting=1)
    with stored(tmp_path, zip_of({b"a": b""}), limits) as route:
        assert route is not None
        with (
            pytest.raises(LimitExceeded, match="--max-nesting"),
            stored(tmp_path, tar_of({b"a": b""}), outer=route.budget),
        ):
            pass
        with stored(tmp_path, b"no archive at all", outer=route.budget) as plain:
            assert plain is None


def test_an_inner_budget_charges_the_outer():
    outer = Budget(Limits(max_members=3, max_total=10), taken=1)
    first, second = Budget(outer.limits, 1, outer), Budget(outer.limits, 1, outer)
    first.charge(6)
    with pytest.raises(LimitExceeded, match="--max-total"):
        second.charge(6)
    first.member(2)
    with pytest.raises(LimitExceeded, match="--max-members"):
        second.member(2)


def test_every_route_and_every_reason_is_documented():
    text = DOCS.read_text()
    headings = set(re.findall(r"^## `([a-z]+)`", text, re.MULTILINE))
    assert headings == {"bag", "folder", "file", "zip", "tar"}
    assert set(re.findall(r"^\| `([a-z][a-z-]+)` \|", text, re.MULTILINE)) == set(Reason)
    assert len(registry.PLACES) + len(registry.ARCHIVES) == 4  # then add the heading above
