"""Messages of both formats made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

from ingest.model import IngestedFile
from tests.ingest.made_compounds import Tree, compound, message

CLASS, SUBJECT, BODY, HTML, RTF = 0x001A, 0x0037, 0x1000, 0x1013, 0x1009
SENDER, SENDER_SMTP = 0x0C1A, 0x5D01


def mail(
    text: str = "Bonjour à tous.", *, subject: str = "Ordre du jour du conseil"
) -> EmailMessage:
    """A message with all usual headers."""
    made = EmailMessage()
    made["From"] = "Élodie Martin <e.martin@mairie.example>"
    made["To"] = "Paul Petit <p.petit@region.example>"
    made["Cc"] = "secretariat@region.example"
    made["Subject"] = subject
    made["Date"] = "Fri, 03 May 2024 10:12:00 +0200"
    made["Message-ID"] = "<1@mairie.example>"
    made.set_content(text)
    return made


def outlook(
    body: str = "Bonjour à tous.", *, html: str = "", attachments: list[Tree] | None = None
) -> bytes:
    """The same message as Outlook saves it."""
    return compound(
        message(
            {
                CLASS: "IPM.Note",
                SUBJECT: "Ordre du jour du conseil",
                BODY: body,
                SENDER: "Élodie Martin",
                SENDER_SMTP: "e.martin@mairie.example",
            },
            binaries={HTML: html.encode()} if html else {},
            sent=datetime(2024, 5, 3, 8, 12, tzinfo=UTC),
            recipients=[
                ("Paul Petit", "p.petit@region.example", 1),
                ("Secrétariat", "secretariat@region.example", 2),
            ],
            attachments=attachments or [],
        )
    )


def texts(ingested: IngestedFile, *, part: str | None = None) -> str:
    """The text of a document, or of one part of it."""
    blocks = ingested.document.blocks
    return "\n".join(b.text for b in blocks if part is None or b.place.part == part)


def attach(
    made: EmailMessage, data: bytes, *, name: str, mime: str = "application/octet-stream"
) -> None:
    """Attach a file."""
    kind, _, subtype = mime.partition("/")
    made.add_attachment(data, maintype=kind, subtype=subtype, filename=name)
