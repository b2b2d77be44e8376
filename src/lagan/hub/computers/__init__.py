"""Laboratory computers: what is known of each, how the hub reaches it, what lies on it."""
