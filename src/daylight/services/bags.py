"""What an import found wrong with a bag, as an entry in the ledger."""

from collections.abc import Sequence

from django.db import transaction

from daylight.catalogue.models import Accession
from daylight.domain.principal import Principal
from daylight.ledger.leaf import Value
from daylight.routes.bagformat import BagFault
from daylight.services.accession import OpenAccession
from daylight.services.record import record
from daylight.services.workspace import Workspace


def bag_checked(
    ws: Workspace,
    principal: Principal,
    accession: OpenAccession,
    version: str,
    faults: Sequence[BagFault],
) -> None:
    """Record the verdict, by count: whose names are at fault can be seen again from the tag files,
    which are kept as items. An accession that is finished and gone over again gains no entry.
    """
    errors = sum(fault.level == "error" for fault in faults)
    details: dict[str, Value] = {
        "accession": accession.public_id,
        "version": version,
        "errors": errors,
        "warnings": len(faults) - errors,
    }
    with transaction.atomic():
        if Accession.objects.get(pk=accession.key).finished is None:
            record(ws, principal.agent, "bag-checked", details=details)
