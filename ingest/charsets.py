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
_SINGLE_BYTE = ("cp1252", "mac_roman", "iso8859_15")
_DECLARED = re.compile(
    rb"<(?:meta[^>]{0,200}charset|\?xml[^>]{0,80}encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})",
    re.IGNORECASE,
)
_LABELS = {
    "x-mac-roman": "mac_roman",
    "x-macroman": "mac_roman",
    "x-cp1252": "cp1252",
    "x-ansi": "cp1252",
    "ansi": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
}
"""Names that Python lacks, and those under which cp1252 is sent, as browsers read them."""
_HIGH_CONTROLS = re.compile(rb"[\x80-\x9f]")
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ’‘“”«»–—…€°§•·²³ºª©®™\xa0")
_NOT_WRITTEN = ("utf", "idna", "punycode", "unicode", "raw", "mbcs", "undefined")
_SAMPLE_BYTES = 200_000
_PLAUSIBLE_SHARE = 0.9
_STRAY_SHARE = 0.1
"""Broken sequences per sound one up to which a text is UTF-8 all the same."""
_STRAYS = "ingest-strays"


def decode(data: bytes, *, is_html: bool = False, declared: str = "") -> str:
    """The text of a file, whatever its encoding.

    A mark at the start or valid UTF-8 decides, also with some stray bytes of cp1252; else the
    encoding that is declared, unless its text makes no French where another one's does; else the
    most plausible of cp1252, ISO 8859-15, Mac Roman and UTF-16. Bytes that fit nowhere are replaced.

    Args:
        data: The file, or the body of a message.
        is_html: It may declare its encoding in its first lines.
        declared: Encoding that comes with it, such as the one of a message's header.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    wide = _wide_encoding(data)
    if wide is not None:
        return data.decode(wide, errors="replace")
    text = _as_utf8(data)
    if text is not None:
        return text
    label = declared or (_declared_label(data) if is_html else "")
    encoding = _known_encoding(label, data=data)
    if encoding is None:
        return data.decode(_guess(data), errors="replace")
    return data.decode(_corrected(encoding, data=data), errors="replace")


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: one byte in two is zero, always the same one."""
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) <= len(sample) // 5:
        return None
    return "utf_16_be" if sample[::2].count(0) > sample[1::2].count(0) else "utf_16_le"


def _as_utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    sample = data[:_SAMPLE_BYTES].decode("utf-8", errors="replace")
    broken = sample.count("\ufffd")
    sound = sum(1 for char in sample if ord(char) > 127) - broken
    return data.decode("utf-8", errors=_STRAYS) if broken <= sound * _STRAY_SHARE else None


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 within UTF-8, read as cp1252: text pasted from an older file."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return stray.decode("cp1252", errors="replace"), error.end


codecs.register_error(_STRAYS, _stray_bytes)


def _declared_label(data: bytes) -> str:
    found = _DECLARED.search(data[:4096])
    return found.group(1).decode("ascii") if found is not None else ""


def _known_encoding(label: str, *, data: bytes) -> str | None:
    """The encoding that a label stands for; None when there is none or the bytes belie it."""
    name = label.strip().lower()
    try:
        info = codecs.lookup(_LABELS.get(name, name or "?"))
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True)
    if not is_text or info.name.startswith(_NOT_WRITTEN):
        return None
    if info.name.startswith("iso8859-15") and _HIGH_CONTROLS.search(data):
        return "cp1252"
    return _LABELS.get(info.name, info.name)


def _corrected(encoding: str, *, data: bytes) -> str:
    sample = data[:_SAMPLE_BYTES]
    if _french_share(sample, encoding=encoding) >= _PLAUSIBLE_SHARE:
        return encoding
    return _plausible(sample) or encoding


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    plausible = _plausible(sample)
    if plausible is not None:
        return plausible
    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return best.encoding if best is not None else "cp1252"


def _plausible(sample: bytes) -> str | None:
    """The single-byte encoding that makes French of the bytes, None when none does."""
    shares = [(_french_share(sample, encoding=name), name) for name in _SINGLE_BYTE]
    share, name = max(shares, key=lambda pair: pair[0])
    return name if share >= _PLAUSIBLE_SHARE else None


def _french_share(sample: bytes, *, encoding: str) -> float:
    """Share of characters beyond ASCII that French uses, in [0, 1]; 0 when there are none."""
    text = sample.decode(encoding, errors="replace")
    beyond = [char for char in text if ord(char) > 127]
    return sum(char in _FRENCH for char in beyond) / len(beyond) if beyond else 0.0
