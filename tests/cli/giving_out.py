"""An export as two people do it at the command line."""

import re

from tests.cli.test_verbs import daylight

PEOPLE = {"ada": "archivist", "boris": "counsel"}


def give_out(vault, folder, kind, *words, **options):
    """Both steps, as far as they come; the last one that ran."""
    files = {name: folder / f"{name}.phrase" for name in PEOPLE}
    for name, role in PEOPLE.items():
        files[name].write_text(f"the phrase of {name}\n")
        assert daylight("--vault", vault, "user", "add", name, "--role", role).returncode == 0
        key = ("user", "key", name, "--key-passphrase-file", files[name])
        assert daylight("--vault", vault, *key).returncode == 0
    command = ("--vault", vault, "export", kind, *words)

    def step(name, *more):
        signs = ("--as", name, "--key-passphrase-file", files[name])
        return daylight(*command, *signs, *more, **options)

    first = step("ada", "--reason", "the court asked for it")
    if first.returncode:
        return first
    (request,) = re.findall(r"--request (\S+)", first.stdout)
    again = step("ada", "--request", request)
    assert again.returncode != 0, "one person signed twice"
    return step("boris", "--request", request)
