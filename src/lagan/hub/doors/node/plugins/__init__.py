"""Code of an installation's own, loaded only from the folders that its configuration names."""
