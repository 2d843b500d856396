"""The compressed RTF that Outlook keeps as a body when a message has no other."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<II4sI")
_COMPRESSED, _STORED = b"LZFu", b"MELA"
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds at the start ([MS-OXRTFCP] 2.1.2.1)."""
_WINDOW = 4096
_MAX_BYTES = 20_000_000


def expand_rtf(data: bytes) -> bytes:
    """The RTF of a compressed body; empty when it is none.

    Source:
        [MS-OXRTFCP] 2.2.
    """
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _STORED:
        return data[_HEADER.size : _HEADER.size + size]
    return _expanded(data[_HEADER.size :])[:size] if kind == _COMPRESSED else b""


def _expanded(data: bytes) -> bytes:
    """What runs of eight tokens stand for: bit by bit of a first byte, a byte or a reference back."""
    out = bytearray(_DICTIONARY)
    at = 0
    while at < len(data) and len(out) < _MAX_BYTES:
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            reference = int.from_bytes(data[at : at + 2], "big")
            at += 2
            back = (len(out) - (reference >> 4)) % _WINDOW
            if back == 0 or back > len(out):
                return bytes(out[len(_DICTIONARY) :])
            for _ in range((reference & 15) + 2):
                out.append(out[-back])
    return bytes(out[len(_DICTIONARY) :])
