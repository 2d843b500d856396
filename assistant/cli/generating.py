"""`assistant generations`: an index built beside the present one, evaluated, switched to, gone back from."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.french import FrenchCommand, FrenchGroup
from assistant.cli.options import Json, Server, invocation

if TYPE_CHECKING:
    from assistant.client.client import AssistantClient
    from assistant.schemas.generations import GenerationOut, TrialOut

generations_app = typer.Typer(
    cls=FrenchGroup, help="Les générations de l'index.", rich_markup_mode=None
)

Number = Annotated[int, typer.Argument(metavar="NUMÉRO", help="Numéro de la génération.")]
Tenants = Annotated[
    list[str] | None,
    typer.Option(
        "--tenant",
        metavar="ID|NOM",
        help="Pour cet organisme seulement ; à répéter. Sans lui, pour tous.",
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Attend la fin.")]

_POLL_S = 2.0
_STATES = {
    "planned": "prévue",
    "building": "en construction",
    "built": "construite",
    "evaluated": "évaluée",
    "active": "en service",
    "previous": "précédente",
    "removed": "supprimée",
    "failed": "en échec",
    "cancelled": "annulée",
}
_VERDICTS = {
    "passed": "concluante",
    "failed": "perte au-delà des seuils",
    "unsure": "perte possible, trop peu de questions pour trancher",
    "no_questions": "aucune question : rien n'a été mesuré",
    "unmeasured": "arrêtée sans réponse d'un modèle ou d'un index : rien n'a été mesuré",
}
_MEASURES = {
    "found_1": "bon passage en tête",
    "passage_5": "bon passage parmi 5",
    "rank_10": "rang du bon passage",
}
_MEGABYTE = 1_000_000


@generations_app.command("list", cls=FrenchCommand)
def list_generations(context: typer.Context, *, json: Json = False, server: Server = None) -> None:
    """Liste les générations et les modèles qui peuvent servir à une nouvelle."""
    from assistant.cli.console import say, say_json

    with invocation(context).connect(command="generations", server=server) as connection:
        found = connection.client.list_generations()
    if json:
        say_json(found)
        return
    for each in found.generations:
        say(line_of(each))
    for embedder in found.embedders:
        name = embedder.name or "(celui de [embeddings])"
        say(f"modèle {name} : {embedder.id}, {embedder.dimensions} dimensions")


@generations_app.command("plan", cls=FrenchCommand)
def plan_generation(
    context: typer.Context,
    *,
    embedder: Annotated[
        str,
        typer.Option(
            "--embedder", metavar="NOM", help="Modèle des réglages ; sans lui, [embeddings]."
        ),
    ] = "",
    bm25_k1: Annotated[
        float | None,
        typer.Option("--bm25-k1", metavar="K1", help="Poids des mots répétés, de 0 à 5."),
    ] = None,
    bm25_b: Annotated[
        float | None,
        typer.Option("--bm25-b", metavar="B", help="Poids de la longueur, de 0 à 1."),
    ] = None,
    bm25_length: Annotated[
        int | None,
        typer.Option("--bm25-length", metavar="MOTS", help="Mots d'un passage moyen."),
    ] = None,
    chunk_tokens: Annotated[
        int | None,
        typer.Option("--chunk-tokens", metavar="N", help="Longueur des passages, de 64 à 480."),
    ] = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Prévoit une génération : textes à calculer, durée, disque. Rien n'est encore construit.

    Ce qui n'est pas précisé reste comme dans la génération en service.
    """
    from assistant.schemas.generations import GenerationIn

    asked = GenerationIn(
        embedder=embedder,
        bm25_k1=bm25_k1,
        bm25_b=bm25_b,
        bm25_length=bm25_length,
        chunk_tokens=chunk_tokens,
    )
    with invocation(context).connect(command="generations", server=server) as connection:
        _show(connection.client.plan_generation(asked), as_json=json)


