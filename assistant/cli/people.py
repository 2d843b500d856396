"""The commands on people, groups and keys."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Identifier, Json, Server, invocation
from assistant.cli.tenants import Groups, Tenant, parsed

people_app = typer.Typer(cls=FrenchGroup, help="Les personnes.", rich_markup_mode=None)
groups_app = typer.Typer(cls=FrenchGroup, help="Les groupes.", rich_markup_mode=None)
keys_app = typer.Typer(cls=FrenchGroup, help="Les clés d'accès.", rich_markup_mode=None)

Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="RÔLE",
        help=(
            "agent ou tenant_admin ; platform_admin et auditor ne sont donnés que par un "
            "administrateur de la plateforme. Peut être répété."
        ),
    ),
]
Members = Annotated[list[str], typer.Argument(metavar="PERSONNE…", help="Identifiants.")]


@people_app.command("list", cls=FrenchCommand)
def list_people(
    context: typer.Context, *, tenant: Tenant = None, json: Json = False, server: Server = None
) -> None:
    """Liste les personnes d'un organisme."""
    from assistant.cli.organising import person_line, show

    with invocation(context).connect(command="people", server=server) as connection:
        found = connection.client.list_people(tenant_id=tenant)
    show(found, person_line, as_json=json, nothing="Personne.")


@people_app.command("invite", cls=FrenchCommand)
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="ADRESSE", help="Adresse électronique.")],
    name: Annotated[str, typer.Argument(metavar="NOM", help="Prénom et nom.")],
    *,
    tenant: Tenant = None,
    role: Roles = None,
    group: Groups = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Invite une personne ; écrit le lien à lui remettre, qui sert une fois, sept jours au plus."""
    from assistant.cli.organising import show_invitation
    from assistant.schemas.people import InvitationIn

    asked = {"email": email, "name": name, "roles": role or [], "groups": group or []}
    with invocation(context).connect(command="people", server=server) as connection:
        made = connection.client.invite(parsed(InvitationIn, asked), tenant_id=tenant)
    show_invitation(made, as_json=json)


@people_app.command("invitations", cls=FrenchCommand)
def list_invitations(
    context: typer.Context, *, tenant: Tenant = None, json: Json = False, server: Server = None
) -> None:
    """Liste les invitations qui n'ont pas été acceptées."""
    from assistant.cli.organising import invitation_line, show

    with invocation(context).connect(command="people", server=server) as connection:
        found = connection.client.list_invitations(tenant_id=tenant)
    show(found, invitation_line, as_json=json, nothing="Aucune invitation.")


@people_app.command("withdraw", cls=FrenchCommand)
def withdraw_invitation(
    context: typer.Context, identifier: Identifier, *, tenant: Tenant = None, server: Server = None
) -> None:
    """Retire une invitation : son lien ne sert plus à rien."""
    from assistant.cli.console import say

    with invocation(context).connect(command="people", server=server) as connection:
        connection.client.withdraw_invitation(identifier, tenant_id=tenant)
    say("Invitation retirée.")


