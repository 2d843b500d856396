from __future__ import annotations

from assistant.api.reading_out import quality_out
from ingest.model import Quality


def test_attachments_that_were_not_read_are_named() -> None:
    shown = quality_out(Quality(unread_parts=("plan.pdf", "Joint.eml › note.doc")))

    assert shown.level == "check"
    assert len(shown.warnings) == 1
    assert "non lues : « plan.pdf », « Joint.eml › note.doc »." in shown.warnings[0]
