"""The preservation service's documented API, call by call; it only translates.

Source: seeds/preservation-packages.txt.
"""
