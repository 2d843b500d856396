"""The commands and their options. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.audit import audit_app
from assistant.cli.backing import backup, restore
from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.generating import generations_app
from assistant.cli.managing import db_app, documents_app, index_app, jobs_app
from assistant.cli.opinions import feedback
from assistant.cli.options import (
    AllowEmpty,
    ConfirmRemovals,
    Invocation,
    Json,
    Queries,
    Server,
    invocation,
)
from assistant.cli.people import groups_app, keys_app, people_app
from assistant.cli.questioning import evaluate, questions_app
from assistant.cli.sources import sources_app
from assistant.cli.tenants import collections_app, tenants_app
from assistant.cli.usage import usage
from assistant.cli.working import worker

app = typer.Typer(
    cls=FrenchGroup,
    help="Assistant documentaire : des réponses citées, sur les documents de votre collectivité.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(documents_app, name="documents")
app.add_typer(jobs_app, name="jobs")
app.add_typer(index_app, name="index")
app.add_typer(generations_app, name="generations")
app.add_typer(db_app, name="db")
app.add_typer(questions_app, name="questions")
app.add_typer(tenants_app, name="tenants")
app.add_typer(people_app, name="people")
app.add_typer(groups_app, name="groups")
app.add_typer(keys_app, name="keys")
app.add_typer(collections_app, name="collections")
app.add_typer(audit_app, name="audit")
app.add_typer(sources_app, name="sources")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from assistant.cli.console import say

        say(version("assistant-regional"))
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FICHIER", help="Fichier TOML de réglages."),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Montre le détail d'une erreur inattendue.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Version."),
    ] = False,
) -> None:
    """Keep the options that stand before the command."""
    del debug, version
    context.obj = Invocation(config)


@app.command(cls=FrenchCommand)
def serve(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(metavar="ADRESSE", help="Adresse d'écoute.")] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Port d'écoute.")
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Lit le corpus d'exemple.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="N'ouvre pas de navigateur.")] = False,
) -> None:
    """Démarre le service : pages et API sur un seul port."""
    from assistant.cli import serving
    from assistant.logs import configure_logs

    configure_logs(verbose=True)
    settings = invocation(context).load().settings
    given = {"host": host, "port": port}
    changes = {name: value for name, value in given.items() if value is not None}
    listening = settings.server.model_copy(update=changes)
    serving.serve(
        settings.model_copy(update={"server": listening}),
        with_sample=sample,
        opens_browser=not no_open,
    )


@app.command(cls=FrenchCommand)
def link(context: typer.Context) -> None:
    """Donne un nouveau lien de connexion au service en marche."""
    from contextlib import closing

    from assistant.cli.connection import running_server
    from assistant.cli.console import say
    from assistant.client import AssistantClient

    address = running_server(invocation(context).load().settings)
    with closing(AssistantClient(address.url, token=address.token)) as client:
        say(client.issue_link().url)


@app.command(cls=FrenchCommand)
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="CHEMIN…", help="Dossiers ou fichiers.")],
    *,
    allow_empty: AllowEmpty = False,
    confirm_removals: ConfirmRemovals = False,
    json: Json = False,
    server: Server = None,
) -> int:
    """Indexe des dossiers ou des fichiers ; ce qui a disparu d'un dossier est retiré."""
    from assistant.cli import ingesting
    from assistant.cli.console import say_json
    from assistant.cli.scanning import check_paths

    check_paths(paths)
    with invocation(context).connect(command="ingest", server=server) as connection:
        outcome = ingesting.ingest(
            connection,
            paths,
            is_quiet=json,
            may_empty=allow_empty,
            may_remove=confirm_removals,
        )
    say_json(outcome.as_json()) if json else ingesting.summarise(outcome)
    return ingesting.exit_code(outcome)


@app.command(cls=FrenchCommand)
def search(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(metavar="TEXTE", help="Texte cherché.")] = None,
    *,
    limit: Annotated[
        int, typer.Option("-k", metavar="N", min=1, max=100, help="Nombre de passages.")
    ] = 10,
    queries: Queries = None,
    json: Json = False,
    server: Server = None,
) -> int:
    """Cherche des passages."""
    from assistant.cli.console import say_json
    from assistant.cli.queries import run_queries
    from assistant.cli.searching import search_row, show_results

    _check_one(query, queries)
    with invocation(context).connect(command="search", server=server) as connection:
        client = connection.client
        if queries is not None:
            return run_queries(queries, act=lambda line: search_row(client, line, limit=limit))
        found = client.search(query or "", limit=limit)
    say_json(found) if json else show_results(found)
    return 0


@app.command(cls=FrenchCommand)
def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="Question.")] = None,
    *,
    after: Annotated[
        str, typer.Option("--after", metavar="QUESTION", help="Question précédente.")
    ] = "",
    queries: Queries = None,
    json: Json = False,
    server: Server = None,
) -> int:
    """Pose une question ; la réponse cite ses sources."""
    from assistant.cli.asking import answer_row, exit_code, stream_answer
    from assistant.cli.console import say_json
    from assistant.cli.queries import QueryLine, run_queries

    _check_one(question, queries)
    with invocation(context).connect(command="ask", server=server) as connection:
        client = connection.client
        if queries is not None:
            return run_queries(queries, act=lambda line: answer_row(client, line))
        if not json:
            return stream_answer(client, question or "", after=after)
        row = answer_row(client, QueryLine("", question or "", after))
    say_json(row)
    return exit_code(row)


app.command(cls=FrenchCommand)(evaluate)
app.command(cls=FrenchCommand)(usage)
app.command(cls=FrenchCommand)(feedback)
app.command(cls=FrenchCommand)(backup)
app.command(cls=FrenchCommand)(restore)
app.command(cls=FrenchCommand)(worker)


@app.command(cls=FrenchCommand)
def settings(context: typer.Context, *, json: Json = False) -> None:
    """Montre les réglages retenus et leur origine."""
    from assistant.cli.state import show_settings

    show_settings(invocation(context).load(), as_json=json)


@app.command(cls=FrenchCommand)
def doctor(context: typer.Context, *, json: Json = False) -> int:
    """Vérifie l'installation et dit ce que coûte ce qui manque."""
    from assistant.cli.state import show_checks
    from assistant.logs import configure_logs

    configure_logs(verbose=False)
    return show_checks(invocation(context).load_unchecked().settings, as_json=json)


def _check_one(text: str | None, queries: Path | None) -> None:
    from assistant.cli.failures import Misuse
    from assistant.domain.catalogue import sentence

    if text is not None and not text.strip():
        raise Misuse(sentence("question_empty"))
    if (text is None) == (queries is None):
        raise Misuse("Donnez soit un texte, soit un fichier avec « --queries ».")
