import pytest

from daylight.services.workspace import Workspace


@pytest.fixture
def room(ws: Workspace, monkeypatch):
    from daylight.web import walls
    from tests.web.rooms import Room

    monkeypatch.setattr(
        walls, "QUICK", 3600.0
    )  # on a busy machine, too, the small wall is read at once
    return Room(ws)
