"""PDFs of decks, from which the images of their slides are drawn: printed once, kept, not tried in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from assistant.domain.errors import IngestionError, NotFound
from assistant.ports.files import FileStore
from assistant.ports.parsing import FileReader
from ingest.errors import IngestError, ParserDied, RefusedFile

_RETRY_S = 3600.0
"""How long a deck that could not be printed is left alone: each try may cost a minute of LibreOffice."""
_MAX_REMEMBERED = 1000
_UNPRINTABLE = "slides_unrenderable"


class Decks:
    """Safe to use from several threads; one deck is printed at a time.

    Args:
        files: Where decks are, and where their PDFs are kept.
        reader: What prints them.
        elapsed: Seconds on a clock that never goes back.
    """

    def __init__(
        self, files: FileStore, reader: FileReader, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = files
        self._reader = reader
        self._elapsed = elapsed
        self._printing = threading.Lock()
        self._failed: dict[str, float] = {}

    def kept(self, sha256: str) -> Path | None:
        """The PDF of a deck, None when it is still to be printed."""
        return self._files.deck_pdf(sha256)

    def printed(self, sha256: str) -> Path:
        """The PDF of a deck: page n is slide n. Takes some seconds the first time.

        Raises:
            NotFound: The deck is not kept.
            IngestionError: It cannot be printed ("slides_need_office", "slides_unrenderable"), or
                nothing is free to do it ("reader_busy").
        """
        kept = self.kept(sha256)
        if kept is not None:
            return kept
        with self._printing:
            return self.kept(sha256) or self._print(sha256)

    def _print(self, sha256: str) -> Path:
        if self._elapsed() < self._failed.get(sha256, 0.0):
            raise IngestionError(_UNPRINTABLE)
        try:
            content = self._reader.print_deck(self._files.path(sha256))
        except IngestError as error:
            if error.code == _UNPRINTABLE or isinstance(error, ParserDied | RefusedFile):
                self._remember(sha256)
                raise IngestionError(_UNPRINTABLE) from error
            raise IngestionError.of(error) from error
        kept = self._files.put_deck_pdf(sha256, content=content)
        if not self._files.has(sha256):
            # Its document was deleted meanwhile: nobody else would ever remove this PDF.
            self._files.remove(sha256)
            raise NotFound
        return kept

    def _remember(self, sha256: str) -> None:
        while len(self._failed) >= _MAX_REMEMBERED:
            self._failed.pop(next(iter(self._failed)))
        self._failed[sha256] = self._elapsed() + _RETRY_S
