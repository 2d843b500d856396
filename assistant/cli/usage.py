"""`assistant usage`: what each tenant used in a month and what it costs, also as the export of a convention."""

from __future__ import annotations

import csv
import io
from typing import Annotated

import typer

from assistant.cli.options import Json, Server, invocation
from assistant.schemas.usage import UsageOut, UsageRowOut

_UNITS = {
    "questions": "questions",
    "prompt_tokens": "millions de jetons lus",
    "completion_tokens": "millions de jetons écrits",
    "embedded_tokens": "millions de jetons indexés",
    "pages": "pages lues",
    "ocr_pages": "pages numérisées",
    "stored_bytes": "Go gardés un mois",
}
_HEAD = ("mois", "organisme", "identifiant", "unité", "quantité", "prix", "montant", "monnaie")


def usage(
    context: typer.Context,
    *,
    month: Annotated[
        str, typer.Option("--month", metavar="AAAA-MM", help="Mois, par exemple 2026-11.")
    ],
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Un seul organisme.")
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Écrit un tableau CSV, pour l'annexe d'une convention.")
    ] = False,
    json: Json = False,
    server: Server = None,
) -> None:
    """Montre l'usage d'un mois et son coût, par organisme."""
    from assistant.cli.console import say_json, say_raw
    from assistant.cli.failures import Misuse

    if csv and json:
        raise Misuse("Choisissez « --csv » ou « --json ».")
    with invocation(context).connect(command="usage", server=server) as connection:
        found = connection.client.usage(month, tenant_id=tenant)
    if json:
        say_json(found)
    elif csv:
        say_raw(table_of(found))
    else:
        say_raw("".join(f"{line}\n" for line in lines_of(found)))


def table_of(found: UsageOut) -> str:
    """The rows, then the total of each tenant, for a French spreadsheet: semicolons, decimal commas."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(_HEAD)
    for row in found.rows:
        numbers = map(_french, (row.quantity, row.price, row.amount))
        who = (found.month, _safe(row.tenant), row.tenant_id)
        table.writerow((*who, _UNITS[row.unit], *numbers, found.currency))
    for each in found.totals:
        who = (found.month, _safe(each.tenant), each.tenant_id)
        table.writerow((*who, "total", "", "", _french(each.total), found.currency))
    return written.getvalue()


def lines_of(found: UsageOut) -> list[str]:
    """For people: each tenant with what it used, and its total."""
    lines: list[str] = []
    for each in found.totals:
        lines.append(f"{each.tenant} ({each.tenant_id})")
        own = [row for row in found.rows if row.tenant_id == each.tenant_id]
        lines.extend(_line(row, currency=found.currency) for row in own)
        lines.append(f"  {'total':<28}{_french(each.total):>38} {found.currency}")
    if len(found.totals) > 1:
        lines.append(f"{'Ensemble':<30}{_french(found.total):>38} {found.currency}")
    return lines


def _line(row: UsageRowOut, *, currency: str) -> str:
    numbers = f"{_french(row.quantity):>14} × {_french(row.price):>8} = {_french(row.amount):>10}"
    return f"  {_UNITS[row.unit]:<28}{numbers} {currency}"


def _french(number: str) -> str:
    return number.replace(".", ",")


def _safe(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
