"""Benchmarks: each a ratio against a peer in the same run, at two sizes a factor of ten apart."""
