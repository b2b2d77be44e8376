"""What every program of Lagan shares: digests, the one atomic writer, safe paths, names, sizes,
times, errors, HTTP."""
