"""Tags and filters that our templates load."""
