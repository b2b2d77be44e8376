"""How data goes out: files, ranges and zips, streamed to those who may have them."""
