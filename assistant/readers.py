"""The pool of parsing children of the settings, and what looks at files before them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from assistant.data_folder import prepare_data_folder
from assistant.ports.parsing import FileReader
from assistant.ports.scanning import VirusScanner
from assistant.services.scratch import own_scratch
from assistant.settings import Settings
from ingest.limits import MEGABYTE, Limits


def open_reader(settings: Settings, *, scratch: Path, children: int) -> FileReader:
    """A pool with the limits of the settings; its children start when they are needed.

    Args:
        settings: They give the limits.
        scratch: Folder for the children's own folders.
        children: Greatest number of files read at once.
    """
    from ingest.reader import ParserPool

    return ParserPool(_limits_of(settings), children=children, scratch=scratch)


@contextmanager
def own_reader(settings: Settings) -> Generator[FileReader]:
    """The reader of a worker process: no other process takes its folder for that of a dead one.

    Raises:
        StorageError: The data folder cannot be used.
    """
    shared = prepare_data_folder(settings.data_dir).scratch
    with own_scratch(shared) as scratch:
        yield open_reader(settings, scratch=scratch, children=worker_children(settings))


def worker_children(settings: Settings) -> int:
    """Children of a worker: as many as read files of one tenant at once, and one for those of others."""
    return settings.ingest.children + 1


def reader_version_of(settings: Settings) -> str:
    """Version of the parsers and of the chunker with the limits of the settings."""
    from ingest.versions import reader_version

    return reader_version(_limits_of(settings))


def _limits_of(settings: Settings) -> Limits:
    chosen = settings.ingest
    return Limits(
        max_file_bytes=chosen.max_file_mb * MEGABYTE,
        max_text_bytes=chosen.max_text_mb * MEGABYTE,
        max_pages=chosen.max_pages,
        max_expanded_bytes=chosen.max_expanded_mb * MEGABYTE,
        max_expansion_ratio=chosen.max_expansion_ratio,
        max_archive_entries=chosen.max_archive_entries,
        max_sheet_rows=chosen.max_sheet_rows,
        max_sheet_columns=chosen.max_sheet_columns,
        max_sheet_cells=chosen.max_sheet_cells,
        max_attachments=chosen.max_attachments,
        base_s=chosen.parse_base_s,
        page_s=chosen.parse_page_s,
        ocr_page_s=chosen.ocr_page_s,
        memory_bytes=chosen.parse_memory_mb * MEGABYTE,
        chunk_tokens=chosen.chunk_tokens,
    )


def open_scanner(settings: Settings) -> VirusScanner | None:
    """The virus scanner of the settings, None when they name none."""
    if not settings.ingest.clamav:
        return None
    from assistant.adapters.clamav.scanner import ClamavScanner

    return ClamavScanner(settings.ingest.clamav)
