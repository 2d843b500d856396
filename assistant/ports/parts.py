"""Where contents that come in parts wait until they are whole."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from assistant.domain.ids import TenantId


class PartStore(Protocol):
    """Begun contents by tenant and name. Raises `StorageError` ("disk_full", "storage_error").

    What was taken stays after `kill -9`; what is not whole is never seen by anybody but here.
    """

    def size(self, owner: TenantId, name: str) -> int:
        """Bytes that are there; 0 when nothing is."""
        ...

    def append(self, owner: TenantId, name: str, *, offset: int, block: bytes) -> int:
        """Add a block where the content ends.

        Returns:
            Its new size.

        Raises:
            Conflict: It does not end at `offset` ("upload_offset"): another request goes on with it.
        """
        ...

    def opened(self, owner: TenantId, name: str) -> AbstractContextManager[BinaryIO]:
        """What is there, to be read from its beginning.

        Raises:
            NotFound: Nothing is.
        """
        ...

    def drop(self, owner: TenantId, name: str) -> None:
        """Forget a content; no error when absent."""
        ...

    def drop_all(self, owner: TenantId) -> None:
        """Forget all begun contents of a tenant."""
        ...

    def count(self, owner: TenantId) -> int:
        """How many contents of a tenant are begun."""
        ...

    def held_bytes(self, owner: TenantId) -> int:
        """What all begun contents of a tenant take."""
        ...

    def drop_older(self, *, than_s: float) -> int:
        """Forget what got no block for so long, in seconds; how many there were."""
        ...
