"""A node's process: its options, its PID file, its states, its end."""

from __future__ import annotations

import http.client
import signal
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import LAGAN, until
from tests.services.node import Node

IMPROPER = (
    "NGAMS_ER_IMPROPER_STATE:4015:ERROR: Command {} not allowed when in State/Sub-State: {}/IDLE. "
    "Allowed State(s)/Sub-State(s) are: ['{}']/['IDLE']."
)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LAGAN), "node", *words], capture_output=True, text=True, check=False, timeout=150
    )


@pytest.mark.parametrize("word", ["-version", "-VERSION", "--version"])
def test_it_says_its_version_in_the_form_that_clients_print(word: str) -> None:
    said = run(word)
    assert said.returncode == 0
    assert said.stdout.startswith("Lagan 0.")


def test_without_a_configuration_it_says_what_it_needs() -> None:
    said = run("-autoonline")
    assert said.returncode == 2
    assert "-cfg" in said.stderr


def test_a_configuration_that_is_wrong_is_refused_with_every_reason(
    make_node: MakeNode, tmp_path: Path
) -> None:
    node = make_node(
        start=False, folder=tmp_path, server={"MaxSimReqs": "many"}, elements={"JanitorThread": ""}
    )
    said = run("-cfg", str(node.configure()))
    assert said.returncode == 2
    assert "Server.MaxSimReqs" in said.stderr
    assert "JanitorThread: this element is missing" in said.stderr


