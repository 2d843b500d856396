"""The commands on documents, jobs, the index and the database."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli import curating
from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Identifier, Json, Server, invocation

documents_app = typer.Typer(cls=FrenchGroup, help="Les documents connus.", rich_markup_mode=None)
jobs_app = typer.Typer(cls=FrenchGroup, help="Les traitements.", rich_markup_mode=None)
index_app = typer.Typer(cls=FrenchGroup, help="L'index de recherche.", rich_markup_mode=None)
db_app = typer.Typer(cls=FrenchGroup, help="La base de données.", rich_markup_mode=None)


@documents_app.command("list", cls=FrenchCommand)
def list_documents(
    context: typer.Context,
    *,
    state: Annotated[
        str | None, typer.Option(metavar="ÉTAT", help="pending, live, failed ou excluded.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="TEXTE", help="Partie du nom.")] = "",
    json: Json = False,
    server: Server = None,
) -> None:
    """Liste les documents et leur état."""
    from assistant.cli.console import say_json
    from assistant.cli.listing import all_documents, show_documents

    with invocation(context).connect(command="documents", server=server) as connection:
        page = all_documents(connection.client, state=state, name=name)
    say_json(page) if json else show_documents(page)


documents_app.command("show", cls=FrenchCommand)(curating.show)
documents_app.command("correct", cls=FrenchCommand)(curating.correct)
documents_app.command("exclude", cls=FrenchCommand)(curating.exclude)
documents_app.command("include", cls=FrenchCommand)(curating.include)


@documents_app.command("delete", cls=FrenchCommand)
def delete_documents(
    context: typer.Context,
    documents: Annotated[list[str], typer.Argument(metavar="ID…", help="Identifiants.")],
    *,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase", help="Efface aussi leurs noms des traitements et le texte des réponses."
        ),
    ] = False,
    server: Server = None,
) -> int:
    """Supprime des documents : ils ne sont plus cités, dès cet instant."""
    from assistant.cli.deleting import delete

    with invocation(context).connect(command="documents", server=server) as connection:
        return delete(connection.client, documents, erase=erase)


@documents_app.command("reindex", cls=FrenchCommand)
def reindex_documents(
    context: typer.Context,
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Identifiants ; aucun : tous.")
    ] = None,
    *,
    changed: Annotated[
        bool, typer.Option("--changed", help="Laisse ceux dont la lecture ne changerait pas.")
    ] = False,
    json: Json = False,
    server: Server = None,
) -> int:
    """Relit les originaux conservés."""
    from assistant.cli.reworking import finish

    with invocation(context).connect(command="documents", server=server) as connection:
        job = connection.client.reindex(documents or None, force=not changed)
        return finish(connection, job, as_json=json)


@documents_app.command("health", cls=FrenchCommand)
def show_health(
    context: typer.Context,
    *,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=365, help="Durée sans être trouvé.")
    ] = 90,
    limit: Annotated[
        int, typer.Option("-n", metavar="N", min=1, max=500, help="Documents nommés par constat.")
    ] = 20,
    json: Json = False,
    server: Server = None,
) -> None:
    """Dit ce qui demande des soins : échecs, numérisations pauvres, doublons, jamais trouvés."""
    from assistant.cli import caring
    from assistant.cli.console import say_json

    with invocation(context).connect(command="documents", server=server) as connection:
        report = connection.client.corpus_health(days=days, limit=limit)
    say_json(report) if json else caring.show_health(report)


@jobs_app.command("list", cls=FrenchCommand)
def list_jobs(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option("-n", metavar="N", min=1, max=100, help="Combien.")] = 10,
    json: Json = False,
    server: Server = None,
) -> None:
    """Liste les traitements : en cours, en attente, puis les derniers terminés."""
    from assistant.cli.console import say_json
    from assistant.cli.listing import show_jobs, source_names

    with invocation(context).connect(command="jobs", server=server) as connection:
        jobs = connection.client.list_jobs(limit=limit)
        names = source_names(connection.client, jobs)
    if json:
        say_json([job.model_dump(mode="json") for job in jobs])
    else:
        show_jobs(jobs, names=names)


@jobs_app.command("show", cls=FrenchCommand)
def show_job(
    context: typer.Context, job: Identifier, *, json: Json = False, server: Server = None
) -> None:
    """Montre un traitement et la raison de chaque échec."""
    from assistant.cli import listing
    from assistant.cli.console import say_json
    from assistant.cli.following import items_in_state

    with invocation(context).connect(command="jobs", server=server) as connection:
        found = connection.client.get_job(job)
        names = listing.source_names(connection.client, [found])
        failed, waiting = (
            items_in_state(connection.client, found, state=state)
            for state in ("failed", "retrying")
        )
    if not json:
        listing.show_job(found, failed=failed, waiting=waiting, names=names)
        return
    told = {"failed": failed, "retrying": waiting}
    lists = {name: [item.model_dump(mode="json") for item in told[name]] for name in told}
    say_json({**found.model_dump(mode="json"), **lists})


@jobs_app.command("cancel", cls=FrenchCommand)
def cancel_job(context: typer.Context, job: Identifier, *, server: Server = None) -> None:
    """Annule un traitement ; ce qui est déjà indexé reste."""
    from assistant.cli.console import say

    with invocation(context).connect(command="jobs", server=server) as connection:
        connection.client.cancel_job(job)
    say("Traitement annulé ; ce qui était déjà indexé reste.")


@jobs_app.command("retry", cls=FrenchCommand)
def retry_job(
    context: typer.Context, job: Identifier, *, json: Json = False, server: Server = None
) -> int:
    """Reprend les fichiers en échec d'un traitement."""
    from assistant.cli.reworking import finish

    with invocation(context).connect(command="jobs", server=server) as connection:
        return finish(connection, connection.client.retry_job(job), as_json=json)


@index_app.command("rebuild", cls=FrenchCommand)
def rebuild_index(context: typer.Context, *, json: Json = False) -> None:
    """Refait l'index à partir de la base ; le service doit être arrêté."""
    from assistant.cli.reworking import rebuild
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    rebuild(invocation(context).load().settings, as_json=json)


@index_app.command("verify", cls=FrenchCommand)
def verify_index(
    context: typer.Context,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Répare ce qui peut l'être et dit le reste.")
    ] = False,
    json: Json = False,
    server: Server = None,
) -> int:
    """Compare la base, l'index et les fichiers ; le service peut être en marche."""
    from assistant.cli.verifying import verify

    with invocation(context).connect(command="index verify", server=server) as connection:
        return verify(connection, is_repair=repair, as_json=json)


@db_app.command("upgrade", cls=FrenchCommand)
def upgrade_database(context: typer.Context, *, json: Json = False) -> None:
    """Met le schéma de la base à niveau, sans rien perdre ; le service doit être arrêté."""
    from assistant.cli.storing import upgrade
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    upgrade(invocation(context).load().settings, as_json=json)


@db_app.command("check", cls=FrenchCommand)
def check_database(context: typer.Context, *, json: Json = False) -> None:
    """Dit si la base répond, est intacte et à jour."""
    from assistant.cli.storing import check
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    check(invocation(context).load().settings, as_json=json)
