"""What keeps people out who should be out: sittings, second factors, lock-outs, alerts."""

from django.db import models

from daylight.catalogue.models.ids import new_public_id
from daylight.catalogue.models.people import User


class Sitting(models.Model):
    """One sign-in that is still open; without its row a session is over. ``seen``: to the minute."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sittings")
    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    began = models.DateTimeField()
    seen = models.DateTimeField()
    browser = models.CharField(max_length=40, blank=True)


class SecondFactor(models.Model):
    """A secret of RFC 6238, sealed under the vault's key. ``last_step``: the newest that was used.

    ``recovery``: SHA-256 of the codes that are left, hexadecimal; each has 80 random bits.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    sealed = models.BinaryField()
    confirmed = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    recovery = models.JSONField(default=list)


class LockOut(models.Model):
    """Failures of one name or one address. ``key``: a keyed hash of it, hexadecimal."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.IntegerField()
    last = models.DateTimeField()
    until = models.DateTimeField()


class AccessPolicy(models.Model):
    """One row: what this vault asks of whoever signs in. :mod:`daylight.domain.access` has the words."""

    second_factor = models.CharField(max_length=8)
    idle_minutes = models.IntegerField()
    lifetime_hours = models.IntegerField()
    alert_opened = models.IntegerField()
    alert_exported = models.IntegerField()
    mark = models.CharField(max_length=8)


class Alert(models.Model):
    """Somebody opened or exported unusually many items within an hour: how many, never which."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    agent = models.CharField(max_length=32)
    kind = models.CharField(max_length=8)
    count = models.IntegerField()
    began = models.DateTimeField()
    last = models.DateTimeField()
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=32, blank=True)


class OnionKey(models.Model):
    """The public half of a key without which the onion address cannot be found. ``public``: base32."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="onion_key")
    public = models.CharField(max_length=52)
    created = models.DateTimeField()
