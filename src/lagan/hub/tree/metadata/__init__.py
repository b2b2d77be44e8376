"""Metadata: the values of an entity's keys, how they are read, exchanged and remembered."""
