"""Programs of the system that readings use where they are installed, and where they are looked for."""

from __future__ import annotations

import shutil
import subprocess
from enum import StrEnum
from pathlib import Path

PROGRAM_FOLDERS = "/usr/local/bin:/usr/bin:/bin"
"""Search path of parsing children, whatever that of their parent is."""
_FRENCH = "fra"
_OFFICE_NAMES = ("soffice", "libreoffice")
_PROBE_S = 10.0


class Tool(StrEnum):
    """A program without which some files are read less well, or not at all."""

    TESSERACT = "tesseract"
    """With French."""
    LIBREOFFICE = "libreoffice"


def missing_tools(folders: str) -> frozenset[Tool]:
    """The tools that are not installed at this moment.

    Args:
        folders: Search path; the answer holds for children that have the same.
    """
    is_found = {
        Tool.TESSERACT: has_tesseract(folders),
        Tool.LIBREOFFICE: find_office(folders) is not None,
    }
    return frozenset(tool for tool, is_here in is_found.items() if not is_here)


def find_office(folders: str | None = None) -> Path | None:
    """The program of LibreOffice, None where it is not installed.

    Args:
        folders: Search path; None takes that of this process.
    """
    found = (shutil.which(program, path=folders) for program in _OFFICE_NAMES)
    return next((Path(path) for path in found if path is not None), None)


def has_tesseract(folders: str | None = None) -> bool:
    """True when Tesseract is installed with French.

    Asked anew each time: a child must not go on without a language that was added since.

    Args:
        folders: Search path; None takes that of this process.
    """
    program = shutil.which("tesseract", path=folders)
    if program is None:
        return False
    try:
        done = subprocess.run(
            (program, "--list-langs"), capture_output=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _FRENCH in done.stdout.decode("utf-8", "replace").split()
