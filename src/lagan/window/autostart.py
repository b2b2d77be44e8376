"""Whether the window starts when somebody logs in, kept where each system looks for it."""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
from pathlib import Path

from lagan.kit.errors import BadInput
from lagan.kit.files import write_atomically

NAME = "lagan-agent-window"


def command(config: Path) -> list[str]:
    """What is started: the window, put away in the tray."""
    beside = Path(sys.executable).with_name("lagan.exe" if sys.platform == "win32" else "lagan")
    program = str(beside) if beside.exists() else shutil.which("lagan") or "lagan"
    return [program, "agent", "window", "--minimised", "--config", str(config.absolute())]


def put(wanted: bool, config: Path) -> None:
    """Start at login from now on, or not any more. BadInput when the system does not let us."""
    try:
        if sys.platform == "win32":
            _registry(wanted, config)
        elif wanted:
            path = place()
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, _content(config))
        else:
            place().unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"Starting at login cannot be set: {error.strerror}.") from None


def place() -> Path:
    """The file that says so on Linux and macOS."""
    if sys.platform == "darwin":
        return Path.home() / "Library/LaunchAgents" / f"org.{NAME}.plist"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "autostart" / f"{NAME}.desktop"


def _content(config: Path) -> bytes:
    if sys.platform == "darwin":
        given = {"Label": f"org.{NAME}", "ProgramArguments": command(config), "RunAtLoad": True}
        return plistlib.dumps(given)
    words = " ".join(_quoted(each) for each in command(config))
    lines = ["[Desktop Entry]", "Type=Application", "Name=Lagan agent", f"Exec={words}"]
    return "\n".join([*lines, "Comment=Sends this instrument's data to the hub", ""]).encode()


def _quoted(word: str) -> str:
    """As the Desktop Entry Specification quotes an argument of Exec."""
    for each in '\\"`$':
        word = word.replace(each, f"\\{each}")
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'


if sys.platform == "win32":
    import subprocess
    import winreg

    def _registry(wanted: bool, config: Path) -> None:
        path = r"Software\Microsoft\Windows\CurrentVersion\Run"
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path, 0, winreg.KEY_SET_VALUE) as key:
            if wanted:
                line = subprocess.list2cmdline(command(config))
                winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)
            else:
                try:
                    winreg.DeleteValue(key, NAME)
                except FileNotFoundError:
                    return
