"""What the server does by the way, wired as in the product."""

from __future__ import annotations

from pathlib import Path

from assistant.testing.embedder import HashEmbedder
from tests.api.site import open_site


def test_vectors_that_no_document_holds_leave_by_themselves(tmp_path: Path) -> None:
    site = open_site(tmp_path)
    embedder = HashEmbedder(dimensions=32).identity
    with site.container.open_work() as work:
        work.vectors.add({"nobody": [0.5] * embedder.dimensions}, embedder=embedder)
        work.commit()

    site.container.applier.run_once()

    with site.container.open_work() as work:
        assert work.vectors.last_number() == 0
    site.close()
