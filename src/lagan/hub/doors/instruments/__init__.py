"""The API that deployed uploading programs of instruments speak, call by call; it only translates.

Source: docs/doors/instruments.md, measured on versions 0.7 to 0.9 of the program.
"""