@generations_app.command("build", cls=FrenchCommand)
def build_generation(
    context: typer.Context,
    number: Number,
    *,
    wait: Wait = False,
    json: Json = False,
    server: Server = None,
) -> None:
    """Construit une génération à côté de celle qui est en service, ou reprend sa construction."""
    with invocation(context).connect(command="generations", server=server) as connection:
        connection.start_worker()
        made = _found(connection.client, number)
        if made.state != "building":
            made = connection.client.build_generation(made.id)
        while (wait or connection.is_temporary) and made.state == "building":
            time.sleep(_POLL_S)
            made = _now(connection.client, made)
        _show(made, as_json=json)


@generations_app.command("cancel", cls=FrenchCommand)
def cancel_generation(
    context: typer.Context, number: Number, *, json: Json = False, server: Server = None
) -> None:
    """Renonce à une génération prévue ou en construction, ou à une évaluation ; les vecteurs restent."""
    with invocation(context).connect(command="generations", server=server) as connection:
        client = connection.client
        _show(client.cancel_generation(_id_of(client, number)), as_json=json)


@generations_app.command("evaluate", cls=FrenchCommand)
def evaluate_generation(
    context: typer.Context,
    number: Number,
    *,
    wait: Wait = False,
    json: Json = False,
    server: Server = None,
) -> None:
    """Pose les jeux de questions des organismes à cette génération et à celle qui est en service."""
    from assistant.cli.console import note

    with invocation(context).connect(command="generations", server=server) as connection:
        made, told = connection.client.evaluate_generation(_id_of(connection.client, number)), ""
        while (wait or connection.is_temporary) and made.is_trial_wanted:
            if made.detail and made.detail != told:
                told = made.detail
                note(told)
            time.sleep(_POLL_S)
            made = _now(connection.client, made)
        _show(made, as_json=json)


@generations_app.command("switch", cls=FrenchCommand)
def switch_generation(
    context: typer.Context,
    number: Number,
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXTE", help="Motif, si l'évaluation ne suffit pas."),
    ] = "",
    tenants: Tenants = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Met une génération évaluée en service, d'un coup et sans arrêt."""
    with invocation(context).connect(command="generations", server=server) as connection:
        client = connection.client
        made = client.switch_generation(
            _id_of(client, number), reason=reason, tenants=_tenant_ids(client, tenants)
        )
        _show(made, as_json=json)


@generations_app.command("rollback", cls=FrenchCommand)
def roll_back(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="NUMÉRO",
            help="Génération à retrouver ; refusé si le retour mène ailleurs.",
        ),
    ] = None,
    *,
    tenants: Tenants = None,
    json: Json = False,
    server: Server = None,
) -> None:
    """Remet la génération précédente en service, ou rend à des organismes celle d'avant.

    Sans NUMÉRO, un second retour annule le premier : donnez-le pour pouvoir répéter la commande.
    """
    with invocation(context).connect(command="generations", server=server) as connection:
        client = connection.client
        made = client.roll_back_generation(
            tenants=_tenant_ids(client, tenants),
            to_id=None if number is None else _id_of(client, number),
        )
        _show(made, as_json=json)


@generations_app.command("remove", cls=FrenchCommand)
def remove_generation(
    context: typer.Context, number: Number, *, json: Json = False, server: Server = None
) -> None:
    """Supprime une génération qui n'est pas en service, avec son index."""
    with invocation(context).connect(command="generations", server=server) as connection:
        client = connection.client
        _show(client.remove_generation(_id_of(client, number)), as_json=json)


def line_of(made: GenerationOut) -> str:
    """A generation in one line."""
    parts = [f"génération {made.number} : {_STATES[made.state]}", made.embedder.id]
    if made.state == "building" and made.forecast is not None:
        parts.append(
            f"{made.texts_done}/{made.forecast.texts} vecteurs, "
            f"{made.chunks_done}/{made.forecast.chunks} passages"
        )
    if made.tenants:
        parts.append(f"interrogée par {', '.join(each.name for each in made.tenants)}")
    if made.is_behind:
        parts.append("rattrape les derniers changements")
    if made.detail:
        parts.append(made.detail)
    return ", ".join(parts)


