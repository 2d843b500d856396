"""Messages to blocks: who wrote to whom and when, the text, then what is attached, each as its own part."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ingest.cleaning import one_line
from ingest.draft import Draft, Work, text_block
from ingest.errors import IngestError, ParseFailed, RefusedFile
from ingest.formats import detect_format
from ingest.guards import check_access, check_content, check_pages, expanded_bytes
from ingest.model import NOWHERE, Block, BlockKind, FileFormat, Notice, Place
from ingest.parsers.mail.body import body_blocks
from ingest.parsers.mail.eml import parse_eml
from ingest.parsers.mail.message import Attachment, Message
from ingest.parsers.mail.msg import parse_msg
from ingest.parsers.mail.pictures import PICTURE_LETTERS, is_decoration

_MAX_NAME_CHARS = 150
_MAX_PEOPLE = 20
_MAX_NAMES = 60
_MAX_HEADING_LEVEL = 9
_TIME_SHARE = 0.6
"""Share of the time allowed to a message after which no further attachment is begun."""
_UNNAMED = "pièce sans nom"
_UNTITLED = "Message sans objet"
_KEPT_NOTICES = frozenset(Notice) - {Notice.NEARLY_EMPTY, Notice.NO_TITLE}
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def read_eml(path: Path, work: Work) -> Draft:
    """The blocks of an EML message and of what is attached to it.

    Raises:
        ParseFailed: The message itself is damaged or encrypted.
    """
    return _Assembly(work).draft(parse_eml(path.read_bytes()))


def read_msg(path: Path, work: Work) -> Draft:
    """The blocks of an Outlook message and of what is attached to it.

    Raises:
        ParseFailed: The message itself is damaged or encrypted.
    """
    return _Assembly(work).draft(parse_msg(path))


class _Wordless(RefusedFile):
    """Nothing is read in an attachment."""


class _Assembly:
    """One message being read; its counts hold for all that lies inside it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._draft = Draft(engine="")
        self._started = time.monotonic()
        self._files = self._part = 0
        self._bytes = 0
        self._pages = self._scans = 0
        self._names: Counter[str] = Counter()

    def draft(self, message: Message) -> Draft:
        title = one_line(message.subject)
        self._draft.engine = message.engine
        self._draft.declared_title = self._draft.own_title = title
        self._draft.own_date = message.date.date() if message.date is not None else None
        self._add_message(message, part="", depth=0)
        return self._draft

    def _add_message(self, message: Message, *, part: str, depth: int) -> None:
        level = 1 if depth == 0 else 2
        subject = one_line(message.subject) or _UNTITLED
        heading = text_block(subject, kind=BlockKind.HEADING, level=level)
        self._add([heading] if heading is not None else [], part=part)
        header_at = len(self._draft.blocks)
        self._add(self._shifted(self._body(message), by=level), part=part)
        names = [
            self._add_attachment(attachment, part=part, depth=depth)
            for attachment in message.attachments
        ]
        header = text_block(_header_lines(message, names=[name for name in names if name]))
        if header is not None:
            place = Place(part=part) if part else NOWHERE
            self._draft.blocks.insert(header_at, replace(header, place=place))

    def _body(self, message: Message) -> list[Block]:
        if message.rtf:
            try:
                return self._file_blocks(Attachment("message.rtf", message.rtf), part="", depth=0)
            except IngestError:
                return []
        blocks, notices = body_blocks(message)
        self._note(notices)
        return blocks

    def _add_attachment(self, attachment: Attachment, *, part: str, depth: int) -> str:
        """Add what an attachment holds; its name as the header gives it, empty for a mere decoration."""
        if is_decoration(attachment):
            return "" if attachment.is_inline else self._own_name(attachment.name)
        name = self._own_name(attachment.name)
        inner = f"{part} › {name}" if part else name
        count = len(self._draft.blocks)
        heading = text_block(name, kind=BlockKind.HEADING, level=1)
        try:
            self._add([heading] if heading is not None else [], part=inner)
            with self._watched() as number:
                self._check(attachment, number=number)
                self._add_content(replace(attachment, name=name), part=inner, depth=depth + 1)
        except Exception as error:  # noqa: BLE001 - no attachment may cost the reader the message
            del self._draft.blocks[count:]
            if attachment.is_inline and isinstance(error, _Wordless):
                return ""
            self._note([Notice.ATTACHMENTS_UNREAD])
            self._draft.unread_parts.append(inner)
            return f"{name} (non lue)"
        return name

    @contextmanager
    def _watched(self) -> Generator[int]:
        """The number of the next attachment; tells that it is read, then that the one around it is."""
        self._files += 1
        number, around = self._files, self._part
        is_told = number not in self._work.watch.left_out
        if is_told:
            self._part = number
            self._work.watch.on_part(number)
        try:
            yield number
        finally:
            if is_told:
                self._part = around
                self._work.watch.on_part(around)

    def _check(self, attachment: Attachment, *, number: int) -> None:
        limits = self._work.limits
        elapsed_s = time.monotonic() - self._started
        allowed_s = limits.wall_s(self._pages, scans=self._scans) * _TIME_SHARE
        if (
            not attachment.is_readable
            or number in self._work.watch.left_out
            or number > limits.max_attachments
            or elapsed_s > allowed_s
        ):
            raise RefusedFile("message_too_complex")

    def _add_content(self, attachment: Attachment, *, part: str, depth: int) -> None:
        if attachment.load is not None:
            self._nest(attachment.load(), part=part, depth=depth)
            return
        blocks = self._file_blocks(attachment, part=part, depth=depth)
        self._add(self._shifted(blocks, by=1), part=part)

    def _nest(self, message: Message, *, part: str, depth: int) -> None:
        if depth > self._work.limits.max_message_depth:
            raise RefusedFile("message_too_complex")
        self._add_message(message, part=part, depth=depth)

    def _file_blocks(self, attachment: Attachment, *, part: str, depth: int) -> list[Block]:
        """The blocks of a file; those of a message go straight to their own parts."""
        limits, data = self._work.limits, attachment.data
        with tempfile.TemporaryDirectory(prefix="part-") as folder:
            path = Path(folder) / "content"
            path.write_bytes(data)
            check_access(path, limits=limits)
            file_format = detect_format(path, name=attachment.name)
            check_content(path, file_format=file_format, limits=limits)
            self._bytes += expanded_bytes(path, file_format=file_format)
            if self._bytes > limits.max_expanded_bytes:
                raise RefusedFile("archive_bomb")
            if file_format is FileFormat.EML:
                self._nest(parse_eml(data), part=part, depth=depth)
                return []
            if file_format is FileFormat.MSG:
                self._nest(parse_msg(path), part=part, depth=depth)
                return []
            return self._read(path, attachment, file_format=file_format).blocks

    def _read(self, path: Path, attachment: Attachment, *, file_format: FileFormat) -> Draft:
        work = replace(self._work, name=attachment.name, on_pages=self._teller(), read_inner=None)
        if self._work.read_inner is None:
            raise RefusedFile("message_too_complex")
        try:
            draft = self._work.read_inner(path, work, file_format)
        except ParseFailed as error:
            raise _Wordless("no_text") if error.code == "no_text" else error from error
        if draft.letters < (PICTURE_LETTERS if attachment.is_inline else 1):
            raise _Wordless("no_text")
        self._note(draft.notices)
        return draft

    def _teller(self) -> _Teller:
        return _Teller(self, pages=self._pages, scans=self._scans)

    def tell_pages(self, pages: int, *, scans: int) -> None:
        """Note the pages of all attachments so far, and ask for the time they need."""
        check_pages(pages, limits=self._work.limits)
        self._pages, self._scans = pages, scans
        self._work.on_pages(pages, scans=scans)

    def _own_name(self, raw: str) -> str:
        """The name of an attachment: without folders, of bounded length, unlike those before it."""
        base = PurePosixPath(one_line(raw).replace("\\", "/")).name[-_MAX_NAME_CHARS:] or _UNNAMED
        self._names[base] += 1
        return base if self._names[base] == 1 else f"{base} ({self._names[base]})"

    def _shifted(self, blocks: list[Block], *, by: int) -> list[Block]:
        return [
            replace(block, level=min(max(block.level, 1) + by, _MAX_HEADING_LEVEL))
            if block.kind is BlockKind.HEADING
            else block
            for block in blocks
        ]

    def _add(self, blocks: list[Block], *, part: str) -> None:
        """Add blocks under the place of a part; boxes and ranges of another file point nowhere here."""
        place = Place(part=part) if part else NOWHERE
        for block in blocks:
            table = block.table
            if table is not None:
                table = replace(table, row_boxes=(), sheet_rows=(), sheet_columns=(0, 0))
            self._draft.blocks.append(replace(block, box=None, lines=(), table=table, place=place))

    def _note(self, notices: list[Notice]) -> None:
        for notice in notices:
            if notice in _KEPT_NOTICES and notice not in self._draft.notices:
                self._draft.notices.append(notice)


