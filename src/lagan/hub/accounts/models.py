"""The rows of accounts: users, the ways they sign in, and the letters that are on their way."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone


class Users(BaseUserManager["User"]):
    """Finds users by name, as Django's sign-in asks for; users are made by `services.create_user`
    alone."""


class User(AbstractBaseUser):
    """A person or program that signs in. What it may do hangs on its USER entity.

    `email_confirmed`: whoever makes users vouched for the address, or its owner answered a letter;
    only then does it stand for the person. `must_change`: the password was made by us and sent.
    """

    id = models.BigAutoField(primary_key=True)
    username = models.CharField(
        max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    email = models.EmailField(blank=True, max_length=254)
    full_name = models.CharField(max_length=300, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    email_confirmed = models.BooleanField(default=False)
    must_change = models.BooleanField(default=False)
    orcid = models.CharField(max_length=19, blank=True)
    entity = models.OneToOneField("tree.Entity", on_delete=models.PROTECT, related_name="user")

    objects: ClassVar[Users] = Users()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        """Two names, or two addresses, that differ in case only would be taken for each other."""

        constraints = [
            models.UniqueConstraint(Lower("username"), name="accounts_username_once"),
            models.UniqueConstraint(
                Lower("email"), condition=~Q(email=""), name="accounts_email_once"
            ),
        ]

    def get_full_name(self) -> str:
        """As Django and its packages ask for it."""
        return self.full_name or self.username


class ClientKey(models.Model):
    """A key for programs. Only its prefix and the SHA-256 of the whole are kept: 256 random bits
    need no slow hash."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="client_keys")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16, unique=True)
    hash = models.CharField(max_length=64)
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)


class DayToken(models.Model):
    """A token that stands for a user for a day, at the doors that take such tokens. Only its
    SHA-256 is kept; a new password ends it, as it ends all others (`mark`)."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="day_tokens")
    hash = models.CharField(max_length=64, unique=True)
    mark = models.CharField(max_length=24)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(db_index=True)


class Provider(models.Model):
    """An identity provider that an administrator set up on the pages; those of the settings' file
    are no rows."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40, unique=True)
    facts = models.JSONField()
    """`providers.Provider` without its secret."""
    secret = models.TextField(blank=True)
    """Sealed."""
    enabled = models.BooleanField(default=True)


class Login(models.Model):
    """An identity elsewhere that signs a user in. The provider's issuer and its subject together
    are somebody, for ever (OpenID Connect Core, section 2)."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="logins")
    provider = models.CharField(max_length=40)
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=500)
    shown = models.CharField(max_length=300, blank=True)
    """How people call that identity: an address, a name there, an ORCID iD."""
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True)

    class Meta:
        """One identity is one user's."""

        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="accounts_login_once")
        ]


class Factor(models.Model):
    """A second proof: one-time passwords by time. It counts once it was shown to work."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="factors")
    type = models.CharField(max_length=10)
    secret = models.TextField()
    """The seed, sealed."""
    counter = models.BigIntegerField(default=0)
    """The last step (of 30 s) whose password was used."""
    confirmed = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """A code that stands in for a lost second proof, once. Kept as a keyed hash."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64)
    used = models.DateTimeField(null=True)


class Visit(models.Model):
    """A session of a user's, so that it can be shown and ended; the session itself is Django's."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="visits")
    session = models.CharField(max_length=40, unique=True)
    how = models.CharField(max_length=60)
    begun = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=60, blank=True)
    program = models.CharField(max_length=300, blank=True)


class Tries(models.Model):
    """How often something that must be slow was tried since `began`."""

    name = models.CharField(max_length=120, primary_key=True)
    count = models.IntegerField(default=0)
    began = models.DateTimeField(default=timezone.now)


class Letter(models.Model):
    """Mail that has yet to leave. What it says may be a way in, so it is sealed, and gone when it
    has left."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    sealed = models.TextField()
    made = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.IntegerField(default=0)
