"""A backup of a data folder that dies: killed at its n-th original, or without room for more than some bytes."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from assistant.backups import back_up
from assistant.domain.errors import StorageError
from assistant.services.archive_writer import ArchiveWriter
from assistant.settings import Settings


def main(data: str, folder: str, how: str, number: int) -> int:
    if how == "kill":
        add, count = ArchiveWriter.add_file, 0

        def fatal(self: ArchiveWriter, path: str, stream: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return add(self, path, stream)

        ArchiveWriter.add_file = fatal
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
    try:
        back_up(Settings(data_dir=Path(data)), Path(folder), keep=1)
    except StorageError as error:
        return 3 if error.code == "disk_full" else 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
