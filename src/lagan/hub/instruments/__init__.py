"""Uploading programs on instruments: what they announce and send, their records, keys and settings,
and who lets them in."""
