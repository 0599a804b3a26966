"""``daylight redact`` as people run it, in the real sandbox: a plan, a draft, two people."""

import json
import os
from dataclasses import replace

from daylight.analyses import text_boxes
from daylight.domain.digest import digest_of
from daylight.domain.redaction import Word
from daylight.domain.redaction_json import encode
from tests.cli.test_two_people import Desk
from tests.cli.test_verbs import vault  # noqa: F401  # a fixture
from tests.media.redacting import pictures_of, plan_for, reel, saturation
from tests.services.test_follow import asking

FILM = reel(container="mp4", sound=True)


def test_redacting_at_the_command_line(vault, tmp_path):  # noqa: F811
    desk = opened(vault, tmp_path)
    wrong_use_is_told_by_name(desk, tmp_path)
    what_a_plan_asks_for_is_followed_in_the_sandbox(desk, tmp_path)
    a_copy_is_drafted_decided_on_and_released(desk, tmp_path)
    what_was_seen_in_a_draft_is_covered(desk, tmp_path)


def what_was_seen_in_a_draft_is_covered(desk, tmp_path):
    name, made = digest_of(FILM).hex(), tmp_path / "draft.mp4.report.json"
    told = desk.run("redact", name, "--seen", made, "--write-plan", tmp_path / "none.json")
    assert (told.returncode, "not looked at again" in told.stderr) == (3, True)
    spots = [{"at": 200_000, "box": [100, 100, 900, 900], "score": 0.2, "hidden": 0.0}]
    said = json.loads(made.read_bytes())
    said["detector_again"] = {"looked": True, "seen": 3, "spots": spots}
    (tmp_path / "seen.json").write_text(json.dumps(said))
    done = desk.run(
        "redact", name, "--seen", tmp_path / "seen.json", "--write-plan", tmp_path / "s"
    )
    assert (done.returncode, "1 places" in done.stderr, "2 more" in done.stderr) == (0, True, True)
    assert "seen-1" in {one["name"] for one in json.loads((tmp_path / "s").read_bytes())["regions"]}
    wrong = desk.run("redact", name, "--release", "--reason", "x", "--seen", made, by="ada")
    assert (wrong.returncode, "save the plan first" in wrong.stderr) == (2, True)
    gone = desk.run("redact", name, "--seen", tmp_path / "nowhere", "--out", tmp_path / "no.mp4")
    assert (gone.returncode, "the report cannot be read" in gone.stderr) == (3, True)


def opened(vault, tmp_path):
    made = Desk(vault, tmp_path)
    (tmp_path / "film").mkdir()
    (tmp_path / "film/film.mp4").write_bytes(FILM)
    made.ok("import", tmp_path / "film")
    return made


def what_a_plan_asks_for_is_followed_in_the_sandbox(desk, tmp_path):
    (tmp_path / "asks.json").write_bytes(encode(asking(FILM)))
    words = ("--plan", tmp_path / "asks.json", "--texts", "--write-plan", tmp_path / "got.json")
    done = desk.run("redact", digest_of(FILM).hex(), *words)
    assert done.returncode == 0, done.stderr
    (region,) = json.loads((tmp_path / "got.json").read_bytes())["regions"][:1]
    assert "seen" in region["bases"]
    assert {"followed", "lost"} & set(region["bases"])  # two things cross in it
    assert "follow" not in region["bases"]
    assert ("was lost at" in done.stderr) is ("lost" in region["bases"])
    assert ("what reads it is not installed" in done.stderr) is not text_boxes.there()


