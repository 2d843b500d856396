"""The commands `assistant questions …` and `assistant evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Json, Server, invocation

questions_app = typer.Typer(cls=FrenchGroup, help="Les jeux de questions.", rich_markup_mode=None)


@questions_app.command("import", cls=FrenchCommand)
def import_questions(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Fichier CSV, ODS ou XLSX.")],
    *,
    json: Json = False,
    server: Server = None,
) -> int:
    """Enregistre un jeu de questions ; chaque ligne fautive est nommée, et rien n'est gardé à moitié."""
    from assistant.cli.evaluating import import_set

    with invocation(context).connect(command="questions", server=server) as connection:
        return import_set(connection.client, file, as_json=json)


@questions_app.command("list", cls=FrenchCommand)
def list_questions(context: typer.Context, *, json: Json = False, server: Server = None) -> None:
    """Liste les jeux de questions."""
    from assistant.cli.evaluating import show_sets

    with invocation(context).connect(command="questions", server=server) as connection:
        show_sets(connection.client, as_json=json)


@questions_app.command("delete", cls=FrenchCommand)
def delete_questions(
    context: typer.Context,
    sets: Annotated[list[str], typer.Argument(metavar="JEU…", help="Identifiants ou noms.")],
    *,
    server: Server = None,
) -> int:
    """Supprime des jeux de questions et leurs évaluations."""
    from assistant.cli.evaluating import delete_sets

    with invocation(context).connect(command="questions", server=server) as connection:
        return delete_sets(connection.client, sets)


def evaluate(
    context: typer.Context,
    question_set: Annotated[str, typer.Argument(metavar="JEU", help="Identifiant ou nom.")],
    *,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FICHIER", help="Écrit une ligne par question."),
    ] = None,
    json: Json = False,
    server: Server = None,
) -> int:
    """Pose un jeu de questions à vos documents et mesure les réponses."""
    from assistant.cli.evaluating import run_evaluation
    from assistant.cli.measures import open_table
    from assistant.data_folder import check_instance

    if server is None:
        check_instance(invocation(context).load().settings.data_dir)
    table = None if csv is None else open_table(csv)
    with invocation(context).connect(command="evaluate", server=server) as connection:
        return run_evaluation(connection.client, question_set, table=table, as_json=json)