def lines_of(made: GenerationOut) -> list[str]:
    """All that is to be told of a generation."""
    words = made.words
    weighing = f"mots : k1 {words.k1:g}, b {words.b:g}, passage moyen de {words.length} mots"
    lines = [line_of(made), weighing.replace(".", ",")]
    lines += _cut_lines(made)
    forecast = made.forecast
    if forecast is not None:
        lines.append(
            f"{forecast.chunks} passages, {forecast.texts} textes à calculer "
            f"(environ {forecast.embedding_s:.0f} s), disque : "
            f"{math.ceil((forecast.index_bytes + forecast.vector_bytes) / _MEGABYTE)} Mo"
        )
        if not forecast.fits:
            lines.append("Le disque n'a pas assez de place pour cette génération.")
    if made.trial is not None:
        lines += _trial_lines(made.trial)
    if made.overruled:
        lines.append(f"motif de la bascule : {made.overruled}")
    lines += [
        f"motif de la bascule de {each.name} : {each.overruled}"
        for each in made.tenants
        if each.overruled
    ]
    return lines


def _cut_lines(made: GenerationOut) -> list[str]:
    lines: list[str] = []
    if made.chunk_tokens is not None:
        lines.append(f"passages d'environ {made.chunk_tokens} jetons")
    if made.forecast is not None and made.forecast.to_cut:
        lines.append(
            f"documents découpés de nouveau : {made.cut_done}/{made.forecast.to_cut} "
            "(passages et textes estimés)"
        )
    if made.kept_as_cut:
        lines.append(f"{made.kept_as_cut} documents gardent leur découpage : original illisible")
    return lines


def _trial_lines(trial: TrialOut) -> list[str]:
    if trial.verdict is None:
        return [f"évaluation en cours : {trial.asked}/{trial.total} questions"]
    lines = [f"évaluation contre la génération {trial.against} : {_VERDICTS[trial.verdict]}"]
    for each in trial.sets:
        figures = ", ".join(
            f"{_MEASURES.get(change.measure, change.measure)} "
            f"{change.before:.3f} → {change.after:.3f}".replace(".", ",")
            for change in each.changes
        )
        lines.append(f"  jeu {each.set_id} ({each.questions} questions) : {figures or 'rien'}")
    return lines


def _id_of(client: AssistantClient, number: int) -> str:
    return _found(client, number).id


def _found(client: AssistantClient, number: int) -> GenerationOut:
    from assistant.cli.failures import Misuse

    for each in client.list_generations().generations:
        if each.number == number:
            return each
    raise Misuse(f"Il n'y a pas de génération {number}.")


def _tenant_ids(client: AssistantClient, named: list[str] | None) -> list[str] | None:
    """The ids of organisations given by their id or their name; None for all of them.

    Raises:
        Misuse: One is unknown, or several have that name.
    """
    if not named:
        return None
    from assistant.cli.failures import Misuse

    known = client.list_tenants()
    ids: list[str] = []
    for word in named:
        meant = [each.id for each in known if word in {each.id, each.name}]
        if not meant:
            raise Misuse(f"Il n'y a pas d'organisme « {word} ».")
        if len(meant) > 1:
            raise Misuse(f"Plusieurs organismes s'appellent « {word} ». Donnez leur identifiant.")
        ids += meant
    return ids


def _now(client: AssistantClient, made: GenerationOut) -> GenerationOut:
    found = client.list_generations().generations
    return next((each for each in found if each.id == made.id), made)


def _show(made: GenerationOut, *, as_json: bool) -> None:
    from assistant.cli.console import say, say_json

    if as_json:
        say_json(made)
        return
    for line in lines_of(made):
        say(line)