def test_a_folder_of_plug_ins_must_exist(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(start=False, folder=tmp_path)
    said = run("-cfg", str(node.configure()), "-path", str(tmp_path / "nowhere"))
    assert said.returncode == 5
    assert "nowhere" in said.stderr


def test_a_database_of_another_kind_is_refused(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(start=False, folder=tmp_path, database='Interface="cx_Oracle" dsn="x"')
    said = run("-cfg", str(node.configure()))
    assert said.returncode == 2
    assert "Db.Interface: cx_Oracle" in said.stderr


@pytest.fixture(scope="module")
def changing(make_node: MakeNode, database: str) -> Node:
    return make_node(options=(), database=database)


@pytest.fixture
def offline(changing: Node) -> Node:
    """A node that is OFFLINE, whatever was done to it before."""
    if changing.process is None:
        changing.start()
    changing.get("OFFLINE", force=1)
    return changing


def test_a_round(offline: Node) -> None:
    """Every refusal in the words that clients match."""
    assert offline.get("STATUS").of("Status")["State"] == "OFFLINE"
    refused = offline.get("OFFLINE")
    assert (refused.status, refused.of("Status")["Status"]) == (400, "FAILURE")
    assert refused.message == IMPROPER.format("OFFLINE", "OFFLINE", "ONLINE")
    assert offline.get("INIT").message == IMPROPER.format("INIT", "OFFLINE", "ONLINE")
    assert "Command QARCHIVE not allowed" in offline.qarchive("x", b"x").message
    assert offline.get("ONLINE").message == "Successfully handled command ONLINE"
    assert offline.get("ONLINE").message == IMPROPER.format("ONLINE", "ONLINE", "OFFLINE")
    assert offline.get("EXIT").message == IMPROPER.format("EXIT", "ONLINE", "OFFLINE")
    assert offline.get("INIT").message == "Successfully handled command INIT"
    assert offline.get("OFFLINE", force=0).message == "Successfully handled command OFFLINE"
    assert offline.get("ONLINE").status == 200


def test_offline_files_are_not_available_and_online_they_are_again(offline: Node) -> None:
    assert offline.get("ONLINE").status == 200
    assert offline.qarchive("away.bin", b"bytes").status == 200
    disk = offline.get("STATUS", file_id="away.bin").of("DiskStatus")
    assert disk["Mounted"] == "1"
    assert offline.get("OFFLINE").status == 200
    unmounted = offline.get("STATUS", disk_id=disk["DiskId"]).of("DiskStatus")
    assert (unmounted["Mounted"], unmounted["MountPoint"], unmounted["HostId"]) == ("0", "", "")
    assert "IMPROPER_STATE" in offline.get("RETRIEVE", file_id="away.bin").message
    assert offline.get("ONLINE").status == 200
    assert offline.get("RETRIEVE", file_id="away.bin").body == b"bytes"


def test_init_reads_the_configuration_again(offline: Node) -> None:
    assert offline.get("ONLINE").status == 200
    new = offline.add_volume("volume3")
    offline.volumes = (*offline.volumes, "volume3")
    offline.configure()
    assert offline.get("INIT").status == 200
    assert (new / "NgasDiskInfo").is_file()
    text = (new / "NgasDiskInfo").read_text()
    assert 'Message="Disk status file"' in text
    assert "MountPoint" not in text


def test_a_configuration_that_became_wrong_changes_nothing(offline: Node) -> None:
    assert offline.get("ONLINE").status == 200
    assert offline.qarchive("still.bin", b"there").status == 200
    good = offline.configure().read_text()
    (offline.folder / "node.xml").write_text(good.replace('PortNo="', 'PortNo="x'))
    refused = offline.get("INIT")
    assert refused.status == 400
    assert "Server.PortNo" in refused.message
    (offline.folder / "node.xml").write_text(good)
    assert offline.get("RETRIEVE", file_id="still.bin").body == b"there"


def test_a_second_one_of_the_same_name_does_not_start(offline: Node) -> None:
    second = run("-cfg", str(offline.folder / "node.xml"))
    assert second.returncode == 6
    assert "NGAMS_ER_MULT_INST" in second.stderr
    assert offline.get("STATUS").status == 200


def test_exit_ends_the_process_and_leaves_no_pid_file(offline: Node) -> None:
    assert list(offline.root.glob(".*.pid"))
    assert offline.get("EXIT").message == "NG/AMS Server performing exit"
    assert offline.process is not None
    assert offline.process.wait(60) == 0
    assert not list(offline.root.glob(".*.pid"))
    offline.process = None


def test_forced_it_starts_over_the_pid_file_of_one_that_was_killed(
    make_node: MakeNode, database: str
) -> None:
    node = make_node(database=database)
    assert node.qarchive("kept.bin", b"kept").status == 200
    assert node.process is not None
    node.process.send_signal(signal.SIGKILL)
    node.process.wait(60)
    assert run("-cfg", str(node.folder / "node.xml")).returncode == 6
    node.options = ("-AutoOnline", "-FORCE")
    node.process = subprocess.Popen(
        [str(LAGAN), "node", "-Cfg", str(node.folder / "node.xml"), *node.options]
    )
    until(lambda: answers(node), 60)
    assert node.get("RETRIEVE", file_id="kept.bin").body == b"kept"


def answers(node: Node) -> bool:
    try:
        return node.get("STATUS").of("Status")["State"] == "ONLINE"
    except OSError:
        return False


def test_with_a_certificate_it_speaks_tls_and_nothing_else(
    make_node: MakeNode, tmp_path: Path
) -> None:
    pem = certificate(tmp_path / "node.pem")
    node = make_node(start=False, options=("-autoonline", "-cert", str(pem)))
    node.configure()
    node.process = subprocess.Popen(
        [str(LAGAN), "node", "-cfg", str(node.folder / "node.xml"), *node.options]
    )
    trust = ssl.create_default_context(cafile=str(pem))

    def asked() -> int:
        connection = http.client.HTTPSConnection("localhost", node.port, context=trust, timeout=60)
        try:
            connection.request("GET", "/STATUS")
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    assert until(asked, 60) == 200
    with pytest.raises((OSError, http.client.HTTPException)):
        node.get("STATUS")


def certificate(path: Path) -> Path:
    """A certificate for localhost and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
