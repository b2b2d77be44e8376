"""Real services for the tests: each starts on free loopback ports in a folder of its own."""
