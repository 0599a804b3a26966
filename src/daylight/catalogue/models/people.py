"""Who works here: users, their roles, the collections they may see."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from daylight.catalogue.models.ids import new_agent, new_public_id
from daylight.domain.principal import Role


class UserManager(BaseUserManager["User"]):
    pass


class User(AbstractBaseUser):
    """A person with a login. ``agent`` stands for them in the ledger; names stay in this row."""

    username = models.CharField(max_length=150, unique=True)
    agent = models.CharField(max_length=32, unique=True, default=new_agent, editable=False)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=8, blank=True, default="")
    created = models.DateTimeField()

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class RoleGrant(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "role"], name="one_grant_a_role"),)


class Collection(models.Model):
    """What is seen together: the unit of need-to-know."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id)
    name = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField()


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="members")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "collection"], name="one_membership"),
        )


class LoginLink(models.Model):
    """A one-time link; only the hash of its token is kept. ``invites``: to choose a password first."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    expires = models.DateTimeField()
    invites = models.BooleanField(default=False)


class Vault(models.Model):
    """One row: what the catalogue knows of the vault it belongs to."""

    vault_id = models.CharField(max_length=32, unique=True)
    custodian = models.CharField(max_length=32, default=new_agent)  # the shell's agent id
    # Ed25519, 32 bytes: who signs the ledger's heads now
    key = models.BinaryField(max_length=32, default=b"")
    software = models.CharField(max_length=32, default=new_agent)  # the agent id of detectors
    created = models.DateTimeField()
