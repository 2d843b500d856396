"""EML to a message, by the standard library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import cast

from ingest.charsets import decode
from ingest.errors import ParseFailed
from ingest.parsers.mail.calendar import event_text
from ingest.parsers.mail.message import Attachment, Message
from ingest.parsers.mail.versions import Version, chosen_version

_MAX_HEADER_CHARS = 16_000
"""Parsing a header takes time by the square of its length."""
_MAX_PARTS = 500
_ALTERNATIVE = "multipart/alternative"
_IGNORED = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"})
_UNREADABLE = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_WINMAIL = "winmail.dat"
_PGP_START = "-----BEGIN PGP MESSAGE-----"
_Part = EmailMessage


@lru_cache(maxsize=256)
def _parsed(name: str, value: str) -> str:
    """A header as the library parses it; it asks for that of a part six times over."""
    return policy.default.header_fetch_parse(name, value)


class _Policy(policy.EmailPolicy):
    """The default one, on headers of a bounded length, each parsed once."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(cast("list[str]", sourcelines))
        return name, value[:_MAX_HEADER_CHARS]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return _parsed(name, value)


def parse_eml(data: bytes) -> Message:
    """The message of an EML file.

    Raises:
        ParseFailed: It is damaged, or encrypted or sealed as a whole.
    """
    try:
        bare = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        return _message(cast("_Part", message_from_bytes(bare, policy=_Policy())))
    except (ParseFailed, MemoryError):
        raise
    except Exception as error:  # the library lets errors of every kind through on broken headers
        raise ParseFailed("file_damaged") from error


def _message(root: _Part) -> Message:
    if _content_type(root) in _SEALED:
        raise ParseFailed("message_encrypted")
    message = Message(
        engine="email",
        subject=_header(root, "subject"),
        sender=_header(root, "from"),
        recipients=_addresses(root, "to"),
        copies=_addresses(root, "cc"),
        date=_date(root),
    )
    _Walker(message).walk(root)
    if message.plain.lstrip().startswith(_PGP_START):
        raise ParseFailed("message_encrypted")
    return message


class _Walker:
    def __init__(self, message: Message) -> None:
        self._message = message
        self._plain: list[str] = []
        self._html: list[str] = []
        self._calendars: list[str] = []
        self._parts = 0

    def walk(self, root: _Part) -> None:
        self._take(root)
        has_text = bool(_letters([*self._plain, *self._html]))
        events = (event_text(text, has_text=has_text) for text in self._calendars[:1])
        self._message.plain = "\n\n".join([*self._plain, *events])
        self._message.html = "\n".join(self._html)

    def _take(self, part: _Part) -> None:
        self._parts += 1
        kind = _content_type(part)
        if kind in _IGNORED:
            return
        if self._parts > _MAX_PARTS:
            self._attach(Attachment(name="", is_readable=False))
        elif kind == "message/rfc822":
            self._attach(Attachment(name=_name(part) or _subject_name(part), load=_loader(part)))
        elif part.is_multipart():
            self._take_many(part, is_alternative=kind == _ALTERNATIVE)
        elif kind == "text/calendar":
            self._calendars.append(part_text(part, is_html=False))
        elif kind in {"text/plain", "text/html"} and not _is_attached(part):
            texts = self._html if kind == "text/html" else self._plain
            texts.append(part_text(part, is_html=kind == "text/html"))
        else:
            self._attach(_attachment(part, kind=kind, html=self._html))

    def _take_many(self, part: _Part, *, is_alternative: bool) -> None:
        plain, html = len(self._plain), len(self._html)
        for inner in cast("list[_Part]", part.get_payload()):
            self._take(inner)
        if not is_alternative or len(self._plain) == plain or len(self._html) == html:
            return
        version = chosen_version("\n\n".join(self._plain[plain:]), "\n".join(self._html[html:]))
        if version is Version.PLAIN:
            del self._html[html:]
            return
        del self._plain[plain:]
        self._message.is_double = self._message.is_double or version is Version.DIFFERENT

    def _attach(self, attachment: Attachment) -> None:
        self._message.attachments.append(attachment)


def part_text(part: _Part, *, is_html: bool) -> str:
    """The decoded text of a part, by its declared encoding where that makes sense."""
    data = cast("bytes", part.get_payload(decode=True) or b"")
    return decode(data, is_html=is_html, declared=str(part.get_param("charset") or ""))


def _attachment(part: _Part, *, kind: str, html: list[str]) -> Attachment:
    name = _name(part)
    if kind in _UNREADABLE or name.lower() == _WINMAIL:
        return Attachment(name=name or _WINMAIL, is_readable=False)
    if kind in _SEALED:
        return Attachment(name=name or "smime.p7m", is_readable=False)
    data = cast("bytes", part.get_payload(decode=True) or b"")
    return Attachment(name=name, data=data, is_inline=_is_inline(part, kind=kind, html=html))


def _subject_name(part: _Part) -> str:
    """A name for a message that came without one: its subject."""
    inner = part.get_payload()
    if not isinstance(inner, list) or not inner:
        return ""
    subject = _header(cast("_Part", inner[0]), "subject")
    return subject and f"{subject.replace('/', '-')}.eml"


def _loader(part: _Part) -> Callable[[], Message]:
    def load() -> Message:
        inner = part.get_payload()
        if isinstance(inner, list) and inner:
            return _message(cast("_Part", inner[0]))
        return parse_eml(cast("bytes", part.get_payload(decode=True) or b""))

    return load


def _is_attached(part: _Part) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_name(part))


def _is_inline(part: _Part, *, kind: str, html: list[str]) -> bool:
    """True for a picture shown inside the text; some programs give an identifier to true attachments too."""
    if not kind.startswith("image/"):
        return False
    content_id = _raw_header(part, "content-id").strip().strip("<>")
    disposition = part.get_content_disposition()
    if disposition == "attachment":
        return bool(content_id) and any(f"cid:{content_id}" in text for text in html)
    return disposition == "inline" or bool(content_id)


def _content_type(part: _Part) -> str:
    try:
        return part.get_content_type()
    except Exception:  # noqa: BLE001 - see parse_eml
        return "application/octet-stream"


def _name(part: _Part) -> str:
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001 - see parse_eml
        return ""


def _header(part: _Part, name: str) -> str:
    raw = _raw_header(part, name)
    if not raw.isascii():
        return decode(raw.encode("utf-8", errors="surrogateescape"))
    try:
        return str(part[name] or "")
    except Exception:  # noqa: BLE001 - see parse_eml
        return raw


def _raw_header(part: _Part, name: str) -> str:
    return next((str(value) for key, value in part.raw_items() if key.lower() == name), "")


def _addresses(part: _Part, name: str) -> list[str]:
    try:
        found = [str(address) for address in part[name].addresses]
    except Exception:  # noqa: BLE001 - see parse_eml; an absent header has no addresses either
        found = []
    if found and _raw_header(part, name).isascii():
        return found
    whole = _header(part, name)
    return [whole] if whole else []


def _date(part: _Part) -> datetime | None:
    try:
        return parsedate_to_datetime(_header(part, "date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _letters(texts: list[str]) -> int:
    return sum(1 for text in texts for char in text if char.isalnum())
