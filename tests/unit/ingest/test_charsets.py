from __future__ import annotations

import pytest

from ingest.charsets import decode

TEXT = (
    "Délibération n° 12 : l'été à Évry, où les élèves reçoivent 1 500 € d'aide à la mobilité.\n" * 4
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_encodings_are_read_exactly(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15", "mac_roman"])
def test_encodings_of_french_offices_keep_their_accents(encoding: str) -> None:
    text = TEXT.replace("€", "euros")

    assert decode(text.encode(encoding)) == text


def test_declared_encoding_of_a_page_is_believed() -> None:
    html = '<html><head><meta charset="windows-1252"></head><body>Région été 5 €</body></html>'

    assert decode(html.encode("cp1252"), is_html=True) == html


def test_unknown_or_wrong_declaration_is_ignored() -> None:
    html = '<html><meta charset="martien"><body>été</body></html>'

    assert "été" in decode(html.encode("utf-8"), is_html=True)
    assert "été" in decode(html.encode("cp1252"), is_html=True)


def test_bytes_that_fit_nowhere_do_not_raise() -> None:
    assert decode(b"\x81\x8d\x8f\x90\x9d" * 10)
