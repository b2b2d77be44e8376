"""Finding datasets: conditions on metadata and on what the system knows, words, facets, saved
searches; always only what the asker may read."""
