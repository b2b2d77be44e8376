"""What is kept: how files arrive, are found, looked at, healed, given back and removed."""
