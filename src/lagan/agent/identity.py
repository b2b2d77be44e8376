"""Who this installation is to servers: an id of its own, and the documented facts about its
computer."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import sys
import uuid
from pathlib import Path
from typing import Any

from lagan.agent.settings import Settings
from lagan.kit.files import write_atomically


def own_id(settings: Settings) -> str:
    """The id of the settings, else one that is made at the first run and kept in the state
    folder."""
    if settings.uuid:
        return settings.uuid
    path = settings.state / "uuid"
    if not path.exists():
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(path, str(uuid.uuid1()).encode(), mode=0o600)
    return path.read_text(encoding="utf-8").strip()


def about(settings: Settings, identity: str, instrument: str) -> dict[str, Any]:
    """The 27 documented facts about this computer; nothing secret is among them."""
    address = _address()
    return {
        "uuid": identity, "name": settings.instrument_name,
        "contact_name": settings.contact_name, "contact_email": settings.contact_email,
        "user_agent_name": "Lagan", "user_agent_version": _version(),
        "user_agent_install_location": str(Path(sys.prefix))[:256],
        "os_platform": sys.platform, "os_system": platform.system(),
        "os_release": platform.release()[:32], "os_version": platform.version()[:128],
        "os_username": _username(), "machine": platform.machine(),
        "architecture": platform.architecture()[0], "processor": platform.processor()[:64],
        "memory": "", "cpus": os.cpu_count() or 1, "disk_usage": "",
        "data_path": settings.data_directory[:256], "default_user": settings.username,
        "interface": "", "mac_address": f"{uuid.getnode():012x}", "ipv4_address": address,
        "ipv6_address": "", "subnet_mask": "", "hostname": platform.node()[:64],
        "instruments": [f"/api/v1/instrument/{instrument}/"],
    }  # fmt: skip


def _address() -> str:
    """This computer's address on the network, "" when it has none."""
    try:
        return socket.gethostbyname(socket.gethostname())[:16]
    except OSError:
        return ""


def _username() -> str:
    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError, ImportError):
        return ""


def _version() -> str:
    from importlib.metadata import version

    return version("lagan")[:32]
