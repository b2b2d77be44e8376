"""Every element and attribute of a node's configuration, with its kind and its default.

Source: seeds/archive-server-config.txt for what they mean, reference/ngas-http.md section 10 for
those that the manual does not list and for defaults. A field without a default is an attribute that
the element cannot do without. Sizes are in the unit that the attribute's name says; spans are
timedelta.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from lagan.hub.doors.node.config.attributes import attribute, child, children, rest
from lagan.hub.doors.node.config.kinds import (
    checksum,
    decimal,
    given_text,
    one_of,
    pairs,
    places,
    secret,
    span,
    switch,
    text,
    whole,
    words,
)

Parameters = Mapping[str, str]
NONE: Parameters = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A plug-in by the name of its module, with what it is told."""

    name: str = attribute("Name", given_text)
    parameters: Parameters = attribute("PlugInPars", pairs, default=NONE)


@dataclass(frozen=True, slots=True)
class TypedPlugIn:
    """A plug-in for some MIME types."""

    name: str = attribute("Name", given_text)
    parameters: Parameters = attribute("PlugInPars", pairs, default=NONE)
    mime_types: tuple[str, ...] = children("MimeType", attribute="Name")


@dataclass(frozen=True, slots=True)
class Server:
    """The server itself."""

    root: str = attribute("RootDirectory", given_text)
    archive_name: str = attribute("ArchiveName", given_text)
    block_size: int = attribute("BlockSize", whole(1, 1 << 30))
    max_requests: int = attribute("MaxSimReqs", whole(1, 100_000))
    port: int = attribute("PortNo", whole(1, 65535), default=7777)
    address: str = attribute("IpAddress", text, default="127.0.0.1")
    volumes: str = attribute("VolumeDirectory", text, default=".")
    plug_in_paths: tuple[str, ...] = attribute("PluginsPath", places, default=())
    proxy: bool = attribute("ProxyMode", switch)
    proxy_checksum: bool = attribute("ProxyCRC", switch, default=False)
    request_store: str = attribute(
        "RequestDbBackend", one_of("null", "memory", "bsddb"), default="null"
    )
    timeout: float = attribute("TimeOut", decimal, default=60.0)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the server may do at all."""

    archive: bool = attribute("AllowArchiveReq", switch)
    retrieve: bool = attribute("AllowRetrieveReq", switch)
    process: bool = attribute("AllowProcessingReq", switch)
    remove: bool = attribute("AllowRemoveReq", switch)


@dataclass(frozen=True, slots=True)
class Database:
    """Where the catalogue is; `connection` are the keywords of the interface's connect()."""

    interface: str = attribute("Interface", given_text)
    snapshot: bool = attribute("Snapshot", switch)
    pool: int = attribute("MaxPoolConnections", whole(1, 1000), default=7)
    file_ignore: bool = attribute("UseFileIgnore", switch, default=True)
    prepared: bool = attribute("UsePreparedStatements", switch, default=True)
    session_sql: tuple[str, ...] = children("SessionSql", attribute="sql")
    connection: Parameters = rest()


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a plug-in implements."""

    name: str = attribute("Name", given_text)
    module: str = attribute("Module", given_text)


@dataclass(frozen=True, slots=True)
class Commands:
    """All of them."""

    items: tuple[Command, ...] = children("Command", Command)


@dataclass(frozen=True, slots=True)
class MimeTypeMap:
    """What a file name's extension says of its type."""

    extension: str = attribute("Extension", given_text)
    mime_type: str = attribute("MimeType", given_text)


@dataclass(frozen=True, slots=True)
class MimeTypes:
    """All of them."""

    items: tuple[MimeTypeMap, ...] = children("MimeTypeMap", MimeTypeMap)


@dataclass(frozen=True, slots=True)
class StorageSet:
    """A main volume with its replication volume, by their slots."""

    id: str = attribute("StorageSetId", given_text)
    main: str = attribute("MainDiskSlotId", given_text)
    replica: str = attribute("RepDiskSlotId", text, default="")
    label: str = attribute("DiskLabel", text, default="")
    mutex: bool = attribute("Mutex", switch, default=False)
    synchronize: bool = attribute("Synchronize", switch, default=False)


@dataclass(frozen=True, slots=True)
class StorageSets:
    """All of them."""

    items: tuple[StorageSet, ...] = children("StorageSet", StorageSet)


