"""The Python client of Lagan's API, and the commands built on it."""
