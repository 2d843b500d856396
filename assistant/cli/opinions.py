"""`assistant feedback`: what people say of the answers of a month, as numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli.options import Json, Server, invocation
from assistant.schemas.feedback import FeedbackCountOut, FeedbackReportOut

_VERDICTS = {"useful": "utile", "not_useful": "pas utile"}
_REASONS = {
    "exact": "réponse exacte",
    "well_sourced": "bonnes sources",
    "clear": "claire",
    "wrong": "erreur dans la réponse",
    "incomplete": "incomplète",
    "off_topic": "à côté de la question",
    "badly_sourced": "sources mal choisies",
    "outdated": "document périmé",
    "unclear": "difficile à comprendre",
    "refused_wrongly": "la réponse est pourtant dans les documents",
}


def feedback(
    context: typer.Context,
    *,
    month: Annotated[
        str, typer.Option("--month", metavar="AAAA-MM", help="Mois, par exemple 2026-11.")
    ],
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Organisme ; sans lui, le vôtre.")
    ] = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Montre les avis donnés sur les réponses d'un mois, en nombres."""
    from assistant.cli.console import say, say_json

    with invocation(context).connect(command="feedback", server=server) as connection:
        found = connection.client.feedback(month, tenant_id=tenant)
    if json:
        say_json(found)
        return
    for line in lines_of(found):
        say(line)


def lines_of(found: FeedbackReportOut) -> list[str]:
    """Counts by collection, verdict and reason, then the comments that were passed on."""
    if not found.counts:
        return ["Aucun avis pour ce mois."]
    lines: list[str] = []
    place: str | None = None
    for each in found.counts:
        if (name := _place(each)) != place:
            place = name
            lines.append(name)
        what = _VERDICTS[each.verdict] if each.reason is None else f"  {_REASONS[each.reason]}"
        lines.append(f"  {what:<48}{each.count:>6}")
    told = (
        f"{each.on:%d/%m/%Y}  {_VERDICTS[each.verdict]} : {each.comment}" for each in found.comments
    )
    return [*lines, *told]


def _place(count: FeedbackCountOut) -> str:
    if count.collection_id is None:
        return "Toutes les réponses"
    if count.collection_id == "shared":
        return "Collections d'autres organismes"
    return f"{count.collection or 'Collection supprimée'} ({count.collection_id})"
