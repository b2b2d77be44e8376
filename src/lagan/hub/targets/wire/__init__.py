"""The door for sites that keep content in the archive: many small words in one request, objects
published together, large ones sent in stretches, read in ranges."""
