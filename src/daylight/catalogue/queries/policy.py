"""What this vault asks of whoever signs in."""

from daylight.catalogue.models import AccessPolicy
from daylight.domain.access import MarkRule, Policy, SecondFactorRule


def policy() -> Policy:
    """As it was set, else what a vault begins with."""
    row = AccessPolicy.objects.first()
    if row is None:
        return Policy()
    return Policy(
        second_factor=SecondFactorRule(row.second_factor),
        idle_minutes=row.idle_minutes,
        lifetime_hours=row.lifetime_hours,
        alert_opened=row.alert_opened,
        alert_exported=row.alert_exported,
        mark=MarkRule(row.mark),
    )
