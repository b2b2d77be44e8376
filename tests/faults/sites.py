"""Sites with workers of their own, each a host of its own in a network, with nothing but the hub's
address, a site key and perhaps a broker."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.hub import LAGAN


@dataclass
class Site:
    """One site: its files beneath `root`, its workers in processes that may be killed. `prefix` is
    put before the worker's command: it makes it run at another host."""

    name: str
    folder: Path
    prefix: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Where people work."""
        return self.folder / "files"

    def prepare(self, hub_url: str, key: str, broker_url: str = "") -> None:
        """Make the folder and the configuration of the workers."""
        self.root.mkdir(parents=True)
        secret = self.folder / "key"
        secret.write_text(key)
        secret.chmod(0o600)
        said = {"hub_url": hub_url, "site_key_file": secret, "roots": self.root, **self.settings}
        if broker_url:
            said["broker_url"] = broker_url
        lines = ["[settings]", *(f"{name} = {value}" for name, value in said.items())]
        for name, location in self.targets.items():
            lines += [f"[target {name}]", f"location = {location}"]
        (self.folder / "worker.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """One more worker."""
        command = [*self.prefix, str(LAGAN), "worker", "--site", self.name]
        command += ["--config", str(self.folder / "worker.conf")]
        kept = {name: value for name, value in os.environ.items() if not _is_hubs(name)}
        with (self.folder / "worker.log").open("ab") as log:
            self.workers.append(
                subprocess.Popen(command, stdout=log, stderr=log, env=kept, start_new_session=True)
            )

    def kill(self) -> None:
        """SIGKILL all workers, with whatever they started."""
        while self.workers:
            worker = self.workers.pop()
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def _is_hubs(name: str) -> bool:
    """What a site does not know: the hub's database and its secrets."""
    return name.startswith(("LAGAN_", "POSTGRES_", "BROKER_", "RABBITMQ_", "DJANGO_"))