def a_copy_is_drafted_decided_on_and_released(desk, tmp_path):
    name = digest_of(FILM).hex()
    plan = plan_for(FILM)
    (tmp_path / "plan.json").write_bytes(encode(plan))
    out = tmp_path / "copy.mp4"
    told = desk.json("redact", name, "--plan", tmp_path / "plan.json", "--out", out)
    assert (told["schema"], told["frames"], told["tracks"]) == ("redacted/1", 30, 2)
    assert (told["undecided"], told["gaps_closed"]) == (3, 0)
    assert told["seconds"] > 0
    assert told["seen_again"] is None
    assert max(saturation(one) for _, one in pictures_of(out.read_bytes())) <= 20
    asking = ("redact", name, "--release", "--reason", "for the press")
    assert "plan-undecided" in desk.run(*asking, by="ada").stderr
    desk.ok("redact", name, "--write-plan", tmp_path / "mine.json")
    mine = json.loads((tmp_path / "mine.json").read_bytes())
    mine["everyone"] = {"by": "ada", "why": Word("ada", "looked at all of it").why}
    (tmp_path / "mine.json").write_text(json.dumps(mine))
    desk.ok("redact", name, "--plan", tmp_path / "mine.json", "--out", tmp_path / "draft.mp4")
    request = desk.json(*asking, by="ada")["id"]
    releasing = ("redact", name, "--release", "--request", request, "--out")
    assert "approval-refused" in desk.run(*releasing, tmp_path / "no.mp4", by="ada").stderr
    assert "approval-refused" in desk.run("approve", request, by="boris").stderr
    assert desk.run("verify").returncode == 0
    desk.ok("redact", name, "--codec", "vp9", "--out", tmp_path / "vp9.mp4")
    assert b"vp09" in (tmp_path / "vp9.mp4").read_bytes()
    av1 = desk.run("redact", name, "--codec", "av1", "--out", tmp_path / "av1.mp4")
    assert (av1.returncode, "no AV1" in av1.stderr) == (3, True)
    assert not (tmp_path / "av1.mp4").exists()
    desk.ok("redact", name, "--write-plan", tmp_path / "kept.json")
    assert json.loads((tmp_path / "kept.json").read_bytes())["output"]["codec"] == "vp9"
    desk.ok("redact", name, "--codec", "h264", "--out", tmp_path / "h264.mp4")
    refused = desk.run(*releasing, tmp_path / "no.mp4", by="boris")
    assert (refused.returncode, "model-missing" in refused.stderr) == (5, True)
    assert not (tmp_path / "no.mp4").exists()


def test_a_release_with_the_real_model_is_looked_at_again(vault, tmp_path, real_faces):  # noqa: F811
    desk = opened(vault, tmp_path)
    name, plan = digest_of(FILM).hex(), replace(plan_for(FILM), everyone=Word("ada", "I looked"))
    (tmp_path / "plan.json").write_bytes(encode(plan))
    there = {"DAYLIGHT_MODELS": os.environ["DAYLIGHT_MODELS"]}

    def told(*words, by=""):
        done = desk.run("redact", name, *words, "--json", by=by, env=there)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    copy, plan_file = tmp_path / "copy.mp4", tmp_path / "plan.json"
    assert told("--plan", plan_file, "--out", copy)["seen_again"] == 0
    request = told("--release", "--reason", "for the press", by="ada")["id"]
    releasing = ("--release", "--request", request, "--out", tmp_path / "out.mp4")
    assert told(*releasing, by="boris")["undecided"] == 0


def wrong_use_is_told_by_name(desk, tmp_path):
    name, out = digest_of(FILM).hex(), tmp_path / "copy.mp4"
    (tmp_path / "other.json").write_bytes(encode(plan_for(b"other")))
    (tmp_path / "bad.json").write_bytes(b'{"schema":"redaction/1","fill":NaN}')
    for words, code, error in (
        ((name, "--out", out), 3, "plan-refused"),  # there is no plan yet
        ((name, "--auto", "--out", out), 5, "model-missing"),
        ((name, "--plan", tmp_path / "other.json", "--out", out), 3, "plan-refused"),
        ((name, "--plan", tmp_path / "bad.json", "--out", out), 3, "plan-refused"),
        ((name, "--plan", tmp_path / "none.json", "--out", out), 3, "source-unreadable"),
        (("f" * 64, "--auto", "--out", out), 2, "usage"),
        ((name, "--auto"), 2, "usage"),
        ((name, "--auto", "--out", tmp_path / "copy.avi"), 2, "usage"),  # before a model is missed
        ((name, "--release", "--auto", "--out", out), 2, "usage"),
        ((desk.digest("second"), "--auto", "--out", out), 3, "media-refused"),
    ):
        done = desk.run("redact", *words)
        assert (done.returncode, error in done.stderr) == (code, True), (words, done.stderr)
    assert not out.exists()
