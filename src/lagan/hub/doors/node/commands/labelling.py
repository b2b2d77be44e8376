"""LABEL: a disk's label is printed, or it gets another name.

Source: reference/ngas-http.md sections 4.5 and 12.
"""

from __future__ import annotations

import re

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Disk
from lagan.hub.doors.node.plugins.facade import PlugInRequest, PlugInServer
from lagan.hub.doors.node.volumes import disk_rows
from lagan.hub.doors.node.volumes.disks import MAIN, REPLICA, write_disk_info
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX, UNKNOWN_DISK
from lagan.hub.doors.node.wire.reply import Call, Done, Failed

SYNTAX = "slot_id=ID&host_id=ID, disk_id=ID, or relabel=DISK_ID&new_label=LABEL"
_LABEL = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def _label(call: Call) -> Done:
    if call.request.has("relabel") or call.request.has("new_label"):
        _relabel(call)
    else:
        _print(call, _disk(call))
    return Done("Successfully handled command LABEL")


def _disk(call: Call) -> Disk:
    request = call.request
    if request.has("disk_id"):
        row = Disk.objects.filter(pk=request.get("disk_id")).first()
        if row is None:
            raise Failed(UNKNOWN_DISK.say(request.get("disk_id")))
        return row
    slot, host = request.get("slot_id"), request.get("host_id") or call.node.host_id
    if not slot:
        raise Failed(CMD_SYNTAX.say("LABEL", SYNTAX))
    row = Disk.objects.filter(host_id=host, slot_id=slot).first()
    if row is None:
        raise Failed(CMD_SYNTAX.say("LABEL", f"there is no disk in slot {slot} of {host}"))
    return row


def _print(call: Call, disk: Disk) -> None:
    """Hand the label's text to the plug-in that prints: archive, logical name, disk id."""
    system = call.node.config.system
    if not system.label:
        raise Failed(CMD_SYNTAX.say("LABEL", "SystemPlugIns names no LabelPrinterPlugIn"))
    text = f"{disk.archive or ''}: {disk.logical_name or disk.disk_id}"
    server = PlugInServer(call.node, system.label_parameters)
    call.node.plug_ins.call("label", system.label, server, text, PlugInRequest(call.request))


def _relabel(call: Call) -> None:
    """Give a disk another logical name, here and in its own `NgasDiskInfo`."""
    request = call.request
    disk_id, label = request.get("relabel"), request.get("new_label")
    # `relabel=1` goes with the disk's own parameter.
    disk_id = request.get("disk_id") or disk_id
    if not disk_id or not label:
        raise Failed(CMD_SYNTAX.say("LABEL", SYNTAX))
    if not _LABEL.fullmatch(label):
        raise Failed(CMD_SYNTAX.say("LABEL", f"{label[:40]!r} is no label"))
    mounted = call.node.disks.get(disk_id)
    if mounted is not None and says_kind(label, mounted.label) not in ("", mounted.kind):
        raise Failed(CMD_SYNTAX.say("LABEL", f"{label} is a name for disks of the other kind"))
    with catalogue.turn():
        row = Disk.objects.select_for_update().filter(pk=disk_id).first()
        if row is None:
            raise Failed(UNKNOWN_DISK.say(disk_id))
        if Disk.objects.filter(logical_name=label).exclude(pk=disk_id).exists():
            raise Failed(CMD_SYNTAX.say("LABEL", f"another disk is called {label}"))
        disk_rows.tell(disk_id, call.node.host_id, f"Disk renamed from {row.logical_name}")
        Disk.objects.filter(pk=disk_id).update(logical_name=label)
    if mounted is not None:
        write_disk_info(mounted, call.node.host_id)


def says_kind(logical_name: str, label: str) -> str:
    """M or R when a logical name says which kind its disk is, else nothing."""
    kind, mark, _ = logical_name.removeprefix(f"{label}-").partition("-")
    return kind if mark and kind in (MAIN, REPLICA) else ""


COMMANDS = {"LABEL": Command(_label)}
