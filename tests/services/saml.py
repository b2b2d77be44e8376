"""A SAML identity provider in a process of its own: pysaml2, which shares no code with the service
provider that is tested, and signs with the xmlsec1 program."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.services.process import (
    Running,
    accepts,
    await_ready,
    find_program,
    free_port,
    start_process,
)

PASSWORD = "provider's own pass phrase"


def start(folder: Path) -> Running:
    """`address` has issuer, metadata (a file with its XML), people (a folder of JSON files: name to
    lists of values) and hubs (a folder for the metadata of service providers)."""
    xmlsec = find_program("xmlsec1", package="xmlsec1")
    port = free_port()
    for name in ("people", "hubs"):
        (folder / name).mkdir()
    environment = {"SAML_FOLDER": str(folder), "SAML_PORT": str(port), "SAML_XMLSEC": xmlsec}
    environment["PYTHONPATH"] = str(Path.cwd())
    command = [sys.executable, "-m", "tests.services.saml_provider"]
    process = start_process(command, folder=folder, environment=environment)
    await_ready(lambda: accepts(port), process=process, folder=folder)
    address = {
        "issuer": f"http://127.0.0.1:{port}/idp",
        "metadata": str(folder / "metadata.xml"),
        "people": str(folder / "people"),
        "hubs": str(folder / "hubs"),
    }
    return Running(process.pid, address, folder)
