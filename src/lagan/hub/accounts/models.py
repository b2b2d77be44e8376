"""The rows of accounts: users and their client keys."""

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
    """A person or program that signs in. What it may do hangs on its USER entity."""

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
