"""What became of each question of an evaluation, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schemas.evaluations import (
    CitedPassageOut,
    EvaluationRowOut,
    ExpectedAnswerOut,
    ResultOut,
)
from ui.markup import Target, answer_html, escape, link
from ui.messages import counted, text

_COLUMNS = ("question", "expected", "cited", "verdict")
_SHOWN_CITATIONS = 3
"""Citations among which the right one counts, as in the API."""


def table_html(rows: Sequence[EvaluationRowOut]) -> str:
    """A row a question: what was asked, expected, cited first, and how good that is."""
    titles = "".join(
        f'<th scope="col" class="column-{name}">{escape(text(f"outcome.column_{name}"))}</th>'
        for name in _COLUMNS
    )
    body = "".join(_row_html(each) for each in rows)
    caption = escape(text("evaluation.caption"))
    return (
        f'<table class="outcomes"><caption class="hidden">{caption}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row_html(row: EvaluationRowOut) -> str:
    result = row.result
    cells = (
        _question_html(row.expected, result),
        _expected_html(row.expected),
        "" if result is None else _cited_html(result.citations[:1], result),
        _verdict_html(result),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _question_html(expected: ExpectedAnswerOut, result: ResultOut | None) -> str:
    line = text("evaluation.line", line=expected.line)
    question = expected.question.replace(" ?", "\u00a0?")
    asked = f'<p class="asked">{escape(question)}</p><p class="meta">{escape(line)}</p>'
    return asked if result is None else asked + _details_html(expected, result)


def _details_html(expected: ExpectedAnswerOut, result: ResultOut) -> str:
    parts: list[tuple[str, str]] = []
    if expected.answer:
        parts.append(("expected_answer", f"<p>{escape(expected.answer)}</p>"))
    if result.answer:
        parts.append(("given", f'<div class="given">{answer_html(result.answer, {})}</div>'))
    if others := "".join(f"<li>{_source_html(each)}</li>" for each in result.citations[1:]):
        parts.append(("other_sources", f"<ul>{others}</ul>"))
    if not parts:
        return ""
    shown = "".join(
        f'<p class="part">{escape(text(f"evaluation.{name}"))}</p>{html}' for name, html in parts
    )
    summary = escape(text("evaluation.details"))
    return f"<details><summary>{summary}</summary>{shown}</details>"


def _expected_html(expected: ExpectedAnswerOut) -> str:
    if expected.document is None:
        return f'<p class="meta">{escape(text("evaluation.no_answer"))}</p>'
    facts = [_pages(expected.pages)] if expected.pages else []
    if expected.passage:
        facts.append(text("evaluation.quote", words=expected.passage))
    listed = "".join(f'<p class="meta">{escape(fact)}</p>' for fact in facts)
    return f"<p>{escape(expected.document)}</p>{listed}"


def _cited_html(first: Sequence[CitedPassageOut], result: ResultOut) -> str:
    if not first:
        return f'<p class="meta">{escape(result.reason or text("evaluation.no_source"))}</p>'
    return "".join(_source_html(each) for each in first)


def _source_html(cited: CitedPassageOut) -> str:
    """A cited passage that opens in a tab; only its name when that page is not known.

    Once withheld, why.
    """
    if cited.is_withheld:
        return f'<p class="meta">{escape(cited.quote)}</p>'
    name = cited.title or cited.file
    label = f"{name}, {_pages(cited.pages)}" if cited.pages else name
    shown = link(Target(cited.view_url or "", label), name, css="open")
    where = f'<p class="meta">{escape(_pages(cited.pages))}</p>' if cited.pages else ""
    return f"<p>{shown}</p>{where}"


def _pages(pages: Sequence[int]) -> str:
    if len(pages) == 1:
        return text("source.page", page=pages[0])
    if list(pages) == list(range(pages[0], pages[-1] + 1)):
        return text("source.pages", first=pages[0], last=pages[-1])
    return text("evaluation.pages", pages=", ".join(map(str, pages)))


def _verdict_html(result: ResultOut | None) -> str:
    verdict = "waiting" if result is None else result.verdict
    why = "" if result is None else why_of(result)
    badge = f'<span class="verdict {verdict}">{escape(text(f"outcome.{verdict}"))}</span>'
    return f'{badge}<p class="meta">{escape(why)}</p>' if why else badge


def why_of(result: ResultOut) -> str:
    """What helps to mend a result, in sentences; empty when its verdict says all."""
    told = (_placed(result), result.model_fault or "", _marked(result))
    return " ".join(filter(None, told))


def _marked(result: ResultOut) -> str:
    """How many sentences of the answer are marked, and for what."""
    counts = (
        ("unsupported", result.unsupported_sentences),
        ("uncited", result.uncited_sentences),
    )
    return " ".join(counted(f"outcome.{name}", count) for name, count in counts if count)


def _placed(result: ResultOut) -> str:
    match result.verdict:
        case "right" | "right_marked" | "right_faulty":
            is_first = result.citation_rank in {None, 1}
            return "" if is_first else text("outcome.cited_at", rank=result.citation_rank or 1)
        case "wrong" | "refused_wrongly":
            return _miss(result)
        case "answered_wrongly":
            return text("outcome.should_refuse")
        case _:
            return ""


def _miss(result: ResultOut) -> str:
    if result.citation_rank is not None and result.citation_rank > _SHOWN_CITATIONS:
        return text("outcome.cited_late", rank=result.citation_rank)
    if result.passage_rank is not None:
        return text("outcome.found_passage", rank=result.passage_rank)
    if result.document_rank is not None:
        return text("outcome.found_document", rank=result.document_rank)
    return text("outcome.not_found")
