"""Decoding of text files: byte order marks, then UTF-8, then the encodings French offices still send."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ["utf_8", "cp1252", "iso8859_15", "mac_roman", "utf_16_le", "utf_16_be"]
_DECLARED = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_SAMPLE_BYTES = 200_000


def decode(data: bytes, *, is_html: bool = False) -> str:
    """The text of a file, whatever its encoding.

    A mark at the start or valid UTF-8 decides; else the encoding an HTML page declares; else the
    most plausible of cp1252, ISO 8859-15, Mac Roman and UTF-16. Bytes that fit nowhere are replaced.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if not _looks_wide(data):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    declared = _declared_encoding(data) if is_html else None
    if declared is not None:
        return data.decode(declared, errors="replace")
    return data.decode(_guess(data), errors="replace")


def _looks_wide(data: bytes) -> bool:
    sample = data[:4096]
    return len(sample) >= 4 and sample.count(0) > len(sample) // 5


def _declared_encoding(data: bytes) -> str | None:
    found = _DECLARED.search(data[:4096])
    if found is None:
        return None
    name = found.group(1).decode("ascii").lower()
    try:
        canonical = codecs.lookup(name).name
    except LookupError:
        return None
    if canonical.startswith(("utf", "idna", "punycode", "unicode")):
        return None
    return "cp1252" if canonical in {"iso8859-1", "ascii"} else canonical


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return best.encoding if best is not None else "cp1252"
