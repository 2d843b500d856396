"""MSG to a message, by python-oxmsg; texts are decoded here, as its own decoding stops at the first fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingest.charsets import decode
from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.parsers.mail.eml import parse_eml
from ingest.parsers.mail.message import Attachment, Message
from ingest.parsers.mail.rtf import expand_rtf
from ingest.parsers.mail.versions import Version, chosen_version

if TYPE_CHECKING:
    from oxmsg.storage import Storage

_CLASS, _SUBJECT, _BODY, _HTML, _RTF = 0x001A, 0x0037, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS = 0x0C1A, 0x5D01, 0x0C1F
_DISPLAY_NAME, _SMTP_ADDRESS, _EMAIL_ADDRESS, _RECIPIENT_TYPE = 0x3001, 0x39FE, 0x3003, 0x0C15
_DISPLAY_TO, _DISPLAY_CC = 0x0E04, 0x0E03
_SENT, _DELIVERED = 0x0039, 0x0E06
_LONG_NAME, _SHORT_NAME, _DATA, _IS_HIDDEN, _MIME = 0x3707, 0x3704, 0x3701, 0x7FFE, 0x370E
_CONTENT_ID, _FLAGS, _RENDERED_IN_BODY = 0x3712, 0x3714, 0x4
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".svg")
_UNICODE, _BYTES_TEXT, _BINARY = 0x001F, 0x001E, 0x0102
_EMBEDDED = "__substg1.0_3701000D"
_TO, _COPY = 1, 2
_TOP_OFFSET, _INNER_OFFSET, _PART_OFFSET = 32, 24, 8
"""Bytes before the properties of a message, of a message inside another, of a recipient or attachment."""
_SIGNED = "IPM.NOTE.SMIME.MULTIPARTSIGNED"
_SEALED = "IPM.NOTE.SMIME"
_PROTECTED = ".rpmsg"


def parse_msg(path: Path) -> Message:
    """The message of an MSG file.

    Raises:
        ParseFailed: It is damaged, or encrypted or sealed as a whole.
    """
    storage_class = cast("Any", import_module("oxmsg.storage")).Storage
    olefile = cast("Any", import_module("olefile"))
    try:
        with olefile.OleFileIO(str(path)) as ole:
            root = cast("Storage", storage_class.from_ole(ole))
        return _message(root, offset=_TOP_OFFSET)
    except ParseFailed:
        raise
    except Exception as error:  # both libraries let errors of indexes and structures through
        raise ParseFailed("file_damaged") from error


def _message(storage: Storage, *, offset: int) -> Message:
    kind = _text(storage, _CLASS).upper()
    html = _html(storage)
    attachments = [_attachment(part, html=html) for part in storage.iter_attachment_storages()]
    if kind.startswith(_SIGNED) and attachments:
        return _signed(attachments[0])
    if kind.startswith(_SEALED):
        raise ParseFailed("message_encrypted")
    message = Message(
        engine="oxmsg",
        subject=_text(storage, _SUBJECT),
        sender=_sender(storage),
        date=_date(storage, offset=offset),
        plain=_text(storage, _BODY),
        html=html,
        attachments=attachments,
    )
    _add_recipients(message, storage)
    _choose_version(message)
    if not (message.plain.strip() or message.html.strip()):
        message.rtf = expand_rtf(_binary(storage, _RTF))
    return message


def _choose_version(message: Message) -> None:
    if not (message.plain.strip() and message.html.strip()):
        return
    version = chosen_version(message.plain, message.html)
    message.is_double = version is Version.DIFFERENT
    if version is Version.PLAIN:
        message.html = ""
    else:
        message.plain = ""


def _signed(whole: Attachment) -> Message:
    """A clear-signed message, which Outlook keeps as the one attachment of an empty one."""
    if not whole.data:
        raise ParseFailed("message_encrypted")
    return parse_eml(whole.data)


def _attachment(storage: Storage, *, html: str) -> Attachment:
    name = _text(storage, _LONG_NAME) or _text(storage, _SHORT_NAME)
    inner = next((part for part in storage.storages if part.name == _EMBEDDED), None)
    if inner is not None:
        return Attachment(name=name or _text(storage, _DISPLAY_NAME), load=_loader(inner))
    return Attachment(
        name=name,
        data=_binary(storage, _DATA),
        is_readable=not name.lower().endswith((_PROTECTED, "winmail.dat")),
        is_inline=_is_inline(storage, name=name, html=html),
    )


def _is_inline(storage: Storage, *, name: str, html: str) -> bool:
    """True for a picture shown inside the text; Outlook gives an identifier to true attachments too."""
    is_picture = _text(storage, _MIME).lower().startswith("image/")
    if not is_picture and not name.lower().endswith(_PICTURES):
        return False
    content_id = _text(storage, _CONTENT_ID)
    is_named = bool(content_id) and f"cid:{content_id}" in html
    is_rendered = bool(_number(storage, _FLAGS) & _RENDERED_IN_BODY)
    return is_named or is_rendered or bool(_number(storage, _IS_HIDDEN))


def _loader(storage: Storage) -> Callable[[], Message]:
    def load() -> Message:
        return _message(storage, offset=_INNER_OFFSET)

    return load


def _add_recipients(message: Message, storage: Storage) -> None:
    for part in storage.iter_recipient_storages():
        address = _text(part, _SMTP_ADDRESS) or _text(part, _EMAIL_ADDRESS)
        person = _person(_text(part, _DISPLAY_NAME), address=address)
        kind = _number(part, _RECIPIENT_TYPE)
        if person and kind in (_TO, _COPY):
            (message.recipients if kind == _TO else message.copies).append(person)
    if not message.recipients:
        message.recipients = [name for name in [_text(storage, _DISPLAY_TO)] if name]
    if not message.copies:
        message.copies = [name for name in [_text(storage, _DISPLAY_CC)] if name]


def _sender(storage: Storage) -> str:
    address = _text(storage, _SENDER_SMTP) or _text(storage, _SENDER_ADDRESS)
    return _person(_text(storage, _SENDER_NAME), address=address)


def _person(name: str, *, address: str) -> str:
    """A name with its address, unless that is one of the directory of an Exchange server."""
    name, address = one_line(name).strip("'"), one_line(address)
    if "@" not in address or name == address:
        return name
    return f"{name} <{address}>" if name else address


def _html(storage: Storage) -> str:
    data = _binary(storage, _HTML)
    return decode(data, is_html=True) if data else _text(storage, _HTML)


def _text(storage: Storage, pid: int) -> str:
    data = _stream(storage, pid, kind=_UNICODE)
    if data is not None:
        return data.decode("utf-16-le", errors="replace").rstrip("\x00")
    return decode(_stream(storage, pid, kind=_BYTES_TEXT) or b"").rstrip("\x00")


def _binary(storage: Storage, pid: int) -> bytes:
    return _stream(storage, pid, kind=_BINARY) or b""


def _stream(storage: Storage, pid: int, *, kind: int) -> bytes | None:
    try:
        return storage.property_stream_bytes(pid, kind)
    except KeyError:
        return None


def _date(storage: Storage, *, offset: int) -> datetime | None:
    properties = _properties(storage, offset=offset)
    with suppress(Exception):
        return properties.date_prop_value(_SENT) or properties.date_prop_value(_DELIVERED)
    return None


def _number(storage: Storage, pid: int) -> int:
    with suppress(Exception):
        return int(_properties(storage, offset=_PART_OFFSET).int_prop_value(pid) or 0)
    return 0


def _properties(storage: Storage, *, offset: int) -> Any:
    return cast("Any", import_module("oxmsg.properties")).Properties(storage, offset)
