"""A message as both of its formats give it, before its attachments are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Message:
    """The parts of a message that a reader sees."""

    engine: str
    """Name of the library that read it."""
    subject: str = ""
    sender: str = ""
    recipients: list[str] = field(default_factory=list[str])
    copies: list[str] = field(default_factory=list[str])
    date: datetime | None = None
    """When it was sent, in the sender's time zone where known."""
    plain: str = ""
    """Its text without form, where it is read; where `html` is set as well, both are shown."""
    html: str = ""
    is_double: bool = False
    """True when it has a version for other readers, which says something else and is left out."""
    rtf: bytes = b""
    """Its text when it has no other."""
    attachments: list[Attachment] = field(default_factory=list["Attachment"])


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or another message inside a message."""

    name: str
    """As the message gives it; may be empty."""
    data: bytes = b""
    load: Callable[[], Message] | None = None
    """Gives the message that it is; None for a file."""
    is_readable: bool = True
    """False for what is known not to be read, such as winmail.dat."""
    is_inline: bool = False
    """True for a picture that the text shows inside itself."""
