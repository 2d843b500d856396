"""Messages: who, when, what was written, what is attached; nothing attached costs the message."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.errors import IngestError
from ingest.formats import detect_format
from ingest.limits import Limits
from ingest.model import BlockKind, FileFormat, IngestedFile, Notice, Place
from ingest.reader import ParserPool
from ingest.reading import read_file
from tests.ingest.made_compounds import Tree, attached_file, attached_message, compound, message

Read = Callable[..., IngestedFile]
SUBJECT, BODY, HTML, CLASS = 0x0037, 0x1000, 0x1013, 0x001A
SENDER, SENDER_SMTP = 0x0C1A, 0x5D01


@pytest.fixture
def read(pool: ParserPool, tmp_path: Path) -> Read:
    """Reads the bytes of a message in a real child."""

    def read_bytes(data: bytes, *, name: str = "message.eml") -> IngestedFile:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        return pool.read(path, name=name)

    return read_bytes


def mail(
    text: str = "Bonjour à tous.", *, subject: str = "Ordre du jour du conseil"
) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Élodie Martin <e.martin@mairie.example>"
    made["To"] = "Paul Petit <p.petit@region.example>"
    made["Cc"] = "secretariat@region.example"
    made["Subject"] = subject
    made["Date"] = "Fri, 03 May 2024 10:12:00 +0200"
    made["Message-ID"] = "<1@mairie.example>"
    made.set_content(text)
    return made


def outlook(body: str = "Bonjour à tous.", *, attachments: list[Tree] | None = None) -> bytes:
    return compound(
        message(
            {
                CLASS: "IPM.Note",
                SUBJECT: "Ordre du jour du conseil",
                BODY: body,
                SENDER: "Élodie Martin",
                SENDER_SMTP: "e.martin@mairie.example",
            },
            sent=datetime(2024, 5, 3, 8, 12, tzinfo=UTC),
            recipients=[
                ("Paul Petit", "p.petit@region.example", 1),
                ("Secrétariat", "secretariat@region.example", 2),
            ],
            attachments=attachments or [],
        )
    )


def texts(ingested: IngestedFile, *, part: str | None = None) -> str:
    blocks = ingested.document.blocks
    return "\n".join(b.text for b in blocks if part is None or b.place.part == part)


def attach(
    made: EmailMessage, data: bytes, *, name: str, mime: str = "application/octet-stream"
) -> None:
    kind, _, subtype = mime.partition("/")
    made.add_attachment(data, maintype=kind, subtype=subtype, filename=name)


def test_message_tells_who_wrote_to_whom_and_when(read: Read) -> None:
    document = read(bytes(mail())).document

    assert document.format is FileFormat.EML
    assert document.title == "Ordre du jour du conseil"
    assert document.date == date(2024, 5, 3)
    heading, header, body = document.blocks
    assert (heading.kind, heading.text) == (BlockKind.HEADING, "Ordre du jour du conseil")
    assert header.text.split("\n") == [
        "De : Élodie Martin <e.martin@mairie.example>",
        "À : Paul Petit <p.petit@region.example>",
        "Cc : secretariat@region.example",
        "Date : 3 mai 2024 à 10:12",
    ]
    assert body.text == "Bonjour à tous."


def test_outlook_message_is_read_as_any_other(read: Read) -> None:
    document = read(outlook(), name="x.msg").document

    assert (document.format, document.engine) == (FileFormat.MSG, "oxmsg")
    assert (document.title, document.date) == ("Ordre du jour du conseil", date(2024, 5, 3))
    assert document.blocks[1].text.split("\n") == [
        "De : Élodie Martin <e.martin@mairie.example>",
        "À : Paul Petit <p.petit@region.example>",
        "Cc : Secrétariat <secretariat@region.example>",
        "Date : 3 mai 2024 à 08:12",
    ]
    assert document.blocks[2].text == "Bonjour à tous."


def test_outlook_bodies_of_each_kind_are_read(read: Read) -> None:
    html = "<html><body><p>Réunion <b>reportée</b></p></body></html>".encode("cp1252")
    packed = message({SUBJECT: "Sujet"}, binaries={HTML: html})
    stored = (40).to_bytes(4, "little") + (31).to_bytes(4, "little") + b"MELA" + bytes(4)
    rtf = message(
        {SUBJECT: "Sujet"}, binaries={0x1009: stored + b"{\\rtf1\\ansi Report\\'e9 au 6 mai.}"}
    )

    assert "Réunion reportée" in texts(read(compound(packed)))
    assert "au 6 mai" in texts(read(compound(rtf)))


def test_form_of_the_text_is_the_plain_one_unless_it_is_a_stub(read: Read) -> None:
    full = mail("Le texte simple du message, en entier.")
    full.add_alternative("<p>Le texte mis en forme.</p>", subtype="html")
    stub = mail("HTML.")
    stub.add_alternative(
        "<p>Le texte mis en forme, en entier.</p><script>x()</script>", subtype="html"
    )

    assert "mis en forme" not in texts(read(bytes(full)))
    assert "mis en forme" in texts(read(bytes(stub)))
    assert "x()" not in texts(read(bytes(stub)))


def test_quoted_history_follows_the_new_text(read: Read) -> None:
    made = mail(
        "Le jeudi 2 mai 2024 à 09:00, Paul Petit a écrit :\n> Pouvez-vous venir ?\n>> Ancien.\n\n"
        "Oui, volontiers.\n"
    )

    text = texts(read(bytes(made)))

    assert text.index("Oui, volontiers") < text.index("Messages précédents")
    assert text.index("Messages précédents") < text.index("a écrit") < text.index("Pouvez-vous")
    assert ">" not in text.split("Date", 1)[1]


def test_quoted_history_of_a_page_follows_the_new_text(read: Read) -> None:
    made = mail("x")
    made.set_content(
        "<html><body><blockquote type='cite'>Question ancienne du service</blockquote>"
        "<p>Réponse nouvelle du service</p></body></html>",
        subtype="html",
    )

    text = texts(read(bytes(made)))

    assert text.index("Réponse nouvelle") < text.index("Question ancienne")


@pytest.mark.parametrize("declared", ["iso-8859-1", "utf-8", "inconnu", "windows-1252"])
def test_text_in_a_wrongly_declared_encoding_is_read(read: Read, declared: str) -> None:
    head = f"From: a@x.fr\nSubject: Essai\nMIME-Version: 1.0\nContent-Type: text/plain; charset={declared}\n"
    data = head.encode() + "Content-Transfer-Encoding: 8bit\n\nL’été à Évry – 5 €\n".encode(
        "cp1252"
    )

    assert "L’été à Évry – 5 €" in texts(read(data))


def test_headers_in_bare_bytes_are_read(read: Read) -> None:
    data = (
        "From: Hélène <h@x.fr>\nSubject: Été à Évry\nMIME-Version: 1.0\n\nCorps du message.".encode(
            "cp1252"
        )
    )

    document = read(data).document

    assert document.title == "Été à Évry"
    assert "De : Hélène <h@x.fr>" in document.blocks[1].text


def test_each_attachment_is_a_part_of_its_own(
    read: Read, make_pdf: Callable[..., Path], make_odt: Callable[..., Path]
) -> None:
    made = mail()
    attach(
        made,
        make_pdf([[("h1", "Délibération"), ("p", "Le conseil décide. " * 20)]]).read_bytes(),
        name="acte.pdf",
    )
    attach(made, make_odt("<text:p>Texte de la note.</text:p>").read_bytes(), name="note.odt")

    ingested = read(bytes(made))

    part = [b for b in ingested.document.blocks if b.place == Place(part="acte.pdf")]
    assert (part[0].kind, part[0].text) == (BlockKind.HEADING, "acte.pdf")
    assert "Le conseil décide" in part[-1].text
    assert all(block.box is None and not block.lines for block in part)
    assert "Texte de la note" in texts(ingested, part="note.odt")
    assert "Pièces jointes : acte.pdf, note.odt" in ingested.document.blocks[1].text
    assert ingested.document.page_count == 0
    assert {c.locator.place.part for c in ingested.chunks} == {"", "acte.pdf", "note.odt"}
    assert all(not c.locator.pages and not c.locator.boxes for c in ingested.chunks)
    assert Notice.ATTACHMENTS_UNREAD not in ingested.document.notices


def test_outlook_attachments_are_read_too(read: Read, make_docx: Callable[..., Path]) -> None:
    inner = message({SUBJECT: "Message joint", BODY: "Corps joint."}, header=24)
    data = outlook(
        attachments=[
            attached_file(
                "note.docx", make_docx([("Normal", "Texte de la note jointe.")]).read_bytes()
            ),
            attached_message("Message joint", inner),
        ]
    )

    ingested = read(data, name="x.msg")

    assert ingested.document.format is FileFormat.MSG
    assert "Texte de la note jointe" in texts(ingested, part="note.docx")
    assert "Corps joint" in texts(ingested, part="Message joint")


def test_message_that_holds_an_office_file_is_still_a_message(tmp_path: Path) -> None:
    office = compound({"WordDocument": bytes(5000)})
    path = tmp_path / "contenu"
    path.write_bytes(outlook(attachments=[attached_file("note.doc", office)]))

    assert detect_format(path, name="x.doc") is FileFormat.MSG


def test_attachments_that_are_not_read_are_named(read: Read) -> None:
    made = mail()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("secret.txt", "Contenu de l'archive.")
    attach(made, buffer.getvalue(), name="plans.zip", mime="application/zip")
    attach(made, b"\x78\x9f\x3e\x22" + bytes(50), name="winmail.dat", mime="application/ms-tnef")
    attach(made, b"", name="vide.pdf")
    attach(made, b"%PDF-1.7 sans fin", name="abime.pdf")

    ingested = read(bytes(made))

    line = ingested.document.blocks[1].text.split("\n")[-1]
    names = ("plans.zip", "winmail.dat", "vide.pdf", "abime.pdf")
    assert line == "Pièces jointes : " + ", ".join(f"{name} (non lue)" for name in names)
    assert ingested.document.notices == (Notice.ATTACHMENTS_UNREAD,)
    assert "Contenu de l'archive" not in texts(ingested)
    assert {b.place.part for b in ingested.document.blocks} == {""}


def test_messages_inside_messages_are_read_down_to_the_limit(read: Read) -> None:
    made = mail("Corps 4.", subject="Niveau 4")
    for level in range(3, -1, -1):
        outer = mail(f"Corps {level}.", subject=f"Niveau {level}")
        outer.add_attachment(made)
        made = outer

    text = texts(read(bytes(made)))

    assert all(f"Corps {level}" in text for level in range(4))
    assert "Corps 4" not in text
    assert "Niveau 4.eml (non lue)" in text


def test_message_saved_as_a_file_and_attached_is_read(read: Read) -> None:
    made = mail()
    attach(made, bytes(mail("Corps du message joint.", subject="Joint")), name="joint.eml")

    assert "Corps du message joint" in texts(read(bytes(made)), part="joint.eml")


def test_number_and_size_of_attachments_are_bounded(
    tmp_path: Path, make_odt: Callable[..., Path]
) -> None:
    made = mail()
    for number in range(5):
        attach(made, f"Texte de la pièce {number}.".encode(), name="note.txt", mime="text/plain")
    path = tmp_path / "contenu"
    path.write_bytes(bytes(made))

    few = _read_here(path, Limits(max_attachments=2))
    small = _read_here(path, Limits(max_expanded_bytes=60))

    assert [f"pièce {n}" in texts(few) for n in range(5)] == [True, True, False, False, False]
    assert "note.txt, note.txt (2), note.txt (3) (non lue)" in few.document.blocks[1].text
    assert "pièce 1" in texts(small)
    assert "pièce 4" not in texts(small)


def test_parser_that_fails_on_an_attachment_does_not_cost_the_message(read: Read) -> None:
    made = mail()
    attach(made, b"<html><body>" + b"<div>" * 50 + b"</body>", name="page.html", mime="text/html")

    document = read(bytes(made)).document

    assert "Bonjour à tous" in document.blocks[2].text
    assert document.notices == (Notice.ATTACHMENTS_UNREAD,)


def test_logo_of_a_signature_is_no_attachment(read: Read) -> None:
    made = mail("x")
    made.set_content("<p>Bonjour à tous et à toutes, merci.</p><img src='cid:1'>", subtype="html")
    made.add_related(b"\x89PNG\r\n\x1a\n" + bytes(20), maintype="image", subtype="png", cid="<1>")

    document = read(bytes(made)).document

    assert "Pièces jointes" not in document.blocks[1].text
    assert Notice.ATTACHMENTS_UNREAD not in document.notices


def test_signed_message_is_read_without_its_signature(read: Read) -> None:
    inner = "Content-Type: text/plain; charset=utf-8\n\nTexte signé du message."
    data = (
        "From: a@x.fr\nSubject: Signé\nMIME-Version: 1.0\n"
        'Content-Type: multipart/signed; boundary="b"; protocol="application/pgp-signature"\n\n'
        f"--b\n{inner}\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\nabc\n--b--\n"
    ).encode()
    signed = attached_file("smime.p7m", data, mime="multipart/signed")
    outlook_signed = compound(
        message({CLASS: "IPM.Note.SMIME.MultipartSigned", SUBJECT: "Signé"}, attachments=[signed])
    )

    for ingested in (read(data), read(outlook_signed)):
        assert "Texte signé du message" in texts(ingested)
        assert "Pièces jointes" not in texts(ingested)


@pytest.mark.parametrize(
    "kind",
    [
        'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        "text/plain",
    ],
)
def test_encrypted_message_is_refused(read: Read, kind: str) -> None:
    body = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    data = f"From: a@x.fr\nSubject: S\nMIME-Version: 1.0\nContent-Type: {kind}\n\n{body}".encode()

    with pytest.raises(IngestError, match="chiffré ou scellé") as caught:
        read(data)

    assert caught.value.code == "message_encrypted"


def test_encrypted_outlook_message_is_refused(read: Read) -> None:
    with pytest.raises(IngestError) as caught:
        read(compound(message({CLASS: "IPM.Note.SMIME", SUBJECT: "S"})))

    assert caught.value.code == "message_encrypted"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_outlook_message_is_refused_or_read(read: Read, share: float) -> None:
    data = outlook("Bonjour. " * 2000)

    with pytest.raises(IngestError) as caught:
        read(data[: int(len(data) * share)])

    assert caught.value.code in {"file_damaged", "format_unsupported"}


def test_message_without_subject_nor_date_is_read(read: Read) -> None:
    document = read(
        b"From: a@x.fr\nMIME-Version: 1.0\nReceived: x\n\nCorps du message.", name="a b.eml"
    ).document

    assert document.blocks[0].text == "Message sans objet"
    assert "Corps du message." in document.blocks[2].text
    assert document.date is None


def test_long_lists_of_people_are_cut(read: Read) -> None:
    made = mail()
    del made["To"]
    made["To"] = ", ".join(f"p{number}@x.example" for number in range(300))

    line = read(bytes(made)).document.blocks[1].text.split("\n")[1]

    assert line.startswith("À : p0@x.example, p1@x.example")
    assert line.endswith("et 280 autres")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From: a@b.fr\nTo: c@d.fr\nSubject: x\n\ncorps", FileFormat.EML),
        (
            "From a@b.fr Fri May  3 10:12:00 2024\nReceived: x\nFrom: a@b.fr\n\ncorps",
            FileFormat.EML,
        ),
        ("\ufeffReceived: x\n\ty\nMessage-ID: <1>\n\ncorps", FileFormat.EML),
        ("Subject: une note\nDate: lundi\n\nUn texte quelconque.", FileFormat.TEXT),
        ("Compte rendu\n\nReceived: x\nMessage-ID: y\n", FileFormat.TEXT),
    ],
)
def test_message_is_told_by_how_it_opens(tmp_path: Path, text: str, expected: FileFormat) -> None:
    path = tmp_path / "contenu"
    path.write_text(text, encoding="utf-8")

    assert detect_format(path, name="x.bin") is expected


def test_mailbox_of_several_messages_is_named_and_refused(read: Read) -> None:
    one = "From a@b.fr Fri May  3 10:12:00 2024\nReceived: x\nFrom: a@b.fr\n\ncorps\n\n"

    with pytest.raises(IngestError, match="MBOX"):
        read((one * 2).encode())


def _read_here(path: Path, limits: Limits) -> IngestedFile:
    return read_file(path, name="message.eml", limits=limits, on_pages=_ignore_pages)


def _ignore_pages(pages: int, /, *, scans: int = 0) -> None:
    del pages, scans