class _Teller:
    """Adds the pages of one attachment to those of the ones before it."""

    def __init__(self, assembly: _Assembly, *, pages: int, scans: int) -> None:
        self._assembly = assembly
        self._pages, self._scans = pages, scans

    def __call__(self, pages: int, /, *, scans: int = 0) -> None:
        self._assembly.tell_pages(self._pages + pages, scans=self._scans + scans)


def _header_lines(message: Message, *, names: list[str]) -> str:
    sent = message.date
    lines = [
        ("De", one_line(message.sender)),
        ("À", _people(message.recipients)),
        ("Cc", _people(message.copies)),
        (
            "Date",
            f"{sent.day} {_MONTHS[sent.month - 1]} {sent.year} à {sent:%H:%M}" if sent else "",
        ),
        ("Pièces jointes", _listed(names, most=_MAX_NAMES)),
    ]
    return "\n".join(f"{label} : {value}" for label, value in lines if value)


def _people(people: list[str]) -> str:
    return _listed([one_line(person)[: _MAX_NAME_CHARS * 4] for person in people], most=_MAX_PEOPLE)


def _listed(items: list[str], *, most: int) -> str:
    shown = ", ".join(items[:most])
    left = len(items) - most
    return f"{shown} et {left} autres" if left > 0 else shown
