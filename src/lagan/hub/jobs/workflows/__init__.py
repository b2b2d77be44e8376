"""Workflows: steps under a name, checked when they are made and again before anything of them
runs; the jobs that they become, and the times at which they run by themselves."""
