"""Lagan takes research data off instruments, keeps verified copies of it, and gives it back bit for
bit."""

__version__ = "0.1.0"
