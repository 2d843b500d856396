"""What keeps secrets of sources unreadable at rest."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Encrypts short texts. A sealed text opens only for what it was sealed for."""

    def seal(self, text: str, *, owner: str) -> str:
        """A text that only `open` with the same owner turns back.

        Raises:
            ConfigurationError: There is no usable key ("sealing_key_unusable").
        """
        ...

    def open(self, sealed: str, *, owner: str) -> str:
        """The text that was sealed for an owner.

        Raises:
            ConfigurationError: The key is lost or another one ("sealing_key_wrong"), or there is
                none that can be used ("sealing_key_unusable").
        """
        ...

    def is_current(self, sealed: str) -> bool:
        """True when it was sealed with the newest key."""
        ...
