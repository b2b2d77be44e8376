"""One module a page or family of pages; each reads through queries, acts through services, and
renders."""
