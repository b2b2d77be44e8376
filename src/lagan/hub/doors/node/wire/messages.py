"""The messages that clients of the archive server match by number or by words.

Source: reference/ngas-http.md section 3. A message is `<name>:<number>:<kind>: <text>`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One of them; its text is ours where no client compares it."""

    name: str
    number: int
    kind: str
    text: str

    def say(self, *facts: object) -> str:
        """The whole message with its facts filled in."""
        return f"{self.name}:{self.number}:{self.kind}: {self.text.format(*facts)}"


def _error(name: str, number: int, text: str) -> Message:
    return Message(f"NGAMS_ER_{name}", number, "ERROR", text)


def _info(name: str, number: int, text: str) -> Message:
    return Message(f"NGAMS_INFO_{name}", number, "INFO", text)


def _warning(name: str, number: int, text: str) -> Message:
    return Message(f"NGAMS_WA_{name}", number, "WARNING", text)


DB_COM = _error("DB_COM", 2002, "Problems communicating with the database: {}")
NO_STORAGE_SETS = Message(
    "NGAMS_AL_NO_STO_SETS", 3014, "ALERT", "No Storage Sets are available for data of type: {}."
)
DAPI = _error("DAPI", 4001, "The archiving plug-in {} failed: {}")
DAPI_BAD_FILE = _error("DAPI_BAD_FILE", 4003, "The file {} is not fit for the plug-in {}: {}")
MISSING_URI = _error("MISSING_URI", 4013, "No file URI specified in the Archive Request.")
UNKNOWN_MIME_TYPE1 = _error(
    "UNKNOWN_MIME_TYPE1", 4014, "The mime-type of the file {} cannot be told from its name."
)
IMPROPER_STATE = _error(
    "IMPROPER_STATE",
    4015,
    "Command {} not allowed when in State/Sub-State: {}/{}. Allowed State(s)/Sub-State(s) are: "
    "{}/{}.",
)
ILL_REQ = _error("ILL_REQ", 4017, "The server is not configured for handling {} requests.")
RETRIEVE_CMD = _error("RETRIEVE_CMD", 4018, "A RETRIEVE command needs the parameter file_id.")
UNAVAIL_FILE = _error("UNAVAIL_FILE", 4019, "File with ID: {} appears not to be available.")
UNKNOWN_DISK = _error("UNKNOWN_DISK", 4020, "There is no disk with ID: {}.")
BUF_DATA = _warning(
    "BUF_DATA", 4022, "Problem archiving {}: {}. The data was buffered and is archived later."
)
MIS_PAR = _error("MIS_PAR", 4028, "The parameter {} is needed.")
FILE_AVAIL = _info("FILE_AVAIL", 4029, "File with ID: {}/Version: {} is available on host: {}.")
FILE_NOT_AVAIL = _info("FILE_NOT_AVAIL", 4030, "File with ID: {}/Version: {} is not available.")
SERVICE_UNAVAIL = _info("SERVICE_UNAVAIL", 4032, "Service {} is not provided by this server.")
ILL_DPPI = _error("ILL_DPPI", 4034, "The processing plug-in {} is not configured.")
CMD_SYNTAX = _error("CMD_SYNTAX", 4035, "Illegal parameters for the command {}: {}")
CMD_EXEC = _error("CMD_EXEC", 4036, "The command {} failed: {}")
FILE_DEL_STAT = _info(
    "FILE_DEL_STAT", 4040, "Files selected for deletion: {}. Deleted: {}. Failed: {}."
)
DEL_DISK = _info("DEL_DISK", 4043, "Disk with ID: {} was deleted.")
DEL_DISK_SEL = _info("DEL_DISK_SEL", 4044, "Disk with ID: {} is selected for deletion.")
FILE_COPIES = _warning(
    "FILE_COPIES", 4046, "{} has files of which fewer than three independent copies exist."
)
UNKNOWN_MIME_TYPE2 = _error("UNKNOWN_MIME_TYPE2", 4047, "Unknown mime-type: {} for file: {}.")
FILES_NOT_REG = _warning("FILES_NOT_REG", 4050, "Disk with ID: {} holds files not registered: {}.")
CLONE_REJECTED = _error("CLONE_REJECTED", 4053, "The CLONE command is rejected: {}")
FILE_REG_FAILED = _error("FILE_REG_FAILED", 4055, "The file {} cannot be registered: {}")
FILE_OK = _info("FILE_OK", 4056, "The file with ID: {}/Version: {} on disk {} is in order.")
FILE_NOK = _error("FILE_NOK", 4057, "The file with ID: {}/Version: {} on disk {} is damaged: {}")
COM = _error("COM", 4058, "Problem communicating with {}: {}")
ILL_REQ_ID = _error("ILL_REQ_ID", 4059, "There is no request with ID: {}.")
DISCARD_NOT_FOUND = _error("DISCARD_NOT_FOUND", 4063, "There is no {} at {}.")
DISCARD_NOT_REM = _error("DISCARD_NOT_REM", 4064, "{} at {} is not for DISCARD: {}")
DISCARD_GRANTED = _info("DISCARD_GRANTED", 4065, "{} at {} can be discarded.")
DISCARD_OK = _info("DISCARD_OK", 4066, "{} at {} was discarded.")
DISCARD_FAILED = _error("DISCARD_FAILED", 4067, "{} at {} was not discarded: {}")
ARCH_REQ_OK = _info("ARCH_REQ_OK", 4068, "An Archive Request for data of type {} can be handled.")
ARCH_REQ_NOK = _error(
    "ARCH_REQ_NOK", 4069, "An Archive Request for data of type {} cannot be handled: {}"
)
