"""Others are sent what arrives: who subscribed, what waits for them, and how it is delivered."""
