"""Plug-ins of an installation, as text: two that process files, one for files on tape."""

PLUG_IN = """
from pathlib import Path

def upper(server, request, filename):
    content = server.parameters["mark"].encode() + Path(filename).read_bytes().upper()
    Path(filename).write_bytes(b"changed")
    return Result(content, request.get("processingPars"))

class Result:
    def __init__(self, data, name):
        self.objDataType, self.dataRef, self.mimeType, self.refFilename = "DATA", data, "a/b", name
"""
FILES = """
import os
from pathlib import Path

class Result:
    mimeType, objDataType = "text/plain", "FILE"

def files(server, request, filename):
    result = Result()
    wanted = request.get("processing_pars")
    if wanted == "fail":
        raise ValueError("no luck")
    result.dataRef = wanted or str(Path(filename).with_name("made"))
    if not wanted:
        Path(result.dataRef).write_text("made of " + Path(filename).name)
    result.refFilename = "made.txt"
    return result
"""
TAPE = """
from pathlib import Path

def isFileOffline(filename):
    return Path(filename + ".on-tape").exists()

def stageFiles(filenames):
    for each in filenames:
        Path(each + ".on-tape").rename(each)
"""
