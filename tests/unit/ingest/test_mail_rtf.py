from __future__ import annotations

import pytest

from ingest.parsers.mail.rtf import expand_rtf

PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
    "0af32068656c090020627705b06c647d0a800fa0"
)
"""The example of [MS-OXRTFCP] 4.1.1."""


def test_compressed_body_is_expanded_as_specified() -> None:
    assert expand_rtf(PACKED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_stored_body_is_taken_as_it_is() -> None:
    assert (
        expand_rtf(bytes(4) + (5).to_bytes(4, "little") + b"MELA" + bytes(4) + b"{\\rt}")
        == b"{\\rt}"
    )


@pytest.mark.parametrize("size", range(0, len(PACKED), 3))
def test_truncated_body_ends(size: int) -> None:
    assert len(expand_rtf(PACKED[:size])) <= 43


def test_body_of_references_only_is_bounded() -> None:
    bomb = bytes(4) + b"\xff\xff\xff\x7fLZFu" + bytes(4) + b"\xff" + b"\x00\x0f" * 8

    assert len(expand_rtf(bomb * 10)) < 10_000
