"""The length of chunks is asked for with each reading."""

from __future__ import annotations

from pathlib import Path

from ingest.reader import ParserPool

PARAGRAPH = "La commission examine les demandes de subvention des associations de la commune. "


def test_a_reading_is_cut_as_it_is_asked_for(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("\n\n".join(f"{n}. {PARAGRAPH * 4}" for n in range(12)), "utf-8")

    ordinary = pool.read(path, name="note.txt")
    shorter = pool.read(path, name="note.txt", chunk_tokens=64)
    again = pool.read(path, name="note.txt")

    assert (ordinary.chunk_tokens, shorter.chunk_tokens) == (None, 64)
    assert len(shorter.chunks) > 2 * len(ordinary.chunks)
    assert shorter.document == ordinary.document
    assert again == ordinary
