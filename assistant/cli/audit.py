"""The commands on the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Json, Server, invocation

audit_app = typer.Typer(cls=FrenchGroup, help="Le journal d'audit.", rich_markup_mode=None)


@audit_app.command("verify", cls=FrenchCommand)
def verify_log(context: typer.Context, *, json: Json = False) -> int:
    """Dit si rien n'a été changé, retiré, ajouté ou coupé dans le journal."""
    from assistant.cli.auditing import verify
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    return verify(invocation(context).load().settings, as_json=json)


@audit_app.command("export", cls=FrenchCommand)
def export_log(
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Premier jour : AAAA-MM-JJ.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Dernier jour, compris.")
    ] = None,
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act", metavar="ACTE", help="Par exemple session.opened ; peut être répété."
        ),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Organisme ; sans lui, tous.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="csv, ou jsonl (OCSF).")
    ] = "csv",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FICHIER", help="Sans lui, sortie standard."),
    ] = None,
    server: Server = None,
) -> None:
    """Écrit les entrées du journal, de la plus ancienne à la plus récente."""
    from assistant.cli.auditing import asked, checked_format, write_export

    wanted = asked(since=since, until=until, acts=act, tenant=tenant)
    kind = checked_format(form)
    with (
        invocation(context).connect(command="audit", server=server) as connection,
        connection.client.audit_export(wanted, form=kind) as pieces,
    ):
        write_export(pieces, output)


@audit_app.command("who", cls=FrenchCommand)
def resolve_pseudonym(
    context: typer.Context,
    pseudonym: Annotated[
        str, typer.Argument(metavar="PSEUDONYME", help="Tel qu'il est dans une entrée.")
    ],
    *,
    json: Json = False,
    server: Server = None,
) -> None:
    """Dit quelle personne un pseudonyme désigne ; la demande est inscrite au journal."""
    from assistant.cli.console import say, say_json

    with invocation(context).connect(command="audit", server=server) as connection:
        found = connection.client.resolve_pseudonym(pseudonym)
    if json:
        say_json(found)
    else:
        say(f"{found.person_id}  {found.name} <{found.email or '–'}>  {found.tenant_id}")


@audit_app.command("conversations", cls=FrenchCommand)
def list_conversations(
    context: typer.Context,
    *,
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", metavar="ID", help="Autre organisme, pour la plateforme."),
    ] = None,
    pseudonym: Annotated[
        str, typer.Option("--person", metavar="PSEUDONYME", help="Une seule personne.")
    ] = "",
    limit: Annotated[int, typer.Option("-n", metavar="N", min=1, max=1000, help="Nombre.")] = 50,
    json: Json = False,
    server: Server = None,
) -> None:
    """Liste les conversations sans un mot de leur contenu ; pour les auditeurs."""
    from assistant.cli.inspecting import facts_line
    from assistant.cli.organising import show

    with invocation(context).connect(command="audit", server=server) as connection:
        found = connection.client.list_audited_conversations(
            tenant_id=tenant, pseudonym=pseudonym, limit=limit
        )
    show(found, facts_line, as_json=json, nothing="Aucune conversation.")


@audit_app.command("read", cls=FrenchCommand)
def read_conversation(
    context: typer.Context,
    conversation: Annotated[str, typer.Argument(metavar="ID", help="Identifiant.")],
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="MOTIF", help="Pourquoi ; la personne le verra."),
    ],
    json: Json = False,
    server: Server = None,
) -> None:
    """Lit une conversation, une fois, pour un motif que la personne voit ; pour les auditeurs."""
    from assistant.cli.console import say_json
    from assistant.cli.inspecting import show_conversation

    with invocation(context).connect(command="audit", server=server) as connection:
        opened = connection.client.inspect_conversation(conversation, reason=reason)
    say_json(opened) if json else show_conversation(opened)
