"""`python -m lagan` is the `lagan` command."""

from lagan.cli import main

main()