@dataclass(frozen=True, slots=True)
class Stream:
    """Where files of a MIME type go, and through which plug-in."""

    mime_type: str = attribute("MimeType", given_text)
    plug_in: str = attribute("PlugIn", given_text)
    parameters: Parameters = attribute("PlugInPars", pairs, default=NONE)
    storage_sets: tuple[str, ...] = children("StorageSetRef", attribute="StorageSetId")
    archiving_units: tuple[str, ...] = children("ArchivingUnit", attribute="HostId")


@dataclass(frozen=True, slots=True)
class Streams:
    """All of them."""

    items: tuple[Stream, ...] = children("Stream", Stream)


@dataclass(frozen=True, slots=True)
class ArchiveHandling:
    """How files are archived."""

    path_prefix: str = attribute("PathPrefix", text)
    replication: bool = attribute("Replication", switch)
    buffering: bool = attribute("BackLogBuffering", switch)
    buffer_directory: str = attribute("BackLogBufferDirectory", text)
    checksum: str | None = attribute("CRCVariant", checksum, default="crc32")
    change_below_mb: int = attribute("FreeSpaceDiskChangeMb", whole())
    warn_below_mb: int = attribute("MinFreeSpaceWarningMb", whole())
    units: tuple[str, ...] = attribute("ArchiveUnits", words, default=())
    event_handlers: tuple[PlugIn, ...] = children("EventHandlerPlugIn", PlugIn)


@dataclass(frozen=True, slots=True)
class Processing:
    """Processing on the way out."""

    directory: str = attribute("ProcessingDirectory", text, default="")
    plug_ins: tuple[TypedPlugIn, ...] = children("PlugIn", TypedPlugIn)


