"""The engine's program: takes tasks one at a time, runs their steps, and never lets two attempts
finish one task."""
