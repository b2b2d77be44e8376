"""What an archive server leaves behind: a database as its scripts make it, and volumes with files.

Source: reference of that server, sections 5.2, 11 and 13. No column of ours, limits and numeric
types as there.
"""

from __future__ import annotations

import base64
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

TABLES: Mapping[str, str] = {
    "ngas_disks": """
        disk_id varchar(128) NOT NULL, archive varchar(64) NOT NULL,
        installation_date varchar(23) NOT NULL, type varchar(64) NOT NULL,
        manufacturer varchar(64), capacity_mb int, logical_name varchar(128) NOT NULL,
        host_id varchar(32), slot_id varchar(32), mounted smallint, mount_point varchar(128),
        number_of_files int NOT NULL, available_mb int NOT NULL,
        bytes_stored numeric(20,0) NOT NULL, completed smallint NOT NULL,
        completion_date varchar(23), checksum varchar(64), total_disk_write_time float,
        last_check varchar(23), last_host_id varchar(32), PRIMARY KEY (disk_id)""",
    "ngas_disks_hist": """
        disk_id varchar(128) NOT NULL, hist_date varchar(23) NOT NULL,
        hist_origin varchar(64) NOT NULL, hist_synopsis varchar(255) NOT NULL,
        hist_descr_mime_type varchar(64), hist_descr text""",
    "ngas_files": """
        disk_id varchar(128) NOT NULL, file_name varchar(255) NOT NULL,
        file_id varchar(64) NOT NULL, file_version int DEFAULT 1 NOT NULL, format varchar(32),
        file_size numeric(20,0) NOT NULL, uncompressed_file_size numeric(20,0) NOT NULL,
        compression varchar(32), ingestion_date varchar(23), {ignore} smallint,
        checksum varchar(64), checksum_plugin varchar(64), file_status char(8) DEFAULT '00000000',
        creation_date varchar(23), io_time numeric(20,0) DEFAULT -1,
        ingestion_rate numeric(20,0) DEFAULT -1, container_id varchar(36),
        PRIMARY KEY (file_id, file_version, disk_id)""",
    "ngas_hosts": """
        host_id varchar(32) NOT NULL, domain varchar(30) NOT NULL, ip_address varchar(20) NOT NULL,
        mac_address varchar(20), n_slots smallint, cluster_name varchar(32) NOT NULL,
        installation_date varchar(23), srv_version varchar(20), srv_port int, srv_archive smallint,
        srv_retrieve smallint, srv_process smallint, srv_remove smallint,
        srv_data_checking smallint, srv_state varchar(20), srv_check_start varchar(23),
        srv_check_remain int, srv_check_end varchar(23), srv_check_rate float, srv_check_mb float,
        srv_checked_mb float, srv_check_files numeric(20,0), srv_check_count int,
        srv_suspended smallint, srv_req_wake_up_srv varchar(32), srv_req_wake_up_time varchar(23),
        PRIMARY KEY (host_id, srv_port)""",
    "ngas_containers": """
        container_id varchar(36) NOT NULL, parent_container_id varchar(36),
        container_name varchar(255) NOT NULL, ingestion_date varchar(23),
        container_size numeric(20,0) NOT NULL, container_type varchar(10) NOT NULL,
        PRIMARY KEY (container_id)""",
    "ngas_subscribers": """
        host_id varchar(32) NOT NULL, srv_port int NOT NULL, subscr_prio smallint NOT NULL,
        subscr_id varchar(255) NOT NULL, subscr_url varchar(255) NOT NULL,
        subscr_start_date varchar(23), subscr_filter_plugin varchar(64),
        subscr_filter_plugin_pars varchar(128), last_file_ingestion_date varchar(23),
        concurrent_threads int DEFAULT 1, UNIQUE (subscr_id)""",
    "ngas_subscr_back_log": """
        host_id varchar(32) NOT NULL, srv_port int NOT NULL, subscr_id varchar(255) NOT NULL,
        subscr_url varchar(255) NOT NULL, file_id varchar(64) NOT NULL,
        file_name varchar(255) NOT NULL, file_version int DEFAULT 1 NOT NULL,
        ingestion_date varchar(23) NOT NULL, format varchar(32) NOT NULL""",
    "ngas_subscr_queue": """
        subscr_id varchar(255) NOT NULL, file_id varchar(64) NOT NULL, file_version int NOT NULL,
        disk_id varchar(128) NOT NULL, file_name varchar(255) NOT NULL,
        ingestion_date varchar(23) NOT NULL, format varchar(32) NOT NULL,
        status int DEFAULT -2 NOT NULL, status_date varchar(23) NOT NULL, comment varchar(255),
        PRIMARY KEY (subscr_id, file_id, file_version, disk_id)""",
    "ngas_cache": """
        disk_id varchar(128) NOT NULL, file_id varchar(64) NOT NULL, file_version int NOT NULL,
        cache_time numeric(16,6) NOT NULL, cache_delete smallint NOT NULL,
        PRIMARY KEY (disk_id, file_id, file_version)""",
    "ngas_cfg": """
        cfg_name varchar(32) NOT NULL, cfg_par_group_ids text NOT NULL, cfg_comment text,
        PRIMARY KEY (cfg_name)""",
    "ngas_cfg_pars": """
        cfg_group_id varchar(32) NOT NULL, cfg_par varchar(128) NOT NULL,
        cfg_val varchar(255) NOT NULL, cfg_comment varchar(255)""",
}
DISK = "4927bc1a8f3b4e7f9d31f3c41c2a7a11"
FILES = {"saf/2026-11-21/1/rnd.bin": b"random bytes" * 1000, "saf/2026-11-21/1/b.txt": b"words\n"}


