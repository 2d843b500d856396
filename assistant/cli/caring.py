"""`assistant documents health`: what to look after."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.cli.console import plural, say
from assistant.schemas.corpus_health import CorpusHealthOut, HealthItemOut


def show_health(report: CorpusHealthOut) -> None:
    """Every finding with its first documents, then the questions without answer, in numbers."""
    for line in _lines(report):
        say(line)


def _lines(report: CorpusHealthOut) -> Iterator[str]:
    yield f"{plural(report.documents, 'document')} en service."
    for finding in report.findings:
        if not finding.count:
            continue
        yield f"{finding.code} ({finding.count}) : {finding.detail}"
        yield f"  {finding.remedy}"
        yield from (f"  {_item(item)}" for item in finding.items)
    unanswered = sum(gap.amount for gap in report.gaps)
    yield f"{plural(unanswered, 'question')} sans réponse en {report.days} jours."
    if report.counted_since is None:
        yield "Les documents trouvés ne sont pas encore comptés."


def _item(item: HealthItemOut) -> str:
    about = item.reason or item.note
    return "  ".join(part for part in (item.document_id, item.name, about) if part)
