"""What a principal may see, as a filter; every query of items goes through it."""

from django.db.models import Exists, OuterRef, QuerySet

from daylight.catalogue.models import Accession, Holding, Item
from daylight.domain.principal import Principal, Right


def items_seen_by(principal: Principal) -> QuerySet[Item]:
    principal.require(Right.SEE_ITEMS)
    if principal.collections is None:
        return Item.objects.all()
    # EXISTS, not a join: no row comes twice, so nothing must be sorted or made distinct.
    held = Holding.objects.filter(
        item=OuterRef("pk"), collection__public_id__in=principal.collections
    )
    return Item.objects.filter(Exists(held))


def accessions_seen_by(principal: Principal) -> QuerySet[Accession]:
    if principal.collections is None:
        return Accession.objects.all()
    return Accession.objects.filter(collection__public_id__in=principal.collections)
