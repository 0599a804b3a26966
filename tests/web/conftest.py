import pytest

from daylight.services.workspace import Workspace


@pytest.fixture
def room(ws: Workspace):
    from tests.web.rooms import Room

    return Room(ws)
