"""Deposited bags: each is a dataset of one zip that was judged, looked at again and again, and
given back as it came."""