@people_app.command("change", cls=FrenchCommand)
def change_person(
    context: typer.Context,
    person: Identifier,
    *,
    name: Annotated[str | None, typer.Option(metavar="NOM", help="Autre nom.")] = None,
    role: Roles = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Change le nom ou les rôles d'une personne ; les rôles donnés remplacent les précédents."""
    from assistant.cli.organising import person_line, show
    from assistant.schemas.people import PersonChangeIn

    asked = parsed(PersonChangeIn, {"name": name, "roles": role})
    with invocation(context).connect(command="people", server=server) as connection:
        changed = connection.client.change_person(person, asked)
    show(changed, person_line, as_json=json)


@people_app.command("suspend", cls=FrenchCommand)
def suspend_person(
    context: typer.Context, person: Identifier, *, json: Json = False, server: Server = None
) -> None:
    """Suspend une personne : ses sessions, ses clés et ses réponses en cours s'arrêtent."""
    from assistant.cli.organising import person_line, show

    with invocation(context).connect(command="people", server=server) as connection:
        suspended = connection.client.suspend_person(person)
    show(suspended, person_line, as_json=json)


@people_app.command("restore", cls=FrenchCommand)
def restore_person(
    context: typer.Context, person: Identifier, *, json: Json = False, server: Server = None
) -> None:
    """Rétablit une personne suspendue ; ses anciennes clés restent sans effet."""
    from assistant.cli.organising import person_line, show

    with invocation(context).connect(command="people", server=server) as connection:
        restored = connection.client.restore_person(person)
    show(restored, person_line, as_json=json)


@people_app.command("password", cls=FrenchCommand)
def make_password_link(
    context: typer.Context, person: Identifier, *, json: Json = False, server: Server = None
) -> None:
    """Écrit un lien par lequel une personne choisit un nouveau mot de passe, une fois, sous 24 heures."""
    from assistant.cli.organising import show_password_link

    with invocation(context).connect(command="people", server=server) as connection:
        made = connection.client.make_password_link(person)
    show_password_link(made, as_json=json)


@groups_app.command("list", cls=FrenchCommand)
def list_groups(
    context: typer.Context, *, tenant: Tenant = None, json: Json = False, server: Server = None
) -> None:
    """Liste les groupes d'un organisme."""
    from assistant.cli.organising import show

    with invocation(context).connect(command="groups", server=server) as connection:
        found = connection.client.list_groups(tenant_id=tenant)
    show(found, lambda group: f"{group.id}  {group.name}", as_json=json, nothing="Aucun groupe.")


@groups_app.command("show", cls=FrenchCommand)
def show_group(
    context: typer.Context,
    group: Identifier,
    *,
    tenant: Tenant = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Montre un groupe et ses membres."""
    from assistant.cli import organising

    with invocation(context).connect(command="groups", server=server) as connection:
        found = connection.client.get_group(group, tenant_id=tenant)
    organising.show_group(found, as_json=json)


@groups_app.command("create", cls=FrenchCommand)
def create_group(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom du groupe.")],
    *,
    tenant: Tenant = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Crée un groupe."""
    from assistant.cli.organising import show

    with invocation(context).connect(command="groups", server=server) as connection:
        made = connection.client.create_group(name, tenant_id=tenant)
    show(made, lambda group: f"{group.id}  {group.name}", as_json=json)


@groups_app.command("add", cls=FrenchCommand)
def add_members(
    context: typer.Context,
    group: Identifier,
    people: Members,
    *,
    tenant: Tenant = None,
    server: Server = None,
) -> None:
    """Ajoute des personnes à un groupe."""
    with invocation(context).connect(command="groups", server=server) as connection:
        connection.client.add_members(group, people, tenant_id=tenant)


@groups_app.command("remove", cls=FrenchCommand)
def remove_members(
    context: typer.Context,
    group: Identifier,
    people: Members,
    *,
    tenant: Tenant = None,
    server: Server = None,
) -> None:
    """Retire des personnes d'un groupe : elles perdent aussitôt ce qu'il leur ouvrait."""
    with invocation(context).connect(command="groups", server=server) as connection:
        for person in people:
            connection.client.remove_member(group, person, tenant_id=tenant)


@groups_app.command("delete", cls=FrenchCommand)
def delete_group(
    context: typer.Context, group: Identifier, *, tenant: Tenant = None, server: Server = None
) -> None:
    """Supprime un groupe."""
    with invocation(context).connect(command="groups", server=server) as connection:
        connection.client.delete_group(group, tenant_id=tenant)


@keys_app.command("list", cls=FrenchCommand)
def list_keys(
    context: typer.Context, *, tenant: Tenant = None, json: Json = False, server: Server = None
) -> None:
    """Liste les clés d'accès d'un organisme."""
    from assistant.cli.organising import key_line, show

    with invocation(context).connect(command="keys", server=server) as connection:
        found = connection.client.list_all_keys(tenant_id=tenant)
    show(found, key_line, as_json=json, nothing="Aucune clé.")


@keys_app.command("create", cls=FrenchCommand)
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NOM", help="À quoi elle sert.")],
    *,
    permission: Annotated[
        list[str],
        typer.Option(
            "--allow", metavar="DROIT", help="read, ask, ingest ou admin ; peut être répété."
        ),
    ],
    days: Annotated[
        int, typer.Option("--days", metavar="JOURS", min=1, max=366, help="Durée de validité.")
    ] = 90,
    json: Json = False,
    server: Server = None,
) -> None:
    """Crée une clé d'accès à votre nom ; elle n'est montrée qu'une fois."""
    from assistant.cli.organising import show_secret
    from assistant.schemas.people import KeyIn

    asked = parsed(KeyIn, {"name": name, "permissions": permission, "days": days})
    with invocation(context).connect(command="keys", server=server) as connection:
        made = connection.client.create_key(asked)
    show_secret(made, as_json=json)


@keys_app.command("revoke", cls=FrenchCommand)
def revoke_key(
    context: typer.Context, key: Identifier, *, tenant: Tenant = None, server: Server = None
) -> None:
    """Révoque une clé d'accès, dès cet instant."""
    from assistant.cli.console import say

    with invocation(context).connect(command="keys", server=server) as connection:
        connection.client.revoke_key(key, tenant_id=tenant)
    say("Clé révoquée.")
