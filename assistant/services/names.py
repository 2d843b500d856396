"""Which names of files and sources are safe to keep."""

from __future__ import annotations

import unicodedata

_NAME_CHARS = 1000
_DISGUISES = frozenset({*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE1000)})


def normalised_name(name: str) -> str:
    """The name in Unicode form NFC, under which it is kept and compared."""
    return unicodedata.normalize("NFC", name)


def is_safe_name(name: str) -> bool:
    """True for a relative name with forward slashes that cannot leave its source.

    Refused: empty or beyond 1,000 characters, absolute (also in Windows forms), a backslash,
    an empty, `.` or `..` part, a control, surrogate or direction-changing character.
    """
    if not 0 < len(name) <= _NAME_CHARS or "\\" in name or _has_drive(name):
        return False
    if any(part in {"", ".", ".."} for part in name.split("/")):
        return False
    return is_printable(name)


def is_printable(text: str) -> bool:
    """True without control characters, lone surrogates, line separators and disguises.

    Some signs reverse what follows them, so that « fdp.exe » shows as « exe.pdf »; tags are not shown.
    """
    return not any(
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or ord(char) in _DISGUISES
        for char in text
    )


def displayed_name(name: str) -> str:
    """A name that may be shown and stored whatever was announced: at most 1,000 characters."""
    kept = "".join(char if is_printable(char) else "�" for char in name)
    return kept[:_NAME_CHARS] or "�"


def _has_drive(name: str) -> bool:
    return len(name) > 1 and name[1] == ":" and name[0].isascii() and name[0].isalpha()
