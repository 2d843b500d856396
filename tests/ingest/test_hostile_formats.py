"""Hostile files of every container: each ends as a text, a refusal or a dead child within its limit.

None of them reads a file of this machine, reaches a network or harms the pool.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.errors import IngestError, ParserDied, UnsupportedFormat
from ingest.limits import Limits
from ingest.reader import ParserPool
from tests.ingest import made_hostile_archives as archives
from tests.ingest import made_hostile_texts as texts
from tests.ingest.made_hostile_archives import SECRET_WORDS, SHEET, SLIDES, VISIBLE, WORD

MEGABYTE = 1_000_000
READ, DIED = "read", "died"
SMALL = Limits(base_s=8, page_s=0.05, max_pages=50, memory_bytes=1500 * MEGABYTE)
FULL = Limits()
SOUND = "Le conseil adopte le budget à l'unanimité des membres présents."
_MARGIN_S = 8.0
"""Time to notice and bury a child on a machine at full load."""


@dataclass(frozen=True)
class Case:
    """A hostile file and the ends that are right for it."""

    name: str
    make: Callable[[int], bytes]
    ends: frozenset[str]
    """READ, DIED, or codes of refusals; empty for any end but an unnamed error."""


def case(name: str, make: Callable[[int], bytes], *ends: str) -> Case:
    return Case(name, make, frozenset(ends))


def fixed(data: Callable[[], bytes]) -> Callable[[int], bytes]:
    return lambda _: data()


def bombs() -> Iterator[Case]:
    for kind in (WORD, SHEET, SLIDES, "text", "spreadsheet", "presentation"):
        name = kind.split(".")[-2] + "-ooxml" if "." in kind else kind
        yield case(f"bomb-{name}", lambda _, kind=kind: archives.bomb(kind), "archive_bomb")


ARCHIVES = [
    *bombs(),
    case("archives-in-archives", fixed(archives.nested_archives), "archive_bomb"),
    case("bomb-in-an-archive", fixed(archives.nested_bomb), "archive_bomb"),
    case("overlapping-entries", archives.overlapping, "archive_bomb", "file_damaged"),
    case("size-that-lies", fixed(archives.lying_size), "archive_bomb"),
    case("header-of-another-name", fixed(archives.other_local_name), "file_damaged"),
    case(
        "header-outside", lambda _: archives.patched_table(42, b"\xff\xff\xff\x7f"), "file_damaged"
    ),
    case("unknown-compression", lambda _: archives.patched_table(10, b"\x63\x00"), "file_damaged"),
    case("encrypted-entry", lambda _: archives.patched_table(8, b"\x01\x00"), "file_encrypted"),
    case("broken-stream", fixed(archives.broken_stream), "file_damaged", "archive_bomb"),
    case("too-many-entries", archives.many_entries, "archive_bomb"),
    case("link-as-entry", fixed(archives.link_entry), "archive_unsafe_name"),
    case(
        "font-of-zeros",
        lambda _: archives.word("", word__fonts__font1=bytes(20_000_000)),
        "archive_bomb",
    ),
    case(
        "giant-picture",
        lambda _: archives.open_document(
            "text", archives.paragraph(), members={"Pictures/a.png": archives.giant_picture()}
        ),
        READ,
    ),
    case("giant-picture-alone", fixed(archives.giant_picture)),
]
COMPOUNDS = [
    case(
        "loop-in-a-workbook", lambda _: archives.looping_compound("Workbook", at=5), "file_damaged"
    ),
    case(
        "loop-in-a-document",
        lambda _: archives.looping_compound("WordDocument", at=3),
        "file_damaged",
    ),
    case(
        "loop-in-slides",
        lambda _: archives.looping_compound("PowerPoint Document", at=3),
        "file_damaged",
    ),
    case(
        "loop-in-a-message",
        lambda _: archives.looping_compound("__properties_version1.0", at=7),
        "file_damaged",
    ),
    case("loop-in-the-directory", fixed(archives.looping_directory), "file_damaged"),
    case("shared-chain", fixed(archives.shared_chain), "file_damaged"),
    case("endless-table", lambda _: archives.patched_header(44, 0xFFFFFF), "file_damaged"),
    case(
        "endless-table-of-tables", lambda _: archives.patched_header(72, 0x7FFFFFFF), "file_damaged"
    ),
    case("endless-stream", fixed(archives.endless_stream), "file_damaged"),
    case("long-chain-of-names", archives.long_chain_of_names, "file_damaged", READ),
]
OFFICE = [
    case(
        "laughs-in-a-document", lambda _: archives.word(_run("&amp;l9;"), doctype=archives.LAUGHING)
    ),
    case("entities-in-a-document", lambda _: archives.word(_run("&l9;"), doctype=archives.LEAKING)),
    case("laughs-expanded", lambda _: archives.word(_run("&l9;"), doctype=archives.LAUGHING)),
    case(
        "laughs-in-an-odt",
        lambda _: archives.open_document(
            "text", archives.paragraph("&l9;"), doctype=archives.LAUGHING
        ),
    ),
    case(
        "laughs-in-an-ods",
        lambda _: archives.open_document("spreadsheet", _cells("&l9;"), doctype=archives.LAUGHING),
    ),
    case(
        "laughs-in-an-odp",
        lambda _: archives.open_document(
            "presentation", archives.paragraph("&l9;"), doctype=archives.LAUGHING
        ),
    ),
    case(
        "laughs-in-a-sheet",
        lambda _: archives.sheet(_STRING_ROW, doctype=archives.LAUGHING, strings="&l9;"),
    ),
    case(
        "entities-in-a-sheet",
        lambda _: archives.sheet(_STRING_ROW, doctype=archives.LEAKING, strings="&l9;"),
    ),
    case(
        "deep-spans-in-an-odt",
        lambda scale: archives.open_document(
            "text",
            "<text:p>"
            + "<text:span>" * 5000 * scale
            + VISIBLE
            + "</text:span>" * 5000 * scale
            + "</text:p>",
        ),
    ),
    case(
        "sparse-sheet",
        lambda _: archives.sheet(
            '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        ),
    ),
    case(
        "sheet-of-16384-columns",
        lambda scale: archives.sheet(
            "".join(
                f'<row r="{row}">' + "<c><v>1</v></c>" * 16_384 + "</row>"
                for row in range(1, 1 + 3 * scale)
            ),
            extra='<dimension ref="A1:XFD1048576"/><cols><col min="1" max="16384" width="9"/></cols>',
        ),
    ),
    case("repeated-cells", lambda _: archives.open_document("spreadsheet", _REPEATED)),
    case(
        "formula-that-runs",
        lambda _: archives.sheet(
            _STRING_ROW + '<row r="2"><c r="A2"><f>cmd|"/c calc"!A0</f><v>2</v></c></row>'
        ),
    ),
]
PDFS = [
    case("path-operators", texts.path_operators, READ, DIED),
    case("page-of-spaces", texts.spaces, READ, DIED, "file_damaged"),
    case("page-tree-in-a-ring", fixed(texts.recursive_pages)),
    case("endless-page-count", fixed(texts.endless_count)),
    case("objects-in-a-ring", fixed(texts.object_loop)),
    case("tables-in-a-ring", fixed(texts.table_loop)),
    case("forms-in-a-ring", fixed(texts.form_loop)),
    case("deep-arrays", texts.deep_arrays),
    case("giant-page", lambda _: texts.drawn(texts.WORDS, box=b"0 0 999999999 999999999")),
    case("page-without-size", lambda _: texts.drawn(texts.WORDS, box=b"0 0 0 0")),
    case("page-of-no-number", lambda _: texts.drawn(texts.WORDS, box=b"-1e39 nan 1e39 x")),
    case("too-many-pages", lambda scale: texts.many_pages(300 * scale), "too_many_pages"),
    case("pdf-that-launches", fixed(texts.launching), READ),
]
PAGES = [
    case("nested-tags", texts.nested_tags, READ),
    case("open-tags", texts.open_tags, READ, DIED),
    case("empty-paragraphs", texts.empty_paragraphs, READ, DIED),
    case("laughs-in-xhtml", lambda _: texts.xhtml(leaks=False), READ),
    case("entities-in-xhtml", lambda _: texts.xhtml(leaks=True), READ),
    case("rtf-groups", texts.rtf_groups),
    case("rtf-binary", fixed(texts.rtf_binary)),
    case("one-line", texts.one_line, READ, DIED),
    case("nested-quotes", texts.nested_quotes, READ, DIED),
    case("wide-csv", texts.wide_csv),
    case("open-quotes", texts.open_quotes),
]
MESSAGES = [
    case("ten-thousand-parts", texts.many_parts, READ, DIED),
    case("deep-parts", lambda _: texts.deep_parts(5000), "message_too_complex"),
    case("deep-parts-folded", lambda _: texts.deep_parts(5000, folded=True), "message_too_complex"),
    case("parts-at-the-limit", lambda _: texts.deep_parts(90), READ),
    case("messages-in-messages", lambda _: texts.messages_in_messages(2000), "message_too_complex"),
    case("long-headers", texts.long_header, READ),
    case("nested-comments", texts.nested_comments, READ),
    case(
        "bomb-attached",
        lambda _: archives.packed_attachment(archives.bomb(WORD), name="acte.docx"),
        READ,
    ),
    case(
        "base64-bomb",
        lambda scale: archives.packed_attachment(bytes(3_000_000 * scale), name="zéros.bin"),
        READ,
        DIED,
    ),
]
CASES = [*ARCHIVES, *COMPOUNDS, *OFFICE, *PDFS, *PAGES, *MESSAGES]


def _run(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _cells(text: str) -> str:
    return (
        '<table:table table:name="F"><table:table-row><table:table-cell office:value-type="string">'
        f"<text:p>{text}</text:p></table:table-cell></table:table-row></table:table>"
    )


_STRING_ROW = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
_REPEATED = (
    '<table:table table:name="F"><table:table-row table:number-rows-repeated="1048576">'
    '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
    "<text:p>x</text:p></table:table-cell></table:table-row></table:table>"
)


@pytest.fixture(scope="module")
def limits(*, full_scale: bool) -> Limits:
    return FULL if full_scale else SMALL


@pytest.fixture(scope="module")
def hostile_pool(limits: Limits, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    """One child, as small as the everyday run allows."""
    pool = ParserPool(limits, children=1, scratch=tmp_path_factory.mktemp("hostile"))
    yield pool
    pool.close()


@pytest.fixture
def end_of(
    hostile_pool: ParserPool, limits: Limits, tmp_path: Path
) -> Iterator[Callable[[bytes], tuple[str, str]]]:
    """Reads a file and tells how that ended, with its text; then reads a sound file with the same pool."""

    def read(data: bytes) -> tuple[str, str]:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        started = time.monotonic()
        try:
            ingested = hostile_pool.read(path, name="document.bin")
            end, text = READ, "\n".join(block.text for block in ingested.document.blocks)
        except IngestError as error:
            end, text = (DIED if isinstance(error, ParserDied) else error.code), error.sentence
        assert time.monotonic() - started < 4 * limits.wall_s(limits.max_pages) + _MARGIN_S
        return end, text

    yield read
    sound = tmp_path / "sain"
    sound.write_text(SOUND, encoding="utf-8")
    assert hostile_pool.read(sound, name="sain.txt").chunks[0].text == SOUND


@pytest.mark.parametrize("hostile", CASES, ids=lambda hostile: hostile.name)
def test_hostile_file_ends_well(
    end_of: Callable[[bytes], tuple[str, str]], hostile: Case, *, full_scale: bool
) -> None:
    end, text = end_of(hostile.make(10 if full_scale else 1))

    assert end == READ or text.endswith(".")
    assert not hostile.ends or end in hostile.ends | {"format_unsupported"}, text
    assert SECRET_WORDS not in text
    assert "hahahahaha" not in text


@pytest.mark.parametrize(
    "make",
    [archives.outside_links, archives.fields, archives.linked_section],
    ids=lambda make: make.__name__,
)
def test_nothing_outside_the_file_is_looked_at(
    end_of: Callable[[bytes], tuple[str, str]], make: Callable[[str], bytes]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        end, text = end_of(make(f"http://127.0.0.1:{server.getsockname()[1]}"))

        with pytest.raises(TimeoutError):
            server.accept()
    assert end == READ
    assert VISIBLE in text
    assert SECRET_WORDS not in text


def test_table_holds_at_least_fifty_files_of_different_names() -> None:
    names = [hostile.name for hostile in CASES]

    assert len(set(names)) == len(names) >= 50


def test_formats_that_are_not_read_have_a_sentence(
    hostile_pool: ParserPool, tmp_path: Path
) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(archives.archive({"autre.bin": b"x"}))

    with pytest.raises(UnsupportedFormat, match="archive ZIP"):
        hostile_pool.read(path, name="x.docx")
