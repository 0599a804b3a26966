"""Time-stamp authorities and the seals they gave, or are still to give."""

from django.db import models


class Authority(models.Model):
    """``certificate``: PEM, the root and what leads to it. One that is removed stays with its seals.

    ``entry``: the ledger entry that says which certificate was trusted.
    """

    name = models.CharField(max_length=32, unique=True)
    url = models.CharField(max_length=500)
    certificate = models.TextField()
    policy = models.CharField(max_length=200, blank=True, default="")
    added = models.DateTimeField()
    removed = models.DateTimeField(null=True)
    entry = models.BigIntegerField()


class Seal(models.Model):
    """Wanted until ``token`` is there: the authority's whole answer over the head of ``size``.

    ``last_error`` is a stable name. ``entry``: the ledger entry that says it was made.
    """

    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="seals")
    size = models.BigIntegerField()
    wanted = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    last_error = models.CharField(max_length=64, blank=True, default="")
    next_try = models.DateTimeField()
    token = models.BinaryField(null=True)
    gen_time = models.DateTimeField(null=True)
    entry = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["authority", "size"], name="one_seal_a_head"),
        )
