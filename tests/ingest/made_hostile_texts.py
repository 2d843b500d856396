"""Hostile PDF, HTML, RTF, text and message files made on the spot; scales as for the archives."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from tests.ingest.made_hostile_archives import LAUGHING, LEAKING, VISIBLE


def pdf(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF of some objects, numbered from 1; the first is its root."""
    out = b"%PDF-1.7\n"
    places: list[int] = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, trailer)
    return out + head + table + tail + b"startxref\n%d\n%%%%EOF\n" % len(out)


def stream(data: bytes, *, extra: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (
        len(packed),
        extra,
        packed,
    )


def drawn(content: bytes, *, box: bytes = b"0 0 595 842", others: Sequence[bytes] = ()) -> bytes:
    """A PDF of one page with some drawing."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>"
        b"/XObject<</X 6 0 R>>>>>>" % box
    )
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(content),
            font,
            *others,
        ]
    )


WORDS = b"BT /F 12 Tf 72 700 Td (Texte visible du document adopte a l unanimite des membres) Tj ET "


def path_operators(scale: int) -> bytes:
    """40 MB of strokes at full scale, in about 150 kB."""
    return drawn(WORDS + b"0 0 m 9 9 l S\n" * (290_000 * scale))


def spaces(scale: int) -> bytes:
    return drawn(WORDS + b" " * (20_000_000 * scale))


def recursive_pages() -> bytes:
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>",
        ]
    )


def endless_count() -> bytes:
    return pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", b"<<>>"]
    )


def object_loop() -> bytes:
    loop = b"<</Length 6 0 R>>stream\nx\nendstream"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/Outlines 7 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox 5 0 R/Contents 4 0 R/Resources 5 0 R>>",
            loop,
            b"5 0 R",
            b"6 0 R",
            b"<</First 8 0 R/Last 8 0 R/Count 9>>",
            b"<</Title(x)/Next 8 0 R/First 7 0 R/Parent 8 0 R/Dest[3 0 R/Fit]>>",
        ]
    )


def table_loop() -> bytes:
    made = drawn(WORDS)
    at = made.rindex(b"xref\n0")
    return made.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % at)


def form_loop() -> bytes:
    form = stream(
        b"/X Do " * 50,
        extra=b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>",
    )
    return drawn(WORDS + b"/X Do", others=[form])


def deep_arrays(scale: int) -> bytes:
    return drawn(WORDS, others=[b"[" * (20_000 * scale) + b"]" * (20_000 * scale)])


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"3 0 R" for _ in range(count))
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        ]
    )


def launching() -> bytes:
    return drawn(WORDS).replace(
        b"/Pages 2 0 R",
        b"/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>/AA<</O<</S/JavaScript/JS(x)>>>>",
    )


def nested_tags(scale: int) -> bytes:
    count = 20_000 * scale
    return f"<html><body>{'<div>' * count}{VISIBLE}{'</div>' * count}".encode()


def open_tags(scale: int) -> bytes:
    return f"<html><body><p>{VISIBLE}</p>{'<a b=' * 20_000 * scale}{'<' * 50_000 * scale}".encode()


def empty_paragraphs(scale: int) -> bytes:
    return f"<html><body><p>{VISIBLE}</p>{'<p>' * 10_000 * scale}".encode()


def xhtml(*, leaks: bool) -> bytes:
    doctype = (LEAKING if leaks else LAUGHING).replace("DOCTYPE x", "DOCTYPE html")
    return f'<?xml version="1.0"?>{doctype}<html><body><p>{VISIBLE}</p><p>&l9;</p></body></html>'.encode()


def rtf_groups(scale: int) -> bytes:
    count = 20_000 * scale
    return b"{\\rtf1\\ansi Texte visible du document. " + b"{" * count + b"x" + b"}" * count + b"}"


def rtf_binary() -> bytes:
    return b"{\\rtf1\\ansi Texte visible du document. {\\pict\\bin2147483647 x}}"


def many_parts(scale: int) -> bytes:
    part = "--b\nContent-Type: text/plain; name=p.txt\nContent-Disposition: attachment\n\nx\n"
    return _mail('multipart/mixed; boundary="b"', part * (10_000 * scale) + "--b--\n")


def deep_parts(count: int, *, folded: bool = False) -> bytes:
    gap = "\n " if folded else " "
    opening = "".join(
        f'--b{n}\nContent-Type:{gap}multipart/mixed; boundary="b{n + 1}"\n\n' for n in range(count)
    )
    return _mail('multipart/mixed; boundary="b0"', f"{opening}--b{count}\n\n{VISIBLE}\n")


def messages_in_messages(count: int) -> bytes:
    return _mail(
        "message/rfc822", "Content-Type: message/rfc822\n\n" * count + f"Subject: x\n\n{VISIBLE}"
    )


def long_header(scale: int) -> bytes:
    people = ", ".join(f'"P {n}" <p{n}@x.fr>' for n in range(10_000 * scale))
    parameters = "".join(f"; p{n}=x" for n in range(10_000 * scale))
    return _mail(f"text/plain{parameters}", VISIBLE, to=people)


def nested_comments(scale: int) -> bytes:
    return _mail("text/plain", VISIBLE, to="(" * 10_000 * scale + " a@x.fr")


def _mail(kind: str, body: str, *, to: str = "b@x.fr") -> bytes:
    return (
        f"Received: x\nMIME-Version: 1.0\nFrom: a@x.fr\nTo: {to}\nSubject: Essai hostile\n"
        f"Content-Type: {kind}\n\n{body}"
    ).encode()


def one_line(scale: int) -> bytes:
    return (VISIBLE.replace(" ", "") * (3000 * scale)).encode()


def nested_quotes(scale: int) -> bytes:
    marks = "[" * 2000 * scale + "*a " * 3000 * scale
    return f"# Titre\n\n- un\n\n{'> ' * 2000 * scale}{VISIBLE}\n{marks}".encode()


def wide_csv(scale: int) -> bytes:
    return (
        ";".join(["colonne"] * 5000 * scale) + "\n" + ";".join(["1"] * 5000 * scale) + "\n"
    ).encode()


def open_quotes(scale: int) -> bytes:
    return b"nom;montant\n" + b'"Texte visible du document;1\n' * (5000 * scale)
