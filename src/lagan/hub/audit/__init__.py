"""What happened: an append-only, hash-chained record, and feeds over it."""
