"""`assistant documents show | correct | exclude | include`: what people know and say of documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import Json, Server, invocation

if TYPE_CHECKING:
    from assistant.client import AssistantClient
    from assistant.schemas.curation import CorrectionIn, CorrectionOut, DossierOut
    from assistant.schemas.documents import DocumentOut

_FORBIDDEN, _NOT_FOUND = 403, 404
_PAGE = 500

Document = Annotated[
    str, typer.Argument(metavar="ID|NOM", help="Identifiant, ou nom complet du document.")
]
Documents = Annotated[
    list[str], typer.Argument(metavar="ID|NOM…", help="Identifiants, ou noms complets.")
]


def show(
    context: typer.Context, document: Document, *, json: Json = False, server: Server = None
) -> None:
    """Montre un document ; à ses administrateurs, aussi ses lectures et ses corrections."""
    from assistant.cli import listing
    from assistant.cli.console import say_json

    with invocation(context).connect(command="documents", server=server) as connection:
        found = _found(connection.client, document)
        dossier = _dossier(connection.client, found.id)
    if json:
        known = None if dossier is None else dossier.model_dump(mode="json", exclude={"document"})
        say_json({**found.model_dump(mode="json"), "dossier": known})
        return
    listing.show_document(found)
    if dossier is not None:
        listing.show_dossier(dossier)


def correct(
    context: typer.Context,
    document: Document,
    *,
    title: Annotated[str | None, typer.Option(metavar="TITRE", help="Le bon titre.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Le bon type, par exemple arrete.")
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", metavar="AAAA-MM-JJ", formats=["%Y-%m-%d"], help="La bonne date."),
    ] = None,
    no_date: Annotated[
        bool, typer.Option("--no-date", help="Le document n'a pas de date.")
    ] = False,
    revert: Annotated[
        bool, typer.Option("--revert", help="Revient à ce qui a été lu dans le document.")
    ] = False,
    json: Json = False,
    server: Server = None,
) -> None:
    """Corrige le titre, le type ou la date d'un document ; la correction tient à chaque relecture."""
    from assistant.cli.console import note, say, say_json
    from assistant.domain.catalogue import sentence

    _check_options(revert, given=(title, kind, day, no_date or None))
    with invocation(context).connect(command="documents", server=server) as connection:
        client = connection.client
        found = _found(client, document)
        before = client.get_dossier(found.id).correction
        wanted = _wanted(
            None if revert else before, title=title, kind=kind, day=day, no_date=no_date
        )
        wanted = wanted.model_copy(update={"revision": before.revision if before else 0})
        done = client.correct_document(found.id, wanted)
        if done.job_id is not None:
            connection.start_worker()
    if json:
        say_json(done)
        return
    say(f"{found.id} corrigé.")
    if done.job_id is not None:
        note(sentence("title_searched_later", job=done.job_id))


def exclude(
    context: typer.Context, documents: Documents, *, json: Json = False, server: Server = None
) -> None:
    """Exclut des documents : ils sont gardés, et ne sont plus lus ni cités par personne."""
    _set(context, documents, is_excluded=True, json=json, server=server)


def include(
    context: typer.Context, documents: Documents, *, json: Json = False, server: Server = None
) -> None:
    """Rétablit des documents exclus : ils sont de nouveau lus et cités, dès cet instant."""
    _set(context, documents, is_excluded=False, json=json, server=server)


def _set(
    context: typer.Context,
    documents: Sequence[str],
    *,
    is_excluded: bool,
    json: bool,
    server: str | None,
) -> None:
    from assistant.cli.console import plural, say, say_json

    with invocation(context).connect(command="documents", server=server) as connection:
        client = connection.client
        ids = [_found(client, each).id for each in documents]
        act = client.exclude_documents if is_excluded else client.include_documents
        changed = act(ids)
    if json:
        say_json({"changed": changed})
        return
    say(f"{plural(changed, 'document exclu' if is_excluded else 'document rétabli')}.")


def _found(client: AssistantClient, text: str) -> DocumentOut:
    """The document of an identifier, or of a whole name.

    Raises:
        ClientError: There is none.
        Misuse: Several sources have one of that name.
    """
    from assistant.cli.failures import Misuse
    from assistant.client import ClientError
    from assistant.domain.catalogue import sentence

    try:
        return client.get_document(text)
    except ClientError as error:
        if error.problem.status != _NOT_FOUND:
            raise
        named = [each for each in _named(client, text) if each.name == text]
        if not named:
            raise
    if len(named) > 1:
        raise Misuse(sentence("document_name_shared", ids=", ".join(each.id for each in named)))
    return named[0]


def _named(client: AssistantClient, text: str) -> list[DocumentOut]:
    if not 0 < len(text) <= 200:
        return []
    return client.list_documents(name=text, limit=_PAGE).documents


def _dossier(client: AssistantClient, document_id: str) -> DossierOut | None:
    """What administrators are told of it; None for others."""
    from assistant.client import ClientError

    try:
        return client.get_dossier(document_id)
    except ClientError as error:
        if error.problem.status in {_FORBIDDEN, _NOT_FOUND}:
            return None
        raise


def _check_options(revert: bool, *, given: Sequence[object]) -> None:
    from assistant.cli.failures import Misuse
    from assistant.domain.catalogue import sentence

    if revert == any(each is not None for each in given) or (given[2] and given[3]):
        raise Misuse(sentence("correction_unsaid"))


def _wanted(
    before: CorrectionOut | None,
    *,
    title: str | None,
    kind: str | None,
    day: datetime | None,
    no_date: bool,
) -> CorrectionIn:
    """What was corrected before, with what is said now over it."""
    from assistant.schemas.curation import CorrectionIn

    kept: dict[str, str | date | bool | None] = {}
    if before is not None:
        kept = before.model_dump(include={"title", "kind", "date", "is_undated"})
    if title is not None:
        kept["title"] = title
    if kind is not None:
        kept["kind"] = kind
    if day is not None or no_date:
        kept |= {"date": None if day is None else day.date(), "is_undated": no_date}
    return CorrectionIn.model_validate({**kept, "revision": 0})
