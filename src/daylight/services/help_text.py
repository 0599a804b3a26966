"""Where to find help: plain text, written by the organisation, read by whoever works here."""

from django.db import transaction

from daylight.catalogue.models import HelpText
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.services.workspace import Workspace

LONGEST = 20_000  # characters


def write(ws: Workspace, principal: Principal, text: str) -> None:
    """In place of what stood there. ``UsageError`` for what is too long."""
    principal.require(Right.MANAGE_USERS)
    kept = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(kept) > LONGEST:
        raise UsageError(f"the page has {LONGEST} characters at most")
    with transaction.atomic():
        HelpText.objects.all().delete()
        HelpText.objects.create(text=kept, changed=ws.clock())


def read() -> str:
    """Empty while nobody has written it."""
    return HelpText.objects.values_list("text", flat=True).first() or ""
