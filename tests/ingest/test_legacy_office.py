"""DOC, RTF and PPT: through LibreOffice where it is installed, bare text where it is not or fails."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.draft import Draft, Work
from ingest.errors import IngestError, ParseFailed
from ingest.limits import Limits
from ingest.model import BlockKind, FileFormat, IngestedFile, Notice, Place
from ingest.parsers.legacy import read_doc, read_legacy, read_ppt
from ingest.parsers.office.libreoffice import convert
from ingest.processes import descendants
from ingest.reader import ParserPool
from ingest.tools import find_office

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DOCUMENTS = DATA / "admin_docs"
OFFICE = find_office()
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
real = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DATA})"),
]
RTF = r"{\rtf1\ansi\uc1 D\'e9lib\'e9ration\par {\b Le conseil \~: d\'e9cide} et vote.\par}"
FILTERS = {"doc": "doc:MS Word 97", "rtf": "rtf:Rich Text Format", "ppt": "ppt:MS PowerPoint 97"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], Path]:
    """Saves a file in a legacy format, by LibreOffice."""
    folder = tmp_path_factory.mktemp("made")

    @cache
    def save(source: Path, extension: str) -> Path:
        profile = (folder / "profile").as_uri()
        subprocess.run(
            [
                str(OFFICE),
                f"-env:UserInstallation={profile}",
                "--headless",
                *("--convert-to", FILTERS[extension], "--outdir", str(folder), str(source)),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return folder / f"{source.stem}.{extension}"

    return save


@pytest.fixture(scope="module")
def act(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DOCX with a heading, a table and a paragraph."""
    import docx

    document = cast("Any", docx.Document())
    document.add_heading("Objet de la délibération", level=1)
    document.add_paragraph("Le conseil régional décide à l'unanimité.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Aide", "Taux", "Artisanat", "40 %"), strict=True):
        cell.text = text
    document.add_paragraph("Fait à Lille.")
    path = tmp_path_factory.mktemp("act") / "acte.docx"
    document.save(path)
    return path


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PPTX of two slides, the second one hidden, and notes."""
    from pptx import Presentation

    deck: Any = Presentation()
    for title in ("Bilan des aides", "Diapositive secrète"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "Quarante dossiers soutenus."
    deck.slides[0].notes_slide.notes_text_frame.text = "À dire à l'oral."
    deck.slides[1].element.set("show", "0")
    path = tmp_path_factory.mktemp("deck") / "bilan.pptx"
    deck.save(path)
    return path


def work(**limits: float) -> Work:
    chosen = replace(Limits(), **cast("Any", limits))
    return Work(name="x", limits=chosen, on_pages=lambda _, scans=0: None)


def rtf(folder: Path, text: str = RTF) -> Path:
    path = folder / "document.rtf"
    path.write_text(text, encoding="ascii")
    return path


def text_of(draft: Draft | IngestedFile) -> str:
    blocks = draft.blocks if isinstance(draft, Draft) else draft.document.blocks
    return "\n".join(block.text for block in blocks)


@needs_office
@pytest.mark.parametrize(
    ("extension", "file_format"), [("doc", FileFormat.DOC), ("rtf", FileFormat.RTF)]
)
def test_texts_keep_headings_and_tables(
    pool: ParserPool,
    made: Callable[[Path, str], Path],
    act: Path,
    extension: str,
    file_format: FileFormat,
) -> None:
    ingested = pool.read(made(act, extension), name="x")

    document = ingested.document
    assert document.format is file_format
    assert document.engine == "libreoffice, mammoth"
    assert Notice.CONVERTED_WITHOUT_LAYOUT not in document.notices
    assert [(block.kind, block.text) for block in document.blocks] == [
        (BlockKind.HEADING, "Objet de la délibération"),
        (BlockKind.PARAGRAPH, "Le conseil régional décide à l'unanimité."),
        (BlockKind.TABLE, "| Aide | Taux |\n| --- | --- |\n| Artisanat | 40 % |"),
        (BlockKind.PARAGRAPH, "Fait à Lille."),
    ]


@needs_office
def test_slides_keep_titles_notes_and_places(
    pool: ParserPool, made: Callable[[Path, str], Path], deck: Path
) -> None:
    document = pool.read(made(deck, "ppt"), name="x").document

    assert document.format is FileFormat.PPT
    assert document.engine == "libreoffice, python-pptx"
    assert document.title == "Bilan des aides"
    assert [(block.text, block.place) for block in document.blocks] == [
        ("Bilan des aides", Place(slide=1)),
        ("Quarante dossiers soutenus.", Place(slide=1)),
        ("Notes : À dire à l'oral.", Place(slide=1)),
    ]
    assert document.notices == (Notice.HIDDEN_SLIDES,)


@needs_office
def test_conversion_leaves_nothing_running_nor_written(tmp_path: Path) -> None:
    pool = ParserPool(Limits(), children=1, scratch=tmp_path / "scratch")
    path = rtf(tmp_path)
    pool.read(path, name="x")
    before = pool.process_ids

    pool.read(path, name="x")

    assert pool.process_ids == before
    homes = list((tmp_path / "scratch").glob("child-*"))
    assert [list((home / "tmp").iterdir()) for home in homes] == [[]]
    assert {entry.name for entry in tmp_path.iterdir()} == {"scratch", "document.rtf"}
    pool.close()


@needs_office
def test_fields_do_not_bring_other_files_in(pool: ParserPool, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mot de passe", encoding="ascii")
    fields = "".join(
        rf'{{\field{{\*\fldinst {word} "{where}"}}{{\fldrslt connu}}}} '
        for word in ("INCLUDETEXT", "INCLUDEPICTURE", "DDEAUTO soffice")
        for where in (str(secret), secret.as_uri())
    )
    path = rtf(tmp_path, rf"{{\rtf1\ansi Avant {fields} fin.\par}}")

    text = text_of(pool.read(path, name="x"))

    assert "Avant" in text
    assert "mot de passe" not in text


@pytest.mark.parametrize("office", [None, "failing", "stuck"])
def test_without_libreoffice_the_bare_text_is_read_and_said(
    tmp_path: Path, office: str | None
) -> None:
    stub = stub_office(tmp_path, office) if office is not None else None
    started = time.monotonic()

    draft = read_legacy(rtf(tmp_path), work(base_s=1.0), file_format=FileFormat.RTF, office=stub)

    assert draft.engine == "kreuzberg"
    assert draft.notices == [Notice.CONVERTED_WITHOUT_LAYOUT]
    assert "Délibération" in text_of(draft)
    assert "Le conseil" in text_of(draft)
    assert "~" not in text_of(draft)
    assert time.monotonic() - started < 20


def test_stuck_conversion_is_killed_with_its_children(tmp_path: Path) -> None:
    stub = stub_office(tmp_path, "stuck")
    (tmp_path / "folder").mkdir()

    converted = convert(
        rtf(tmp_path), office=stub, to=FileFormat.DOCX, folder=tmp_path / "folder", within_s=0.5
    )

    assert converted is None
    pid = int((tmp_path / "pid").read_text("ascii"))
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_libreoffice_gets_a_profile_without_macros_and_a_home_of_its_own(tmp_path: Path) -> None:
    stub = tmp_path / "office"
    stub.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\n'
        f"cp profile/user/registrymodifications.xcu {tmp_path}/profile.xcu\n",
        encoding="ascii",
    )
    stub.chmod(0o700)
    folder = tmp_path / "folder"
    folder.mkdir()

    convert(rtf(tmp_path), office=stub, to=FileFormat.DOCX, folder=folder, within_s=20)

    arguments = (tmp_path / "arguments").read_text("ascii").splitlines()
    profile = (tmp_path / "profile.xcu").read_text("utf-8")
    assert arguments[0] == f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    assert {"--headless", "--norestore"} <= set(arguments)
    assert arguments[-1] == str(folder / "source.rtf")
    assert 'oor:name="DisableMacrosExecution" oor:op="fuse"><value>true<' in profile
    assert f"HOME={folder}" in (tmp_path / "environment").read_text("utf-8").splitlines()


def stub_office(folder: Path, kind: str) -> Path:
    stub = folder / kind
    acts = {"failing": "exit 1", "stuck": f"sleep 600 &\necho $! > {folder}/pid\nsleep 600"}
    stub.write_text(f"#!/bin/sh\n{acts[kind]}\n", encoding="ascii")
    stub.chmod(0o700)
    return stub


def is_alive(pid: int) -> bool:
    return pid in descendants(1)


@needs_office
def test_bare_texts_of_doc_and_ppt(
    made: Callable[[Path, str], Path], act: Path, deck: Path
) -> None:
    doc = read_legacy(made(act, "doc"), work(), file_format=FileFormat.DOC, office=None)
    ppt = read_legacy(made(deck, "ppt"), work(), file_format=FileFormat.PPT, office=None)

    assert "Le conseil régional décide à l'unanimité." in text_of(doc)
    assert "Quarante dossiers soutenus." in text_of(ppt)


@needs_office
def test_encrypted_files_are_said_to_be(
    made: Callable[[Path, str], Path], act: Path, deck: Path, tmp_path: Path
) -> None:
    doc, ppt = bytearray(made(act, "doc").read_bytes()), made(deck, "ppt").read_bytes()
    doc[doc.index(b"\xec\xa5") + 11] |= 1
    (tmp_path / "x.doc").write_bytes(doc)
    (tmp_path / "x.ppt").write_bytes(ppt.replace(b"\x5f\xc0\x91\xe3", b"\xdf\xc4\xd1\xf3"))

    for read, name in ((read_doc, "x.doc"), (read_ppt, "x.ppt")):
        with pytest.raises(ParseFailed, match="mot de passe") as caught:
            read(tmp_path / name, work())
        assert caught.value.code == "file_encrypted"


@needs_office
@pytest.mark.parametrize("extension", ["doc", "ppt"])
def test_files_cut_short_end_with_a_reason_or_some_text(
    pool: ParserPool,
    made: Callable[[Path, str], Path],
    act: Path,
    deck: Path,
    tmp_path: Path,
    extension: str,
) -> None:
    data = made(act if extension == "doc" else deck, extension).read_bytes()
    path = tmp_path / "contenu"
    path.write_bytes(data[: len(data) // 2])

    with pytest.raises(IngestError) as caught:
        pool.read(path, name="x")

    assert caught.value.code in {"file_damaged", "file_truncated", "format_unsupported"}


@pytest.mark.parametrize("text", [r"{\rtf1", r"{\rtf1 " + "{" * 200_000, r"{\rtf1\bin2000000000 x"])
def test_hostile_rtf_ends_with_a_reason_or_nearly_nothing(tmp_path: Path, text: str) -> None:
    pool = ParserPool(Limits(base_s=8), children=1, scratch=tmp_path / "scratch")
    found = outcome(pool, rtf(tmp_path, text))
    pool.close()

    nearly_nothing = {Notice.NEARLY_EMPTY, Notice.CONVERTED_WITHOUT_LAYOUT}
    assert found <= {"no_text", "file_damaged", "parser_crashed"} or nearly_nothing <= found


def outcome(pool: ParserPool, path: Path) -> set[str]:
    try:
        return set(pool.read(path, name="x").document.notices)
    except IngestError as error:
        return {error.code}


@needs_office
class TestRealFiles:
    pytestmark = real

    @pytest.mark.parametrize("number", ["2010-51", "2010-9", "2011-5"])
    def test_doc(self, pool: ParserPool, number: str) -> None:
        path = DOCUMENTS / f"chemere_doc__Arrete_{number}.doc"

        ingested = pool.read(path, name=path.name)

        assert ingested.document.engine == "libreoffice, mammoth"
        assert ingested.document.kind == "arrete"
        assert "CHEMERE" in text_of(ingested)
        assert "Article 2 –" in text_of(ingested)

    @pytest.mark.parametrize("pattern", ["*gaspar.pptx", "*standardSRU*.pptx"])
    def test_ppt_made_of_pptx_says_the_same(
        self, pool: ParserPool, made: Callable[[Path, str], Path], pattern: str
    ) -> None:
        path = next(DOCUMENTS.glob(pattern))
        source = pool.read(path, name="x")

        converted = pool.read(made(path, "ppt"), name="x")

        words = set(text_of(source).split())
        assert len(words & set(text_of(converted).split())) / len(words) > 0.97
        assert {chunk.locator.place for chunk in converted.chunks} == {
            chunk.locator.place for chunk in source.chunks
        }

    def test_rtf_made_of_doc_says_the_same(
        self, pool: ParserPool, made: Callable[[Path, str], Path]
    ) -> None:
        path = DOCUMENTS / "chemere_doc__Arrete_2010-9.doc"

        converted = pool.read(made(path, "rtf"), name="x")

        assert text_of(converted) == text_of(pool.read(path, name="x"))
