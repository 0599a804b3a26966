"""``python -m tests.bench.analysts``: twenty analysts at once, on loopback, while examine runs.

Each signs in by a link of their own and clicks as people do, a page every second or two: overview, wall,
facets, items, timeline, desk, search, shielded strips; some say what they saw, some play. Printed are
errors and how long pages take. DAYLIGHT_BENCH_ARCHIVE names an archive, DAYLIGHT_BENCH_ANALYSTS how many.
"""

import os
import random
import re
import statistics
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from http.cookiejar import CookieJar
from pathlib import Path

from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.recognise import archive
from tests.bench.watching import served

ANALYSTS = int(os.environ.get("DAYLIGHT_BENCH_ANALYSTS", "20"))
AT_LEAST = 45.0  # seconds of clicking, longer where examine takes longer
AT_MOST = 240.0
WORDS = ("коридор", "guard", "beat*", '"a man"', "дверь -окно")


class Analyst(threading.Thread):
    """One person's browser. ``took``: milliseconds by kind of page; ``wrong``: what failed."""

    def __init__(self, number: int, link: str, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []
        self._source = random.Random(number)
        self._ended, self._link = ended, link
        self._base = "/".join(link.split("/")[:3])
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._open = urllib.request.build_opener(jar)

    def sign_in(self) -> None:
        page = self._open.open(self._link).read().decode()
        self._post(self._link, page, {})

    def run(self) -> None:
        items: list[str] = []
        while not self._ended.is_set():
            kind, address = self._choose(items)
            page = self._ask(kind, address)
            items = re.findall(r'class="item [^"]*" href="(/items/[0-9a-f]+/)"', page) or items
            if kind == "item" and self._source.random() < 0.2:
                self._say(address, page)
            time.sleep(self._source.uniform(0.5, 2.0))

    def _choose(self, items: list[str]) -> tuple[str, str]:
        source = self._source
        if not items:
            return "wall", "/items/"
        item = source.choice(items)
        query = urllib.parse.quote(source.choice(WORDS))
        return source.choice(
            [
                ("overview", "/"),
                ("wall", "/items/?kind=video"),
                ("wall", f"/items/?hour={source.randrange(24):02}&copies=all"),
                ("item", item),
                ("item", item),
                ("item", item),
                ("timeline", "/timeline/data?columns=1200"),
                ("desk", "/desk/"),
                ("search", f"/search/?q={query}"),
                ("strip", f"{item}renditions/filmstrip-shielded"),
                ("segment", f"{item}play/shielded/0.ts"),
            ]
        )

    def _ask(self, kind: str, address: str) -> str:
        began = time.perf_counter()
        try:
            with self._open.open(self._base + address, timeout=60) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            data = b""
            if error.code != 404 or kind not in {
                "strip",
                "segment",
            }:  # not examined yet, or no film
                self.wrong.append(f"{error.code} {kind} {address}")
        self.took[kind].append((time.perf_counter() - began) * 1000)
        return data.decode(errors="replace") if kind not in {"strip", "segment"} else ""

    def _say(self, address: str, page: str) -> None:
        began = time.perf_counter()
        try:
            self._post(
                f"{self._base}{address}marks/new/",
                page,
                {"kind": "mark", "words": "a man at the door"},
            )
        except urllib.error.HTTPError as error:
            self.wrong.append(f"{error.code} mark {address}")
        self.took["mark"].append((time.perf_counter() - began) * 1000)

    def _post(self, address: str, page: str, form: dict[str, str]) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, "a page without a form"
        data = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token[1]}).encode()
        request = urllib.request.Request(address, data, {"Origin": self._base})
        self._open.open(request, timeout=60).read()


def main() -> None:
    with scratch() as work:
        vault = work / "vault"
        shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", stderr=subprocess.DEVNULL)
        shell(
            DAYLIGHT,
            "--vault",
            vault,
            "import",
            archive(work, 1.0),
            "--no-ask",
            "--no-examine",
            stderr=subprocess.DEVNULL,
        )
        for n in range(ANALYSTS):
            shell(DAYLIGHT, "--vault", vault, "user", "add", f"analyst{n}", "--role", "analyst")
        with served(vault) as link:
            work_at_once(vault, "/".join(link.split("/")[:3]))


def work_at_once(vault: Path, base: str) -> None:
    ended = threading.Event()
    people = [Analyst(n, invited(vault, n, base), ended) for n in range(ANALYSTS)]
    for one in people:
        one.sign_in()
    examining = subprocess.Popen(
        [DAYLIGHT, "--vault", vault, "examine"],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    began = time.monotonic()
    for one in people:
        one.start()
    while time.monotonic() - began < AT_LEAST or examining.poll() is None:
        if time.monotonic() - began > AT_MOST:
            break
        time.sleep(0.5)
    beside = examining.poll() is None
    ended.set()
    for one in people:
        one.join(90)
    examining.terminate()
    tell(people, time.monotonic() - began, beside=beside)


def invited(vault: Path, number: int, base: str) -> str:
    command = [DAYLIGHT, "--vault", vault, "user", "link", f"analyst{number}", "--at", base]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]


def tell(people: list[Analyst], seconds: float, *, beside: bool) -> None:
    took: dict[str, list[float]] = defaultdict(list)
    for one in people:
        for kind, times in one.took.items():
            took[kind] += times
    pages = sorted(
        one for kind, times in took.items() if kind not in {"strip", "segment"} for one in times
    )
    wrong = [one for person in people for one in person.wrong]
    print(
        f"{len(people)} analysts, {seconds:.0f} s, examine {'still ran' if beside else 'ended meanwhile'}: {len(wrong)} errors {wrong[:5]}"
    )
    for name, times in [
        ("all pages", pages),
        *sorted((kind, sorted(one)) for kind, one in took.items()),
    ]:
        print(
            f"  {name:10} {len(times):5}  median {statistics.median(times):5.0f} ms  p95 {times[int(len(times) * 0.95)]:5.0f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
