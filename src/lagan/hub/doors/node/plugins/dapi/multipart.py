"""ngamsSdmMultipart: multipart messages under the id that they carry.

The id is the header `alma-uid` or `Content-ID`, the name what remains of it as one safe name.
Source: reference/ngas-http.md section 12 names the plug-in and says nothing of it; a message that
carries no id is kept under the file's own.
"""

from __future__ import annotations

import re
from email.parser import BytesHeaderParser

from lagan.hub.doors.node.files.layout import with_extension
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.wire.messages import DAPI_BAD_FILE
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.names import safe_name

NAME = "ngamsSdmMultipart"
_HEAD = 65_536


def file_multipart(arrived: Arrived) -> Filed:
    """The message by its id. Failed when it is no multipart message."""
    with arrived.path.open("rb") as source:
        begin = source.read(_HEAD).lstrip(b"\r\n").replace(b"\r\n", b"\n")
    head, mark, _ = begin.partition(b"\n\n")
    message = BytesHeaderParser().parsebytes(head)
    if not mark or message.get_content_maintype() != "multipart":
        raise Failed(DAPI_BAD_FILE.say(arrived.name, NAME, "it is no multipart message"))
    told = str(message.get("alma-uid") or message.get("Content-ID") or "").strip("<> ")
    file_id = arrived.parameters.get("file_id") or told[:1024] or arrived.file_id
    stem = safe_name(re.sub(r"^uid:/*", "", told)) if told else arrived.name
    name = with_extension(stem, arrived.mime_type, arrived.extensions)
    return Filed(file_id, name, arrived.mime_type)
