"""What a principal may see, as a filter; every query of items goes through it."""

from django.db.models import QuerySet

from daylight.catalogue.models import Accession, Item
from daylight.domain.principal import Principal, Right


def items_seen_by(principal: Principal) -> QuerySet[Item]:
    principal.require(Right.SEE_ITEMS)
    if principal.collections is None:
        return Item.objects.all()
    held = Item.objects.filter(holdings__collection__public_id__in=principal.collections)
    return held.distinct()


def accessions_seen_by(principal: Principal) -> QuerySet[Accession]:
    if principal.collections is None:
        return Accession.objects.all()
    return Accession.objects.filter(collection__public_id__in=principal.collections)
