"""Many files move side by side and share what each would wait for alone: flushes, and questions to
a target."""