def scripts(ignore: str = "file_ignore") -> Sequence[str]:
    """The statements of that server's script."""
    return [
        f"CREATE TABLE {name} ({columns.format(ignore=ignore)})" for name, columns in TABLES.items()
    ]


def rows(host: str, slot: str, ignore: str = "file_ignore") -> Sequence[str]:
    """Statements for one disk with FILES, one host, one subscriber, and what goes with them."""
    return [
        "INSERT INTO ngas_disks (disk_id, archive, installation_date, type, manufacturer,"
        " capacity_mb, logical_name, host_id, slot_id, mounted, mount_point, number_of_files,"
        " available_mb, bytes_stored, completed, total_disk_write_time) VALUES"
        f" ('{DISK}', 'MyArchive', '2011-01-31T14:31:43.460', 'None', '0', 80000,"
        f" 'BULK-M-000001', '{host}', '{slot}', 1, '/somewhere/{slot}', {len(FILES)}, 76850,"
        f" {sum(map(len, FILES.values()))}, 0, 0.005)",
        "INSERT INTO ngas_disks_hist (disk_id, hist_date, hist_origin, hist_synopsis)"
        f" VALUES ('{DISK}', '2011-01-31T14:31:43.460', '{host}', 'Disk Registered')",
        "INSERT INTO ngas_hosts (host_id, domain, ip_address, cluster_name, srv_port, srv_state)"
        f" VALUES ('{host}', 'example.org', '127.0.0.1', '{host}', {host.partition(':')[2]},"
        " 'NOT-RUNNING')",
        "INSERT INTO ngas_subscribers (host_id, srv_port, subscr_prio, subscr_id, subscr_url)"
        " VALUES ('elsewhere:7777', 7777, 10, 'copy', 'http://127.0.0.1:1/QARCHIVE')",
        "INSERT INTO ngas_subscr_back_log (host_id, srv_port, subscr_id, subscr_url, file_id,"
        " file_name, file_version, ingestion_date, format) VALUES ('elsewhere:7777', 7777, 'copy',"
        " 'http://127.0.0.1:1/QARCHIVE', 'rnd.bin', 'x', 1, '2026-11-21T00:00:00.000', 'a/b')",
        *(
            "INSERT INTO ngas_files (disk_id, file_name, file_id, file_version, format, file_size,"
            " uncompressed_file_size, compression, ingestion_date, checksum, checksum_plugin,"
            f" {ignore}, file_status, creation_date, ingestion_rate) VALUES ('{DISK}', '{name}',"
            f" '{name.rpartition('/')[2]}', 1, 'application/octet-stream', {len(data)},"
            f" {len(data)}, 'NONE', '2026-11-21T19:51:53.795', '{zlib.crc32(data)}',"
            " 'ngamsGenCrc32', 0, '00000000', '2026-11-21T19:51:53.795', 498728180)"
            for name, data in FILES.items()
        ),
    ]


def sqlite_database(file: Path, host: str, slot: str, ignore: str = "file_ignore") -> None:
    """The database in an SQLite file."""
    connection = sqlite3.connect(file)
    for each in (*scripts(ignore), *rows(host, slot, ignore)):
        connection.execute(each)
    connection.commit()
    connection.close()


def volume(path: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """A volume with its files, as that server leaves it."""
    path.mkdir(parents=True, exist_ok=True)
    info = f"DiskId = {DISK}\nManufacturer = 0\nType = None\n"
    (path / ".ngas_volume_info").write_bytes(base64.b64encode(info.encode()))
    (path / "staging").mkdir()
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
        (path / name).chmod(0o444)
    return path
