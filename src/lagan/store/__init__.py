"""Bytes on volumes: what is acknowledged here is on stable storage, with a digest, under a name
that stays."""
