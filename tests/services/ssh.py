"""An OpenSSH server with keys, configuration and port of its own, for the account that runs the
tests."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from tests.services.process import (
    Running,
    accepts,
    await_ready,
    find_program,
    free_port,
    start_process,
)

CONFIGURATION = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment no
MaxStartups 1000
Subsystem sftp internal-sftp
"""


def start(folder: Path) -> Running:
    """Serve SSH and SFTP; `address` has host, port, user, key (a private key's path),
    known_hosts."""
    sshd = find_program("sshd", package="openssh-server")
    port = free_port()
    for name in ("host_key", "user_key"):
        _make_key(folder / name)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "sshd_config").write_text(CONFIGURATION.format(port=port, folder=folder))
    if os.geteuid() == 0:  # sshd gives up root in here, and will not start without it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = start_process([sshd, "-D", "-e", "-f", f"{folder}/sshd_config"], folder=folder)
    await_ready(lambda: accepts(port), process=process, folder=folder)
    address = {
        "host": "127.0.0.1",
        "port": str(port),
        "user": getpass.getuser(),
        "key": str(folder / "user_key"),
        "known_hosts": str(folder / "known_hosts"),
    }
    return Running(process.pid, address, folder)


def _make_key(path: Path) -> None:
    program = find_program("ssh-keygen", package="openssh-client")
    command = [program, "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
