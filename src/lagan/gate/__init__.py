"""What a key of an uploader may do on the staging machine, and nothing else: make folders, put
files by SCP or SFTP and set their mode, all of it beneath one folder."""

from lagan.gate.serving import serve

__all__ = ["serve"]
