"""Conversion of office files by LibreOffice, inside a parsing child and within its limits.

LibreOffice gets a home, a profile and a copy of the file in one folder that goes away with it; the
profile forbids macros, active content and links. It inherits the network and the limits of the child:
on the reference files 1 GB of address space is enough for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import quoteattr

from ingest.model import FileFormat
from ingest.tools import PROGRAM_FOLDERS

_FILTERS = {
    FileFormat.DOCX: "docx:MS Word 2007 XML",
    FileFormat.PPTX: "pptx:Impress MS PowerPoint 2007 XML",
    FileFormat.PDF: "pdf:impress_pdf_Export",
}
_READERS: dict[str, str] = {
    FileFormat.PPTX: "Impress MS PowerPoint 2007 XML",
    FileFormat.PPT: "MS PowerPoint 97",
    FileFormat.ODP: "impress8",
}
"""Decks are read as what they were checked for, whatever LibreOffice would take them for."""
_SCRIPTING = "/org.openoffice.Office.Common/Security/Scripting"
_PDF_EXPORT = "/org.openoffice.Office.Common/Filter/PDF/Export"
_SETTINGS = (
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    (_SCRIPTING, "DisableActiveContent", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "1"),
    (_PDF_EXPORT, "ExportHiddenSlides", "true"),
    (_PDF_EXPORT, "ReduceImageResolution", "true"),
    (_PDF_EXPORT, "MaxImageResolution", "150"),
    (_PDF_EXPORT, "Quality", "80"),
)
"""Path, name and value of what the profile says: no macros, links never updated, a PDF whose page n is
slide n, hidden slides counted, its images no finer than they are shown."""
_OPTIONS = (
    "--headless",
    "--norestore",
    "--nologo",
    "--nodefault",
    "--nofirststartwizard",
    "--nolockcheck",
)


def convert(
    path: Path, *, office: Path, to: FileFormat, folder: Path, within_s: float
) -> Path | None:
    """A file in another format, None when LibreOffice does not give it in time.

    Nothing of LibreOffice is left running afterwards.

    Args:
        path: The file; its extension tells its true format.
        office: The program.
        to: DOCX or PPTX; PDF for a deck.
        folder: An empty folder for everything that is written.
        within_s: Wall time allowed, in seconds.
    """
    source = folder / f"source{path.suffix}"
    shutil.copyfile(path, source)
    _write_profile(folder / "profile")
    process = subprocess.Popen(
        [
            str(office),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *_OPTIONS,
            *_read_as(path),
            *("--convert-to", _FILTERS[to], "--outdir", str(folder / "out"), str(source)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    converted = folder / "out" / f"source.{to}"
    return converted if converted.is_file() else None


def _read_as(path: Path) -> tuple[str, ...]:
    reader = _READERS.get(path.suffix.removeprefix("."))
    return (f"--infilter={reader}",) if reader is not None else ()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": PROGRAM_FOLDERS,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "SAL_USE_VCLPLUGIN": "svp",
        "MALLOC_ARENA_MAX": "2",
    }


def _write_profile(profile: Path) -> None:
    items = "".join(
        f"<item oor:path={quoteattr(path)}><prop oor:name={quoteattr(name)} "
        f'oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    user = profile / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>',
        encoding="utf-8",
    )
