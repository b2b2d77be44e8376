"""Policies decide which files' content goes away when room is needed, and which stays whatever
happens; pure, with the pins that files carry."""
