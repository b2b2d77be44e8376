"""Described sets of files with a life: open, closed, expired, removed."""
