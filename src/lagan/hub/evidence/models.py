"""The keys that the hub signs with."""

from __future__ import annotations

from django.db import models


class SigningKey(models.Model):
    """An Ed25519 key. The public half stays for ever, so that what was signed can be checked; the
    private one is sealed with the hub's secret key, as second factors are."""

    name = models.CharField(max_length=43, unique=True)
    """The thumbprint of RFC 7638."""
    public = models.CharField(max_length=43)
    """`x` of its JWK."""
    sealed = models.TextField()
    made_at = models.DateTimeField()
