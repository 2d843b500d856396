"""Hostile containers made on the spot: archives, compound files, and the office formats inside them.

Every maker takes a scale, 1 for the everyday run, 10 for the full one.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from tests.ingest.made_compounds import compound, message

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
SECRET = Path("/etc/passwd")
SECRET_WORDS = "root:x:0:0"
VISIBLE = "Texte visible du document, adopté à l'unanimité des membres présents."
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OUTSIDE = ' TargetMode="External"'
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
LAUGHING = f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>'
LEAKING = f'<!DOCTYPE x [<!ENTITY l9 SYSTEM "file://{SECRET}">]>'


def archive(members: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def office(kind: str, members: Mapping[str, str | bytes]) -> bytes:
    """An Office Open XML file of one kind with its main part declared."""
    main = {WORD: "word/document.xml", SHEET: "xl/workbook.xml", SLIDES: "ppt/presentation.xml"}[
        kind
    ]
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
    )
    root = relationships([("officeDocument", main, False)])
    return archive({"[Content_Types].xml": types, "_rels/.rels": root, **members})


def relationships(targets: list[tuple[str, str, bool]]) -> str:
    """A relationship part; the last value tells an external target."""
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{_R}/{kind}" Target="{target}"'
        f"{_OUTSIDE if outside else ''}/>"
        for n, (kind, target, outside) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_RELS}">{rows}</Relationships>'


def word(body: str, *, doctype: str = "", **others: str | bytes) -> bytes:
    main = (
        f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>'
        f"<w:p><w:r><w:t>{VISIBLE}</w:t></w:r></w:p>{body}</w:body></w:document>"
    )
    names = {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in others.items()}
    return office(WORD, {"word/document.xml": main, **names})


def open_document(
    kind: str, body: str, *, doctype: str = "", members: Mapping[str, bytes] | None = None
) -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="{_ODF}:{name}:1.0"'
        for short, name in [
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
        ]
    )
    content = (
        f'<?xml version="1.0"?>{doctype}<office:document-content {spaces} '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:{kind}>{body}'
        f"</office:{kind}></office:body></office:document-content>"
    )
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": content,
            "META-INF/manifest.xml": "<manifest/>",
            **(members or {}),
        }
    )


def paragraph(text: str = VISIBLE) -> str:
    return f"<text:p>{text}</text:p>"


def sheet(rows: str, *, doctype: str = "", strings: str = "", extra: str = "") -> bytes:
    book = (
        f'<workbook xmlns="{_S}" xmlns:r="{_R}"><sheets><sheet name="F" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    )
    targets = [
        ("worksheet", "worksheets/sheet1.xml", False),
        ("sharedStrings", "sharedStrings.xml", False),
    ]
    item = f"<si><t>{strings or VISIBLE}</t></si>"
    shared = f'<?xml version="1.0"?>{doctype}<sst xmlns="{_S}" count="1">{item}</sst>'
    return office(
        SHEET,
        {
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": relationships(targets),
            "xl/sharedStrings.xml": shared,
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{_S}">{extra}<sheetData>{rows}</sheetData></worksheet>'
            ),
        },
    )


def bomb(kind: str) -> bytes:
    """A main part of zeros, for each container."""
    zeros = bytes(20_000_000)
    if kind in {WORD, SHEET, SLIDES}:
        return office(kind, {"word/document.xml": zeros})
    return archive({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": zeros})


def nested_archives() -> bytes:
    data = b"x" * 1000
    for level in range(6):
        data = archive({f"{level}.zip": data})
    return word("", word__embeddings__a=data)


def nested_bomb() -> bytes:
    inner = archive({"zeros": bytes(20_000_000)})
    return word("", word__embeddings__a=inner)


def overlapping(scale: int) -> bytes:
    """Many entries of the table that all point to the same data."""
    data = word(f"<w:p><w:r><w:t>{'a' * 50_000}</w:t></w:r></w:p>")
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<10xHII", data, end)
    table = data[start : start + size]
    at = table.rindex(b"PK\x01\x02")
    again = table[at:] * (200 * scale)
    total = count + 200 * scale
    tail = struct.pack("<4s4xHHIIH", b"PK\x05\x06", total, total, size + len(again), start, 0)
    return data[:start] + table + again + tail


def lying_size() -> bytes:
    """A member that inflates to far more than the table says."""
    data = bytearray(word(f"<w:p><w:r><w:t>{'a' * 900_000}</w:t></w:r></w:p>"))
    start = data.index(b"word/document.xml", data.index(b"PK\x01\x02")) - 46
    struct.pack_into("<I", data, start + 24, 1000)
    return bytes(data)


def patched_table(at: int, value: bytes) -> bytes:
    """A DOCX whose last entry of the table has some bytes replaced."""
    data = bytearray(word(""))
    start = data.rindex(b"PK\x01\x02")
    data[start + at : start + at + len(value)] = value
    return bytes(data)


def other_local_name() -> bytes:
    data = word("")
    at = data.index(b"word/document.xml")
    return data[:at] + b"word/autrement.xm" + data[at + 17 :]


def broken_stream() -> bytes:
    data = bytearray(word(f"<w:p><w:r><w:t>{'abcdef ' * 5000}</w:t></w:r></w:p>"))
    at = data.index(b"word/document.xml") + 17
    data[at : at + 60] = b"\xff" * 60
    return bytes(data)


def many_entries(scale: int) -> bytes:
    return office(WORD, {f"word/{n}": "" for n in range(6000 * scale)})


def link_entry() -> bytes:
    buffer = io.BytesIO(word(""))
    with zipfile.ZipFile(buffer, "a") as made:
        entry = zipfile.ZipInfo("word/lien")
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, str(SECRET))
    return buffer.getvalue()


def outside_links(url: str) -> bytes:
    """Pictures, template and objects that lie elsewhere, and a link that a reader may click on."""
    targets = [
        ("image", f"file://{SECRET}", True),
        ("attachedTemplate", f"{url}/t.dotm", True),
        ("oleObject", f"file://{SECRET}", True),
        ("image", f"{url}/i.png", True),
        ("subDocument", f"file://{SECRET}", True),
    ]
    drawing = "".join(
        f'<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata r:id="rId{n}"/>'
        "</v:shape></w:pict></w:r></w:p>"
        for n in (1, 4)
    )
    return office(
        WORD,
        {
            "word/document.xml": zipfile.ZipFile(
                io.BytesIO(word(drawing + '<w:subDoc r:id="rId5"/>'))
            ).read("word/document.xml"),
            "word/_rels/document.xml.rels": relationships(targets),
        },
    )


def fields(url: str) -> bytes:
    codes = (
        'DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"',
        f'INCLUDETEXT "{SECRET}"',
        f'INCLUDEPICTURE "{url}/x.png"',
    )
    quoted = (code.replace('"', "&quot;") for code in codes)
    runs = "".join(f'<w:p><w:fldSimple w:instr="{code}"/></w:p>' for code in quoted)
    return word(runs)


def linked_section(url: str) -> bytes:
    body = (
        f'<text:section text:name="s"><text:section-source xlink:href="file://{SECRET}"/></text:section>'
        f'<text:p><draw:frame><draw:image xlink:href="{url}/x.png"/></draw:frame></text:p>'
        f'<text:p><text:dde-connection office:dde-application="cmd"/></text:p>{paragraph()}'
    )
    return open_document("text", body)


def giant_picture() -> bytes:
    """A PNG of 60,000 pixels square in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def looping_compound(name: str, *, at: int) -> bytes:
    """A compound file with a sector that follows itself."""
    data = bytearray(compound({name: b"x" * 20_000, "Autre": bytes(9000)}))
    sector = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, 512 * (sector + 1) + 4 * at, at)
    return bytes(data)


