"""What may not go, what is going, and what went: legal holds and purges."""

from django.db import models

from daylight.catalogue.models.custody import Item


class Hold(models.Model):
    """An item that may not be purged until ``lifted`` (the entry that says so).

    The database itself refuses to delete an item that a row here names; a purge deletes lifted ones.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="holds")
    reason = models.TextField()
    entry = models.BigIntegerField()
    created = models.DateTimeField()
    lifted = models.BigIntegerField(null=True)


class Purge(models.Model):
    """A purge whose rows are gone and whose bytes may not be: gone with the last of them.

    ``todo``: what must still go and be looked for, locked under the vault's storage key.
    """

    entry = models.BigIntegerField(primary_key=True)
    todo = models.JSONField()


class Purged(models.Model):
    """What may not come back. ``blind``: its name in replicas, which must let it go; tells no digest."""

    blind = models.BinaryField(max_length=32, primary_key=True)
    at = models.DateTimeField()
    entry = models.BigIntegerField()
