"""The commands on sources of documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Json, Server, invocation

if TYPE_CHECKING:
    from assistant.cli.connection import Connection
    from assistant.cli.failures import ExitCode

sources_app = typer.Typer(
    cls=FrenchGroup, help="Les sources : dossiers tenus à jour.", rich_markup_mode=None
)
_COMMAND = "sources"
Include = Annotated[
    list[str] | None, typer.Option(metavar="MOTIF", help="Ne prend que ces fichiers.")
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="MOTIF", help="Laisse ces fichiers de côté.")
]
Named = Annotated[
    str, typer.Argument(metavar="ID|NOM", help="Identifiant, ou nom entier de la source.")
]
Every = Annotated[
    str,
    typer.Option(
        metavar="RYTHME", help="manual, hourly, daily@HH:MM ou weekly@J@HH:MM (J : 0 à 6)."
    ),
]


class _Act(Protocol):
    """What is asked of a source, and waited for."""

    def __call__(self, connection: Connection, source_id: str, *, as_json: bool) -> ExitCode: ...


@sources_app.command("list", cls=FrenchCommand)
def list_sources(context: typer.Context, *, json: Json = False, server: Server = None) -> None:
    """Liste les sources, leur état et leur dernier passage."""
    from assistant.cli.organising import show
    from assistant.cli.source_looks import source_line

    with invocation(context).connect(command=_COMMAND, server=server) as connection:
        found = connection.client.list_sources()
    show(found, source_line, as_json=json, nothing="Aucune source.")


@sources_app.command("add", cls=FrenchCommand)
def add_source(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="GENRE", help="folder, webdav ou push.")],
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom de la source.")],
    address: Annotated[
        str, typer.Argument(metavar="[ADRESSE]", help="Chemin du dossier, ou adresse WebDAV.")
    ] = "",
    *,
    user: Annotated[str, typer.Option(metavar="IDENTIFIANT", help="Compte WebDAV.")] = "",
    collection: Annotated[
        str | None, typer.Option(metavar="ID", help="Collection qui reçoit les documents.")
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    every: Every = "manual",
    removals: Annotated[
        int,
        typer.Option(metavar="%", min=0, max=100, help="Part de retraits qui attend un accord."),
    ] = 20,
    json: Json = False,
    server: Server = None,
) -> None:
    """Ajoute une source ; le mot de passe WebDAV est lu sur l'entrée, jamais sur la ligne."""
    from assistant.cli.organising import show
    from assistant.cli.source_looks import asked_source, read_password, source_line

    password = read_password() if kind == "webdav" else None
    asked = asked_source(
        {
            "kind": kind,
            "name": name,
            "address": address,
            "user": user,
            "password": password,
            "collection_id": collection,
            "include": include or [],
            "exclude": exclude or [],
            "removal_percent": removals,
        },
        every=every,
    )
    with invocation(context).connect(command=_COMMAND, server=server) as connection:
        made = connection.client.add_source(asked)
    show(made, source_line, as_json=json)


@sources_app.command("plan", cls=FrenchCommand)
def plan_source(
    context: typer.Context, source: Named, *, json: Json = False, server: Server = None
) -> int:
    """Dit ce que changerait une mise à jour ; rien ne change."""
    from assistant.cli.source_looks import look

    return _told(context, source, partial(look, is_plan=True), json=json, server=server)


@sources_app.command("sync", cls=FrenchCommand)
def sync_source(
    context: typer.Context, source: Named, *, json: Json = False, server: Server = None
) -> int:
    """Met à jour les documents d'une source, et attend la fin de l'examen."""
    from assistant.cli.source_looks import look

    return _told(context, source, partial(look, is_plan=False), json=json, server=server)


@sources_app.command("approve", cls=FrenchCommand)
def approve_source(
    context: typer.Context, source: Named, *, json: Json = False, server: Server = None
) -> int:
    """Approuve les retraits d'un plan qui attend, et les exécute."""
    from assistant.cli.source_looks import decide

    return _told(context, source, partial(decide, is_approved=True), json=json, server=server)


@sources_app.command("refuse", cls=FrenchCommand)
def refuse_source(
    context: typer.Context, source: Named, *, json: Json = False, server: Server = None
) -> int:
    """Refuse les retraits d'un plan qui attend ; rien ne change."""
    from assistant.cli.source_looks import decide

    return _told(context, source, partial(decide, is_approved=False), json=json, server=server)


@sources_app.command("remove", cls=FrenchCommand)
def remove_source(
    context: typer.Context,
    source: Named,
    *,
    documents: Annotated[
        bool, typer.Option("--documents", help="Supprime aussi ses documents.")
    ] = False,
    server: Server = None,
) -> None:
    """Retire une source ; ses documents restent, sauf demande contraire."""
    from assistant.cli.console import say
    from assistant.cli.source_looks import found_source

    with invocation(context).connect(command=_COMMAND, server=server) as connection:
        found = found_source(connection.client, source)
        connection.client.remove_source(found.id, keeps_documents=not documents)
    say(f"{found.name} retirée.")


@sources_app.command("rotate-key", cls=FrenchCommand)
def rotate_key(context: typer.Context) -> None:
    """Change la clé qui protège les mots de passe des sources, et les protège de nouveau."""
    from assistant.cli.console import say
    from assistant.cli.source_key import rotate

    count = rotate(invocation(context).load().settings)
    say(f"Nouvelle clé en place ; mots de passe protégés de nouveau : {count}.")


def _told(context: typer.Context, source: str, act: _Act, *, json: bool, server: str | None) -> int:
    """What became of an act on the source of that id or name."""
    from assistant.cli.source_looks import found_source

    with invocation(context).connect(command=_COMMAND, server=server) as connection:
        found = found_source(connection.client, source)
        return act(connection, found.id, as_json=json)