@dataclass(frozen=True, slots=True)
class Register:
    """What REGISTER makes of files by their types."""

    plug_ins: tuple[TypedPlugIn, ...] = children("PlugIn", TypedPlugIn)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who gets one kind of mail."""

    addresses: tuple[str, ...] = children("EmailRecipient", attribute="Address")


NOBODY = Recipients()


@dataclass(frozen=True, slots=True)
class Notification:
    """Mail about what happens. `retain_size` is a number of messages."""

    active: bool = attribute("Active", switch)
    host: str = attribute("SmtpHost", text)
    port: int = attribute("SmtpPort", whole(1, 65535), default=25)
    sender: str = attribute("Sender", text)
    retain_time: timedelta = attribute("MaxRetentionTime", span)
    retain_size: int = attribute("MaxRetentionSize", whole())
    alert: Recipients = child("AlertNotification", Recipients, default=NOBODY)
    error: Recipients = child("ErrorNotification", Recipients, default=NOBODY)
    disk_space: Recipients = child("DiskSpaceNotification", Recipients, default=NOBODY)
    disk_change: Recipients = child("DiskChangeNotification", Recipients, default=NOBODY)
    no_disk_space: Recipients = child("NoDiskSpaceNotification", Recipients, default=NOBODY)
    data_check: Recipients = child("DataCheckNotification", Recipients, default=NOBODY)
    data_error: Recipients = child("DataErrorNotification", Recipients, default=NOBODY)


@dataclass(frozen=True, slots=True)
class Janitor:
    """Tidying up."""

    pause: timedelta = attribute("SuspensionTime", span)
    least_space_mb: int = attribute("MinSpaceSysDirMb", whole(), default=0)
    plug_ins: tuple[str, ...] = children("PlugIn", attribute="Name")


@dataclass(frozen=True, slots=True)
class DataCheck:
    """Looking at every file again. `scan`: only whether it is there and as long as it should be."""

    active: bool = attribute("Active", switch)
    processes: int = attribute("MaxProcs", whole(1, 1024), default=1)
    cycle: timedelta = attribute("MinCycle", span, default=timedelta())
    always_report: bool = attribute("ForceNotif", switch, default=False)
    scan: bool = attribute("Scan", switch, default=True)


@dataclass(frozen=True, slots=True)
class Caching:
    """Cache mode. `longest` in seconds, `largest` in bytes; None is no bound."""

    enabled: bool = attribute("Enable", switch, default=False)
    period: timedelta = attribute("Period", span, default=timedelta(minutes=1))
    longest: float | None = attribute("MaxTime", decimal, default=None)
    largest: int | None = attribute("MaxCacheSize", whole(), default=None)
    most_files: int | None = attribute("MaxFiles", whole(), default=None)
    plug_in: str = attribute("CacheControlPlugIn", text, default="")
    parameters: Parameters = attribute("CacheControlPlugInPars", pairs, default=NONE)
    wait_for_subscribers: bool = attribute("CheckCanBeDeleted", switch, default=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that this node makes at another one, for itself."""

    host: str = attribute("HostId", given_text)
    port: int = attribute("PortNo", whole(1, 65535))
    priority: int = attribute("Priority", whole(), default=10)
    url: str = attribute("SubscriberUrl", text, default="")
    command: str = attribute("Command", text, default="QARCHIVE")
    id: str = attribute("SubscriberId", text, default="")
    filter: str = attribute("FilterPlugIn", text, default="")
    parameters: str = attribute("FilterPlugInPars", text, default="", aliases=("FilterPlugInPara",))


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Subscriptions of this node at others, and how its own are delivered again."""

    enabled: bool = attribute("Enable", switch)
    undone_offline: bool = attribute("AutoUnsubscribe", switch)
    pause: timedelta = attribute("SuspensionTime", span)
    expire_after: timedelta = attribute("BackLogExpTime", span)
    items: tuple[Subscription, ...] = children("Subscription", Subscription)


@dataclass(frozen=True, slots=True)
class DataMover:
    """Whose files a data mover (`-datamover`) delivers; without any, those of no other host."""

    hosts: tuple[str, ...] = attribute("FromHostIds", words, default=())


@dataclass(frozen=True, slots=True)
class MirroringSource:
    """A cluster that is mirrored."""

    id: str = attribute("Id", text, default="")
    servers: tuple[str, ...] = attribute("ServerList", words)
    period: timedelta = attribute("Period", span)
    complete_sync: str = attribute("CompleteSync", text, default="")
    sync_type: str = attribute("SyncType", text, default="")
    targets: tuple[str, ...] = attribute("TargetNodes", words, default=())
    filter: str = attribute("FilterPlugIn", text, default="")
    parameters: Parameters = attribute("FilterPlugInPars", pairs, default=NONE)


@dataclass(frozen=True, slots=True)
class Mirroring:
    """Mirroring of other clusters."""

    active: bool = attribute("Active", switch)
    threads: int = attribute("Threads", whole(1, 1000), default=1)
    recipients: tuple[str, ...] = attribute("ReportRecipients", words, default=())
    retry_after: timedelta = attribute("ErrorRetryPeriod", span, default=timedelta(minutes=1))
    give_up_after: timedelta = attribute("ErrorRetryTimeOut", span, default=timedelta(days=1))
    sources: tuple[MirroringSource, ...] = children("MirroringSource", MirroringSource)


@dataclass(frozen=True, slots=True)
class Log:
    """Where the log goes. `rotations`: how many put-aside files are kept."""

    file: str = attribute("LocalLogFile", text)
    level: int = attribute("LocalLogLevel", whole(0, 5))
    rotate_every: timedelta = attribute("LogRotateInt", span, default=timedelta(minutes=10))
    rotations: int = attribute("LogRotateCache", whole(0, 100_000))
    syslog: bool = attribute("SysLog", switch)
    syslog_prefix: str = attribute("SysLogPrefix", text)
    syslog_address: str = attribute("SysLogAddress", text, default="")
    archive_rotated: bool = attribute("ArchiveRotatedLogfiles", switch, default=False)
    handlers: tuple[PlugIn, ...] = children("LogfileHandlerPlugIn", PlugIn)


@dataclass(frozen=True, slots=True)
class User:
    """Who may call which commands; `*` is all of them."""

    name: str = attribute("Name", given_text)
    password: str = attribute("Password", secret)
    commands: tuple[str, ...] = attribute("Commands", words, default=("*",))

    def __repr__(self) -> str:
        return f"User({self.name!r})"


@dataclass(frozen=True, slots=True)
class Authorization:
    """Who may call what."""

    enabled: bool = attribute("Enable", switch, default=False)
    exclude: tuple[str, ...] = attribute("Exclude", words, default=())
    users: tuple[User, ...] = children("User", User)


@dataclass(frozen=True, slots=True)
class SubscriptionAuth:
    """Who the node is to its subscribers."""

    plug_in: str = attribute("PlugInName", text, default="")


@dataclass(frozen=True, slots=True)
class HostSuspension:
    """Sleeping while idle, and who wakes. Times in seconds."""

    active: bool = attribute("IdleSuspension", switch)
    idle: float = attribute("IdleSuspensionTime", decimal)
    plug_in: str = attribute("SuspensionPlugIn", text, default="")
    parameters: Parameters = attribute("SuspensionPlugInPars", pairs, default=NONE)
    waker: str = attribute("WakeUpServerHost", text, default="")
    wake_plug_in: str = attribute("WakeUpPlugIn", text, default="")
    wake_parameters: Parameters = attribute("WakeUpPlugInPars", pairs, default=NONE)
    wake_timeout: float = attribute("WakeUpCallTimeOut", decimal)


@dataclass(frozen=True, slots=True)
class SystemPlugIns:
    """Plug-ins of the server itself. The parameters of the online plug-in are misspelt in the
    manual and in deployed files."""

    label: str = attribute("LabelPrinterPlugIn", text, default="")
    label_parameters: Parameters = attribute("LabelPrinterPlugInPars", pairs, default=NONE)
    online: str = attribute("OnlinePlugIn", given_text)
    online_parameters: Parameters = attribute(
        "OnlinePlugInPars", pairs, default=NONE, aliases=("OnelinePlugInPars",)
    )
    offline: str = attribute("OfflinePlugIn", given_text)
    offline_parameters: Parameters = attribute("OfflinePlugInPars", pairs, default=NONE)
    sync: str = attribute("DiskSyncPlugIn", text, default="")
    sync_parameters: Parameters = attribute("DiskSyncPlugInPars", pairs, default=NONE)
    service: str = attribute("UserServicePlugIn", text, default="")
    service_parameters: Parameters = attribute("UserServicePlugInPars", pairs, default=NONE)
    service_period: float = attribute("UserServicePlugInPeriod", decimal, default=300.0)


@dataclass(frozen=True, slots=True)
class PartnerSites:
    """Other archives that are asked for what is not here."""

    proxy: bool = attribute("ProxyMode", switch, default=False)
    addresses: tuple[str, ...] = children("PartnerSite", attribute="Address")


@dataclass(frozen=True, slots=True)
class FileStaging:
    """Files that lie on tape."""

    enabled: bool = attribute("Enable", switch, default=False)
    plug_in: str = attribute("PlugIn", text, default="")


@dataclass(frozen=True, slots=True)
class Own:
    """What the archive server does not know: it passes such an element over. `pull_paths` are
    folders of this machine from which requests may name files; `targets` are the hosts that
    addresses in requests may lead to."""

    pull_paths: tuple[str, ...] = attribute("PullPaths", places, default=())
    targets: tuple[str, ...] = attribute("Targets", words, default=("*",))


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """The whole configuration. An element that may be absent has its defaults."""

    server: Server = child("Server", Server)
    permissions: Permissions = child("Permissions", Permissions)
    database: Database = child("Db", Database)
    system: SystemPlugIns = child("SystemPlugIns", SystemPlugIns)
    janitor: Janitor = child("JanitorThread", Janitor)
    log: Log = child("Log", Log)
    notification: Notification = child("Notification", Notification)
    mime_types: MimeTypes = child("MimeTypes", MimeTypes)
    storage_sets: StorageSets = child("StorageSets", StorageSets, default=StorageSets())
    streams: Streams = child("Streams", Streams, default=Streams())
    archiving: ArchiveHandling | None = child("ArchiveHandling", ArchiveHandling, default=None)
    commands: Commands = child("Commands", Commands, default=Commands())
    processing: Processing = child("Processing", Processing, default=Processing())
    register: Register = child("Register", Register, default=Register())
    data_check: DataCheck | None = child("DataCheckThread", DataCheck, default=None)
    caching: Caching = child("Caching", Caching, default=Caching())
    subscriptions: Subscriptions | None = child("SubscriptionDef", Subscriptions, default=None)
    data_mover: DataMover = child("DataMoverOnly", DataMover, default=DataMover())
    mirroring: Mirroring | None = child("Mirroring", Mirroring, default=None)
    authorization: Authorization = child("Authorization", Authorization, default=Authorization())
    subscription_auth: SubscriptionAuth = child(
        "SubscriptionAuth", SubscriptionAuth, default=SubscriptionAuth()
    )
    suspension: HostSuspension | None = child("HostSuspension", HostSuspension, default=None)
    partners: PartnerSites = child("PartnerSites", PartnerSites, default=PartnerSites())
    staging: FileStaging = child("FileStagingDef", FileStaging, default=FileStaging())
    own: Own = child("Lagan", Own, default=Own())


RETIRED: Mapping[type, frozenset[str]] = {
    Server: frozenset({"SwVersion"}),
    DataCheck: frozenset(
        {"FileSeq", "DiskSeq", "LogSummary", "Prio", "ChecksumPlugIn", "ChecksumPlugInPars"}
    ),
    Caching: frozenset({"NumberOfPlugIns"}),
}
"""Attributes that old files still have and that say nothing any more."""
