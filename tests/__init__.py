"""The tests: they mirror src/, and read like the promises they keep."""
