"""The commands on tenants and collections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Identifier, Json, Server, invocation

tenants_app = typer.Typer(cls=FrenchGroup, help="Les organismes.", rich_markup_mode=None)
collections_app = typer.Typer(
    cls=FrenchGroup, help="Les collections et leurs lecteurs.", rich_markup_mode=None
)

Tenant = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="Organisme ; sans lui, le vôtre.")
]
Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="TYPE", help="region, departement, epci, commune ou other."),
]
Siren = Annotated[str | None, typer.Option("--siren", metavar="SIREN", help="Neuf chiffres.")]
Sirets = Annotated[
    list[str] | None,
    typer.Option("--siret", metavar="SIRET", help="Quatorze chiffres ; peut être répété."),
]
Parent = Annotated[
    str | None, typer.Option("--parent", metavar="ID", help="Organisme de rattachement.")
]
Colour = Annotated[
    str | None, typer.Option("--colour", metavar="#RRVVBB", help="Couleur, lisible sur du blanc.")
]
TimeZone = Annotated[
    str | None, typer.Option("--time-zone", metavar="NOM", help="Par exemple Indian/Reunion.")
]
Welcome = Annotated[str | None, typer.Option(metavar="TEXTE", help="Texte d'accueil.")]
CharterFile = Annotated[
    Path | None,
    typer.Option("--charter", metavar="FICHIER", help="Texte de la charte ; vide : aucune."),
]
Retention = Annotated[
    int | None, typer.Option("--retention", metavar="JOURS", help="0 : sans limite.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NOM", help='Modèle autorisé ; peut être répété ; "" : tous.'),
]
Label = Annotated[
    str | None, typer.Option(metavar="MENTION", help="Classification ; vide : aucune.")
]
Audience = Annotated[
    str | None,
    typer.Option(metavar="QUI", help="tenant, groups, everyone, tenants ou descendants."),
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="ID", help="Groupe ; peut être répété.")
]
Shared = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="ID", help="Organisme lecteur ; peut être répété."),
]


@tenants_app.command("list", cls=FrenchCommand)
def list_tenants(
    context: typer.Context,
    *,
    archived: Annotated[bool, typer.Option("--all", help="Avec ceux qui sont archivés.")] = False,
    json: Json = False,
    server: Server = None,
) -> None:
    """Liste les organismes."""
    from assistant.cli.organising import show, tenant_line

    with invocation(context).connect(command="tenants", server=server) as connection:
        found = connection.client.list_tenants(archived=archived)
    show(found, tenant_line, as_json=json, nothing="Aucun organisme.")


@tenants_app.command("show", cls=FrenchCommand)
def show_tenant(context: typer.Context, tenant: Identifier, *, server: Server = None) -> None:
    """Montre un organisme, en JSON."""
    from assistant.cli.console import say_json

    with invocation(context).connect(command="tenants", server=server) as connection:
        say_json(connection.client.get_tenant(tenant))


@tenants_app.command("create", cls=FrenchCommand)
def create_tenant(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom de l'organisme.")],
    *,
    kind: Kind = None,
    siren: Siren = None,
    siret: Sirets = None,
    parent: Parent = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Crée un organisme, avec une collection vide."""
    from assistant.cli.organising import show, tenant_line
    from assistant.schemas.tenants import TenantIn

    asked = {"name": name, "kind": kind, "siren": siren, "sirets": siret, "parent_id": parent}
    with invocation(context).connect(command="tenants", server=server) as connection:
        made = connection.client.create_tenant(parsed(TenantIn, asked))
    show(made, tenant_line, as_json=json)


@tenants_app.command("change", cls=FrenchCommand)
def change_tenant(
    context: typer.Context,
    tenant: Identifier,
    *,
    name: Annotated[str | None, typer.Option(metavar="NOM", help="Autre nom.")] = None,
    kind: Kind = None,
    siren: Siren = None,
    siret: Sirets = None,
    parent: Parent = None,
    colour: Colour = None,
    time_zone: TimeZone = None,
    welcome: Welcome = None,
    charter: CharterFile = None,
    retention: Retention = None,
    model: Models = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Change un organisme ; ce qui n'est pas donné reste."""
    from assistant.cli.organising import show, tenant_line
    from assistant.schemas.tenants import TenantChangeIn

    asked = {
        "name": name,
        "kind": kind,
        "siren": siren,
        "sirets": siret,
        "parent_id": parent,
        "colour": colour,
        "time_zone": time_zone,
        "welcome": welcome,
        "charter_text": None if charter is None else _text_of(charter),
        "retention_days": retention,
        "allowed_models": None if model is None else [each for each in model if each],
    }
    with invocation(context).connect(command="tenants", server=server) as connection:
        changed = connection.client.change_tenant(tenant, parsed(TenantChangeIn, asked))
    show(changed, tenant_line, as_json=json)


@tenants_app.command("state", cls=FrenchCommand)
def move_tenant(
    context: typer.Context,
    tenant: Identifier,
    state: Annotated[
        str, typer.Argument(metavar="ÉTAT", help="active, suspended, closed ou archived.")
    ],
    *,
    json: Json = False,
    server: Server = None,
) -> None:
    """Suspend, ferme, archive ou rouvre un organisme, d'un pas."""
    from assistant.cli.organising import show, tenant_line
    from assistant.schemas.tenants import TenantStateIn

    with invocation(context).connect(command="tenants", server=server) as connection:
        moved = connection.client.move_tenant(tenant, parsed(TenantStateIn, {"state": state}))
    show(moved, tenant_line, as_json=json)


@tenants_app.command("logo", cls=FrenchCommand)
def put_logo(
    context: typer.Context,
    tenant: Identifier,
    file: Annotated[
        Path | None, typer.Argument(metavar="[IMAGE]", help="PNG ou JPEG ; aucune : l'enlève.")
    ] = None,
    *,
    server: Server = None,
) -> None:
    """Remplace ou enlève le logo d'un organisme."""
    with invocation(context).connect(command="tenants", server=server) as connection:
        if file is None:
            connection.client.delete_logo(tenant)
        else:
            connection.client.put_logo(tenant, file)


@tenants_app.command("delete", cls=FrenchCommand)
def erase_tenant(
    context: typer.Context,
    tenant: Identifier,
    *,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="NOM", help="Nom de l'organisme, pour confirmer.")
    ],
    json: Json = False,
    server: Server = None,
) -> int:
    """Supprime un organisme archivé avec tout ce qu'il contient, et compte ce qui reste."""
    from assistant.cli.failures import Misuse
    from assistant.cli.organising import show_erasure

    with invocation(context).connect(command="tenants", server=server) as connection:
        if connection.client.get_tenant(tenant).name != confirm:
            raise Misuse("Le nom donné avec « --confirm » n'est pas celui de cet organisme.")
        return show_erasure(connection.client.erase_tenant(tenant), as_json=json)


