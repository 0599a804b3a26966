"""Acts that take two people: their keys, and what one of them has signed and the other not yet."""

from django.db import models

from daylight.catalogue.models.custody import Item
from daylight.catalogue.models.ids import new_public_id
from daylight.catalogue.models.people import User


class PersonalKey(models.Model):
    """A person's signing key: ``locked`` is the secret half under the person's own passphrase."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="keys")
    public = models.BinaryField(max_length=32, unique=True)
    locked = models.JSONField()
    created = models.DateTimeField()
    retired = models.DateTimeField(null=True)


class Request(models.Model):
    """An act that one person has signed. ``statement`` is what both sign, byte for byte.

    ``salt`` opens the statement's subject and goes with a purge; ``entry``: the act, once done.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    act = models.CharField(max_length=40)
    statement = models.BinaryField()
    salt = models.BinaryField(max_length=32, null=True)
    first = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    first_key = models.BinaryField(max_length=32)
    first_signature = models.BinaryField(max_length=64)
    expires = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)
    entry = models.BigIntegerField(null=True)


class RequestItem(models.Model):
    """What a request is about, in the order that was signed."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    position = models.IntegerField()
