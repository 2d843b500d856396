"""Services that read real files, and a short way to have one taken in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from assistant.services.submission import AnnouncedFile, Submission
from ingest.limits import Limits
from ingest.reader import ParserPool
from tests.house import House, open_house


@contextmanager
def real_house(root: Path, *, limits: Limits | None = None) -> Generator[House]:
    """A house in a folder whose files are read by the product's own parsers."""
    reader = ParserPool(limits or Limits(), children=1, scratch=root)
    house = open_house(root, reader=reader)
    yield house
    house.close()
    reader.close()


def ingest_file(house: House, path: Path, *, name: str = "") -> None:
    """Send a file and let worker and applier take it in.

    Args:
        house: Where it goes.
        path: The content.
        name: Path as ingested; the file's own name when empty.
    """
    data = path.read_bytes()
    sent = AnnouncedFile(name or path.name, sha256(data).hexdigest(), len(data))
    request = Submission(source="upload", files=(sent,))
    _, wanted = house.ingestion.submit(request, principal=house.principal, scope=house.scope)
    for item in wanted:
        with path.open("rb") as content:
            house.ingestion.receive(item.id, content, principal=house.principal, scope=house.scope)
    house.settle()
