"""Pages in any encoding, and what a page holds that its reader does not see."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.charsets import decode
from ingest.model import IngestedFile, Notice
from ingest.reader import ParserPool

Read = Callable[..., IngestedFile]
SENTENCE = "L’été à Évry : où les élèves reçoivent « l'œuvre » déjà prête – voilà."
PLAIN = "L'été à Évry : où les élèves reçoivent la clé déjà prête, voilà."


@pytest.fixture
def read(pool: ParserPool, tmp_path: Path) -> Read:
    """Reads the bytes of a page in a real child."""

    def read_bytes(data: bytes) -> IngestedFile:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        return pool.read(path, name="page.html")

    return read_bytes


def page(body: str, *, head: str = "") -> str:
    return (
        f"<!DOCTYPE html><html><head>{head}<title>Une page</title></head><body>{body}</body></html>"
    )


def text_of(ingested: IngestedFile) -> str:
    return "\n".join(block.text for block in ingested.document.blocks)


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("cp1252", "iso-8859-1"),
        ("cp1252", "windows-1252"),
        ("cp1252", "iso-8859-15"),
        ("cp1252", "utf-8"),
        ("cp1252", ""),
        ("utf-8", "iso-8859-1"),
        ("utf-8", "windows-1252"),
        ("utf-8", "utf-16"),
        ("utf-8-sig", "iso-8859-1"),
        ("utf-16", "utf-16"),
        ("utf-16", "iso-8859-1"),
        ("utf-16-le", "utf-16le"),
        ("utf-16-be", ""),
        ("mac_roman", "macintosh"),
        ("mac_roman", "x-mac-roman"),
        ("mac_roman", "iso-8859-1"),
        ("mac_roman", ""),
    ],
)
def test_page_is_read_whatever_it_declares(read: Read, written: str, declared: str) -> None:
    head = (
        f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
        if declared
        else ""
    )

    ingested = read(page(f"<p>{SENTENCE}</p>", head=head).encode(written))

    assert text_of(ingested) == SENTENCE


def test_euro_of_latin_9_is_kept() -> None:
    html = page(f"<p>{PLAIN} 5 €</p>", head="<meta charset='iso-8859-15'>")

    assert "5 €" in decode(html.encode("iso8859-15"), is_html=True)


def test_encoding_of_an_xml_declaration_is_believed() -> None:
    html = '<?xml version="1.0" encoding="koi8-r"?><html><body>Привет, мир</body></html>'

    assert "Привет" in decode(html.encode("koi8-r"), is_html=True)


def test_other_scripts_are_not_taken_for_french() -> None:
    html = page("<p>Γειά σου Κόσμε</p>", head="<meta charset='windows-1253'>")

    assert "Κόσμε" in decode(html.encode("cp1253"), is_html=True)


def test_stray_bytes_of_an_older_file_keep_their_accents() -> None:
    data = (PLAIN * 5).encode() + "déjà".encode("cp1252") + PLAIN.encode()

    assert decode(data) == PLAIN * 5 + "déjà" + PLAIN


@pytest.mark.parametrize(
    "label", ["base64", "rot13", "idna", "zip", "utf-7", "\u00e9", "", "x" * 200, "undefined"]
)
def test_labels_that_name_no_text_encoding_are_ignored(label: str) -> None:
    assert "été" in decode("été à Évry".encode("cp1252"), declared=label)


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>CACHÉ</script>",
        "<style>CACHÉ</style>",
        "<!-- CACHÉ -->",
        "<template><p>CACHÉ</p></template>",
        "<noscript>CACHÉ</noscript>",
        "<p hidden>CACHÉ</p>",
        "<div aria-hidden='true'><p>CACHÉ</p></div>",
        "<p style='display: none'>CACHÉ</p>",
        "<p style='DISPLAY:NONE !important'>CACHÉ</p>",
        "<p style='visibility:hidden'>CACHÉ</p>",
        "<p style='color:#fff'>CACHÉ</p>",
        "<p style='color: rgb(255, 255, 255)'>CACHÉ</p>",
        "<span style='color:rgba(0,0,0,0)'>CACHÉ</span>",
        "<font color='#FFFFFF'>CACHÉ</font>",
        "<p style='font-size:0px'>CACHÉ</p>",
        "<p style='opacity:0'>CACHÉ</p>",
        "<p style='position:absolute;left:-9999px'>CACHÉ</p>",
        "<p style='color:white;background:white'>CACHÉ</p>",
        "<p style='mso-hide:all'>CACHÉ</p>",
        "<img alt='CACHÉ' src='data:image/png;base64,CACHÉ'>",
        "<svg><text>CACHÉ</text></svg>",
        "<iframe srcdoc='CACHÉ'>CACHÉ</iframe>",
    ],
)
def test_what_a_page_hides_is_no_text(read: Read, hidden: str) -> None:
    short = read(page(f"<p>Texte visible.</p>{hidden}").encode())
    long = read(page(f"<p>{SENTENCE}</p>{hidden}<p>{PLAIN}</p>").encode())

    assert "CACHÉ" not in text_of(short) + text_of(long)
    assert PLAIN in text_of(long)


def test_white_text_that_can_be_read_is_kept(read: Read) -> None:
    shown = (
        f"<p style='color:white;background-color:#003189'>{PLAIN}</p>"
        "<table bgcolor='navy'><tr><td style='color:#fff'>Case</td><td>Autre</td></tr>"
        "<tr><td>1</td><td>2</td></tr></table>"
    )

    ingested = read(page(shown).encode())

    assert PLAIN in text_of(ingested)
    assert "Case" in text_of(ingested)
    assert Notice.HIDDEN_TEXT not in ingested.document.notices


def test_disguised_text_is_told_and_a_closed_menu_is_not(read: Read) -> None:
    white = read(page(f"<p>{PLAIN}</p><p style='color:white'>Ordre au modèle</p>").encode())
    closed = read(page(f"<p>{PLAIN}</p><p style='display:none'>Menu</p>").encode())

    assert Notice.HIDDEN_TEXT in white.document.notices
    assert Notice.HIDDEN_TEXT not in closed.document.notices


def test_remote_references_are_never_followed(read: Read) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        body = (
            f"<link rel=stylesheet href='{url}'><script src='{url}'></script><img src='{url}'>"
            f"<iframe src='{url}'></iframe><object data='{url}'></object><p>{PLAIN}</p>"
            f"<p style=\"background:url('{url}')\">Fin</p><meta http-equiv=refresh content='0;{url}'>"
        )

        assert PLAIN in text_of(read(page(body, head=f"<base href='{url}'>").encode()))
        with pytest.raises(TimeoutError):
            server.accept()


def test_entities_and_document_types_are_only_words(read: Read, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mot de passe", encoding="utf-8")
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    data = (
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY l0 "ha">{laughs}'
        f'<!ENTITY fuite SYSTEM "file://{tmp_path}/secret">]>'
        f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{PLAIN}</p><p>&l9; &fuite;</p></body></html>"
    )

    text = text_of(read(data.encode()))

    assert PLAIN in text
    assert "haha" not in text
    assert "mot de passe" not in text


def test_deep_markup_keeps_its_text(read: Read, *, full_scale: bool) -> None:
    depth = 200_000 if full_scale else 20_000
    ingested = read(
        page("<div><b>" * depth + PLAIN + "</b></div>" * depth + "<p>Après la fin.</p>").encode()
    )

    assert PLAIN in text_of(ingested)
    assert "Après la fin." in text_of(ingested)
