"""Faults in whole processes: what was acknowledged stays, and nothing is left over."""