def looping_directory() -> bytes:
    data = compound({"Workbook": b"x" * 20_000})
    return looping_compound("Workbook", at=struct.unpack_from("<I", data, 48)[0])


def shared_chain() -> bytes:
    """Two streams that begin at the same sector."""
    data = bytearray(compound({"Workbook": b"x" * 20_000, "Autre": b"y" * 20_000}))
    names = [name.encode("utf-16-le") for name in ("Workbook", "Autre")]
    first, second = (data.index(name) for name in names)
    data[second + 116 : second + 120] = data[first + 116 : first + 120]
    return bytes(data)


def patched_header(at: int, value: int) -> bytes:
    data = bytearray(compound({"WordDocument": b"x" * 20_000}))
    struct.pack_into("<I", data, at, value)
    return bytes(data)


def endless_stream() -> bytes:
    data = bytearray(compound({"WordDocument": b"x" * 20_000}))
    at = data.index("WordDocument".encode("utf-16-le"))
    struct.pack_into("<Q", data, at + 120, 0x7FFFFFF0)
    return bytes(data)


def long_chain_of_names(scale: int) -> bytes:
    return compound(message(dict.fromkeys(range(0x3000, 0x3000 + 1500 * scale), "x")))


def packed_attachment(data: bytes, *, name: str) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Received"] = "a@x.fr", "Bombe", "x"
    made.set_content(VISIBLE)
    made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return bytes(made)
