"""What a person has for themselves alone, and what is told of all together."""

from django.db import models

from daylight.catalogue.models.people import User


class OwnKey(models.Model):
    """A person's key pair: ``public`` (age), and the secret half under their password."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    public = models.CharField(max_length=80)
    locked = models.JSONField()
    created = models.DateTimeField()


class OwnPart(models.Model):
    """A box for that key alone: exposure, budget, what is not wanted today. Always of one size."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    sealed = models.BinaryField()


class OwnPending(models.Model):
    """A box for that key: what was watched while the key was not open. Taken in at the next sign-in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    sealed = models.BinaryField()


class ViewSeal(models.Model):
    """How much of a day's log of views the ledger has a digest of."""

    day = models.DateField(primary_key=True)
    batches = models.IntegerField()
    entry = models.BigIntegerField()


class Totals(models.Model):
    """A box under the vault's key: minutes by severity of everybody together, by week."""

    sealed = models.BinaryField()


class HelpText(models.Model):
    """Where to find help: plain text that the organisation writes."""

    text = models.TextField()
    changed = models.DateTimeField()
