"""Whether the disk of the scratch has room, asked of it when something failed there.

Parsers and the programs they start take a full disk for a damaged file, or end without a word.
"""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT}
_PROBE_BYTES = 256 * 1024
"""Less than this is no room to read a file in."""


def tells_full(error: BaseException) -> bool:
    """True for an error that says that a disk, or what may be used of it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def is_full(folder: Path) -> bool:
    """True when nothing more can be written to a folder for lack of room."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
    except OSError as error:
        return tells_full(error)
    return False