@tenants_app.command("export", cls=FrenchCommand)
def export_tenant(
    context: typer.Context,
    tenant: Identifier,
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="DOSSIER|ZIP", help="Fichier neuf, ou son dossier.")
    ],
    conversations: Annotated[
        bool, typer.Option("--conversations", help="Avec celles des personnes qui l'ont accepté.")
    ] = False,
    json: Json = False,
) -> None:
    """Écrit tout ce qu'un organisme possède dans une archive ZIP, pour qu'il puisse partir."""
    from assistant.cli.moving import export
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    settings = invocation(context).load().settings
    export(settings, tenant, to=to, with_conversations=conversations, as_json=json)


@tenants_app.command("import", cls=FrenchCommand)
def import_tenant(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="ZIP", help="Archive de « tenants export ».")],
    *,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="N'attend pas la lecture des documents.")
    ] = False,
    json: Json = False,
) -> int:
    """Prend un organisme dans une archive ; ses documents sont relus."""
    from assistant.cli.moving import load
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    return load(invocation(context).load().settings, file, waits=not no_wait, as_json=json)


@collections_app.command("list", cls=FrenchCommand)
def list_collections(
    context: typer.Context, *, tenant: Tenant = None, json: Json = False, server: Server = None
) -> None:
    """Liste les collections d'un organisme et leurs lecteurs."""
    from assistant.cli.organising import collection_line, show

    with invocation(context).connect(command="collections", server=server) as connection:
        found = connection.client.list_owned_collections(tenant_id=tenant)
    show(found, collection_line, as_json=json, nothing="Aucune collection.")


@collections_app.command("create", cls=FrenchCommand)
def create_collection(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom de la collection.")],
    *,
    tenant: Tenant = None,
    label: Label = None,
    audience: Audience = None,
    group: Groups = None,
    shared: Shared = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Crée une collection vide."""
    from assistant.cli.organising import collection_line, show
    from assistant.schemas.collections import CollectionChangeIn

    asked = {"name": name, "label": label, "audience": audience, "groups": group, "tenants": shared}
    with invocation(context).connect(command="collections", server=server) as connection:
        made = connection.client.create_collection(
            parsed(CollectionChangeIn, asked), tenant_id=tenant
        )
    show(made, collection_line, as_json=json)


@collections_app.command("change", cls=FrenchCommand)
def change_collection(
    context: typer.Context,
    collection: Identifier,
    *,
    name: Annotated[str | None, typer.Option(metavar="NOM", help="Autre nom.")] = None,
    tenant: Tenant = None,
    label: Label = None,
    audience: Audience = None,
    group: Groups = None,
    shared: Shared = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Change le nom, la mention ou les lecteurs d'une collection ; ce qui n'est pas donné reste."""
    from assistant.cli.organising import collection_line, show
    from assistant.schemas.collections import CollectionChangeIn

    asked = {"name": name, "label": label, "audience": audience, "groups": group, "tenants": shared}
    with invocation(context).connect(command="collections", server=server) as connection:
        changed = connection.client.change_collection(
            collection, parsed(CollectionChangeIn, asked), tenant_id=tenant
        )
    show(changed, collection_line, as_json=json)


@collections_app.command("delete", cls=FrenchCommand)
def delete_collection(
    context: typer.Context, collection: Identifier, *, tenant: Tenant = None, server: Server = None
) -> None:
    """Supprime une collection qui ne contient rien."""
    from assistant.cli.console import say

    with invocation(context).connect(command="collections", server=server) as connection:
        connection.client.delete_collection(collection, tenant_id=tenant)
    say("Collection supprimée.")


def parsed(model: Any, asked: dict[str, Any]) -> Any:
    """What was asked, as a model; a word that it does not know is a misuse."""
    from pydantic import ValidationError

    from assistant.cli.failures import Misuse

    try:
        return model.model_validate({key: each for key, each in asked.items() if each is not None})
    except ValidationError as error:
        words = ", ".join(str(fault["input"])[:40] for fault in error.errors())
        raise Misuse(
            f"Valeur inconnue : {words}. « --help » donne celles qui sont prévues."
        ) from None


def _text_of(path: Path) -> str:
    from assistant.cli.failures import Misuse

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"« {path} » n'est pas un fichier texte lisible.") from None
