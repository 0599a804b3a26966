"""The line between browser and server. Over a thin one pictures come smaller and of fewer bytes."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from daylight.web.asked import Asked

_KEY: Final = "thin"
_ONION: Final = ".onion"


def is_thin(request: Asked) -> bool:
    """What was chosen in this session; without a choice it is thin where they come through Tor."""
    chosen = request.session.get(_KEY)
    if chosen is not None:
        return bool(chosen)
    return request.get_host().partition(":")[0].endswith(_ONION)


@require_POST
def choose(request: Asked) -> HttpResponse:
    """For this session: the next line may be another."""
    request.session[_KEY] = request.POST.get("line") == "thin"
    return redirect("account")
