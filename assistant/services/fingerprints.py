"""What makes two readings of a content the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from hashlib import sha256
from itertools import combinations

from assistant.domain.ids import TenantId
from assistant.ports.parsing import FileReader
from ingest.tools import Tool

Standing = Callable[[str], frozenset[str]]
"""Gives the fingerprints of all readings of a content that one made now would not better."""


class Fingerprints:
    """Names of readings by the reader and embedder in use."""

    def __init__(self, reader: FileReader, *, embedder_id: str, also: Collection[str] = ()) -> None:
        """Prepare.

        Args:
            reader: Reads files.
            embedder_id: Of the embedder that new readings are named by.
            also: Of others for which readings stand too: what they lack are vectors, which are made
                without reading again.
        """
        self._reader = reader
        self._embedder_id = embedder_id
        self._embedder_ids = (embedder_id, *(each for each in also if each != embedder_id))

    def of(self, content_sha256: str, *, missing: Collection[Tool] = ()) -> str:
        """Fingerprint of a reading that was made without some tools it would have used."""
        return self._of(content_sha256, embedder_id=self._embedder_id, missing=missing)

    def standing(self) -> Standing:
        """What need not be read again: readings that lacked nothing, or only what is still missing.

        The tools are looked for once, here: this takes time, and must not happen in a transaction.
        """
        missing = sorted(self._reader.missing_tools())
        lacks = [some for size in range(len(missing) + 1) for some in combinations(missing, size)]
        return lambda content_sha256: frozenset(
            self._of(content_sha256, embedder_id=embedder_id, missing=lack)
            for lack in lacks
            for embedder_id in self._embedder_ids
        )

    def _of(self, content_sha256: str, *, embedder_id: str, missing: Collection[Tool]) -> str:
        return fingerprint_of(
            content_sha256,
            reader_version=self._reader.version,
            embedder_id=embedder_id,
            missing=missing,
        )


def fingerprint_of(
    content_sha256: str, *, reader_version: str, embedder_id: str, missing: Collection[Tool] = ()
) -> str:
    """Hash of content, reader (parsers and chunker), embedder and tools missed, hexadecimal."""
    parts = (content_sha256, reader_version, embedder_id, *sorted(missing))
    return sha256("\n".join(parts).encode()).hexdigest()


def embedded_hash_of(text: str, *, tenant_id: TenantId) -> str:
    """Hash of an embedded text, hexadecimal; with the embedder's id, the key of its vector.

    The tenant is part of it: how long a reading takes tells nobody whether another tenant holds a text.
    """
    return sha256(f"{tenant_id}\n{text}".encode()).hexdigest()
