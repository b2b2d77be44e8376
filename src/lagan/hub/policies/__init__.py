"""Policies of sites: when a filesystem is too full, what was not needed for longest goes to a
target by itself; each policy with its runs and what they reported."""
