"""Remove a file or an empty folder of a site. What its content has at a target stays there: other
files, other sites or a snapshot may be stubs of it."""

from __future__ import annotations

import errno
import os
from stat import S_ISDIR

from lagan.hsm.errors import Busy

_FULL = {errno.ENOTEMPTY, errno.EEXIST}


def delete(folder: int, name: str) -> bool:
    """Remove `name` from an open folder; whether it was there. A link goes itself, what it points
    to stays. Busy for a folder that holds something: who empties it may not be done."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if S_ISDIR(found.st_mode):
            os.rmdir(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in _FULL:
            raise Busy("The folder is not empty.") from None
        raise
    return True
