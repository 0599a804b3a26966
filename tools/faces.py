"""``make run`` and ``make test``: the model that finds faces, where it can be had; nothing stops without it.

    tools/faces.py INSTALL…    INSTALL: the words that install what runs models

What is there is left alone, and then nothing goes out of the machine. Where something is missing and cannot be
fetched (no network, as on a machine for evidence), one line says so; redaction then says what it lacks.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

DAYLIGHT = Path(sys.executable).parent / "daylight"
MODEL = "faces"
LONGEST = 300  # seconds for one of the two, on a slow line
NO = "no"


def main(install: list[str]) -> None:
    if os.environ.get("RUN_FACES", "") == NO:
        return
    library, state = _there()
    if not library:
        print("Installing what runs models…", flush=True)
        _try(install, "what runs models")
    if state != "installed":
        print("Fetching the model that finds faces…", flush=True)
        _try([str(DAYLIGHT), "models", "install", MODEL], "the model that finds faces")


def _there() -> tuple[bool, str]:
    """Whether what runs models is installed, and how the model's state is called."""
    told = subprocess.run(
        [DAYLIGHT, "models", "list", "--json"], check=True, stdout=subprocess.PIPE
    )
    said = json.loads(told.stdout)
    (state,) = (one["state"] for one in said["models"] if one["name"] == MODEL)
    return said["library"], state


def _try(words: list[str], what: str) -> None:
    """The index is asked once: where nobody answers, it would ask for a minute each time the room is opened."""
    asked = {"PIP_RETRIES": "0", "PIP_TIMEOUT": "15", "UV_HTTP_TIMEOUT": "15"}
    try:
        done = subprocess.run(
            words,
            env={**asked, **os.environ},
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        _say(what, f"nothing came within {LONGEST} seconds")
        return
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        _say(what, next((one for one in lines if one.strip()), f"exit code {done.returncode}"))


def _say(what: str, why: str) -> None:
    print(
        f"Without {what}, nothing finds faces to redact (docs/models.md; FACES=no asks no more): {why[:160]}",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
