"""What makes two readings of a content the same."""

from __future__ import annotations

from hashlib import sha256


def fingerprint_of(content_sha256: str, *, reader_version: str, embedder_id: str) -> str:
    """Hash of content, reader (parsers and chunker) and embedder, hexadecimal."""
    return sha256(f"{content_sha256}\n{reader_version}\n{embedder_id}".encode()).hexdigest()


def embedded_hash_of(text: str) -> str:
    """Hash of an embedded text, hexadecimal; with the embedder's id, the key of its vector."""
    return sha256(text.encode()).hexdigest()
