"""The disks of a node: found, adopted, opened, let go, and rebuilt from."""
