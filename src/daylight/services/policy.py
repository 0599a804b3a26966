"""Setting what this vault asks of whoever signs in."""

from dataclasses import asdict

from django.db import transaction

from daylight.catalogue.models import AccessPolicy
from daylight.domain.access import Policy
from daylight.domain.principal import Principal, Right
from daylight.services.record import record
from daylight.services.workspace import Workspace


def set_policy(ws: Workspace, principal: Principal, wanted: Policy) -> None:
    """From the next request on. An entry says what it is from now on."""
    principal.require(Right.MANAGE_USERS)
    values = {
        name: value if isinstance(value, int) else str(value)
        for name, value in asdict(wanted).items()
    }
    with transaction.atomic():
        AccessPolicy.objects.all().delete()
        AccessPolicy.objects.create(**values)
        record(ws, principal.agent, "policy-set", details=values)
