"""What the commands on tenants, people, groups, keys and collections write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from assistant.cli.console import moment, note, say, say_json
from assistant.cli.failures import ExitCode
from assistant.schemas.collections import CollectionDetail
from assistant.schemas.people import (
    GroupDetail,
    InvitationMade,
    InvitationOut,
    KeyMade,
    KeyOut,
    PasswordLinkMade,
    PersonOut,
)
from assistant.schemas.tenants import ErasureOut, TenantOut

M = TypeVar("M", bound=BaseModel)

STATES = {
    "active": "actif",
    "suspended": "suspendu",
    "closed": "fermé",
    "archived": "archivé",
    "deleted": "en suppression",
    "invited": "invité",
}
_AUDIENCES = {
    "tenant": "tout l'organisme",
    "groups": "des groupes",
    "everyone": "tous les organismes",
    "tenants": "des organismes",
    "descendants": "les organismes rattachés",
}


def show(found: M | list[M], line: Callable[[M], str], *, as_json: bool, nothing: str = "") -> None:
    """Write one thing or a list of them, as lines or as one JSON value."""
    listed = found if isinstance(found, list) else [found]
    if as_json:
        plain = [each.model_dump(mode="json") for each in listed]
        say_json(plain if isinstance(found, list) else plain[0])
        return
    if not listed:
        say(nothing)
    for each in listed:
        say(line(each))


def tenant_line(tenant: TenantOut) -> str:
    """A tenant on one line."""
    return f"{tenant.id}  {STATES[tenant.state]:<14}  {tenant.siren or '–':<9}  {tenant.name}"


def person_line(person: PersonOut) -> str:
    """A person on one line."""
    roles = ", ".join(person.roles)
    seen = moment(person.seen_at) or "jamais vu"
    return (
        f"{person.id}  {STATES[person.state]:<8}  {seen:<16}  {person.name}"
        f" <{person.email or '–'}>  {roles}"
    )


def invitation_line(invitation: InvitationOut) -> str:
    """An invitation on one line."""
    person = invitation.person
    return (
        f"{invitation.id}  jusqu'au {moment(invitation.expires_at)}  {person.name} <{person.email}>"
    )


def key_line(key: KeyOut) -> str:
    """A key on one line."""
    used = moment(key.used_at) or "jamais utilisée"
    return (
        f"{key.id}  {key.prefix}…  jusqu'au {moment(key.expires_at)}  {used:<16}"
        f"  {','.join(key.permissions)}  {key.name}"
    )


def collection_line(collection: CollectionDetail) -> str:
    """A collection on one line."""
    label = f"  [{collection.label}]" if collection.label else ""
    return f"{collection.id}  {_AUDIENCES[collection.audience]}  {collection.name}{label}"


def show_group(found: GroupDetail, *, as_json: bool) -> None:
    """A group and its people."""
    if as_json:
        say_json(found)
        return
    say(f"{found.group.id}  {found.group.name}")
    for person in found.people:
        say(f"  {person_line(person)}")


def show_invitation(made: InvitationMade, *, as_json: bool) -> None:
    """The link of an invitation, for its person."""
    if as_json:
        say_json(made)
        return
    person = made.invitation.person
    note(
        f"Lien à remettre à {person.name}, valable jusqu'au {moment(made.invitation.expires_at)} :"
    )
    say(made.url)


def show_password_link(made: PasswordLinkMade, *, as_json: bool) -> None:
    """The link by which a person sets a new password."""
    if as_json:
        say_json(made)
        return
    note(f"Lien à remettre à {made.name} en personne, valable jusqu'au {moment(made.expires_at)} :")
    say(made.url)


def show_secret(made: KeyMade, *, as_json: bool) -> None:
    """The secret of a key, once."""
    if as_json:
        say_json(made)
        return
    note(f"Clé « {made.key.name} » ({made.key.id}) ; elle ne sera plus montrée :")
    say(made.secret)


def show_erasure(report: ErasureOut, *, as_json: bool) -> ExitCode:
    """What an erasure removed; 3 when something is left."""
    if as_json:
        say_json(report)
    else:
        for table, count in report.found.rows.items():
            left = report.left.rows.get(table, 0)
            if count or left:
                say(f"{table:<20} {count:>9}  reste {left}")
        for name, found, left in (
            ("fichiers", report.found.files, report.left.files),
            ("envois commencés", report.found.parts, report.left.parts),
            ("index", report.found.points, report.left.points),
            ("réponses ailleurs", report.found.quotes, report.left.quotes),
        ):
            say(f"{name:<20} {found:>9}  reste {left}")
    if report.is_complete:
        note("Organisme supprimé : il n'en reste rien.")
        return ExitCode.OK
    note("La suppression n'est pas complète ; la même commande la reprend.")
    return ExitCode.SOME_FAILED
