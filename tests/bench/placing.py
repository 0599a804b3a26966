"""Which camera each recording is put to, against the truth of a synthetic archive.

Scored with what there is (pictures, structure, paths), then without paths, with labels as if every one
was read, and with nothing but pictures and structure. A camera of the truth is the group that most of its
recordings are in, each group once. ``DAYLIGHT_BENCH_ARCHIVE`` names an archive with its truth beside it.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from daylight import bootstrap
from daylight.analyses.placing import place
from daylight.domain.placing import Clues, Placing
from daylight.storage.layout import read
from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.recognise import archive

if "daylight.catalogue.models" not in sys.modules:
    bootstrap.configure()

# Models need a settled Django.
from daylight.catalogue.models import LeakedPath  # noqa: E402
from daylight.services import placing  # noqa: E402


@dataclass(frozen=True, slots=True)
class Truth:
    """Item to its camera and label, as the generator wrote them."""

    cameras: dict[int, str]
    labels: dict[int, str]


def truth_of(source: Path) -> Truth:
    told = json.loads(Path(f"{source}.truth.json").read_text())
    named = {one["id"]: one["label"] for one in told["cameras"]}
    cameras: dict[int, str] = {}
    for key, path in LeakedPath.objects.values_list("occurrence__item_id", "path"):
        camera = told["files"].get(os.fsdecode(bytes(path)), {}).get("camera")
        if camera is not None:
            cameras[key] = camera
    return Truth(cameras, {key: named[one] for key, one in cameras.items()})


def right(made: Placing, items: Sequence[int], truth: Truth) -> int:
    """How many of ``items`` are in the group of their camera."""
    group_of = {one.item: one.group for one in made.placed}
    often = Counter((group, truth.cameras[item]) for item, group in group_of.items())
    camera_of: dict[int, str] = {}
    for (group, camera), _ in often.most_common():
        if group not in camera_of and camera not in camera_of.values():
            camera_of[group] = camera
    return sum(camera_of.get(group_of.get(one, -1)) == truth.cameras[one] for one in items)


def score(name: str, clues: Sequence[Clues], truth: Truth) -> None:
    known = [one for one in clues if one.key in truth.cameras]
    began = time.process_time()
    made = place(known)
    took = time.process_time() - began
    shown = [one.key for one in known if one.background is not None]
    every = [one.key for one in known]
    print(
        f"placing, {name}: {right(made, shown, truth)}/{len(shown)} of what shows a picture, "
        f"{right(made, every, truth)}/{len(every)} of all, {len(made.groups)} groups for "
        f"{len(set(truth.cameras.values()))} cameras, {took * 1000 / max(1, len(known)):.1f} ms each",
        flush=True,
    )


def main() -> None:
    with scratch() as work:
        source = archive(work, 1.0)
        made = work / "placing"
        shell(DAYLIGHT, "init", made, "--plain-disk", "--no-passphrase")
        shell(DAYLIGHT, "--vault", made, "import", source, "--no-ask", "--no-examine")
        for only in ("probe", "background"):
            shell(DAYLIGHT, "--vault", made, "examine", "--only", only)
        ws = bootstrap.settle(read(made))
        clues, truth = placing.gather(ws, {}), truth_of(source)
        bare = [replace(one, untrusted_paths=()) for one in clues]
        score("pictures, structure and paths", clues, truth)
        score("with every label read as well", [labelled(one, truth) for one in clues], truth)
        score("without paths, every label read", [labelled(one, truth) for one in bare], truth)
        score("pictures and structure alone", bare, truth)


def labelled(one: Clues, truth: Truth) -> Clues:
    """As a reader without a fault would tell it, where there is a picture to read from."""
    if one.background is None or one.key not in truth.labels:
        return one
    label = truth.labels[one.key]
    return replace(one, label=label, label_key=label)


if __name__ == "__main__":
    main()
