"""What of an installation works, and what each missing part costs. Changes nothing but a probe file."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import anyio

from assistant.data_folder import check_data_folder, prepare_data_folder
from assistant.databases import address_of, check_store, exists, is_on_server, open_store
from assistant.domain.errors import AssistantError, RerankerUnavailable, ScannerUnavailable
from assistant.embedders import ConfiguredEmbedders, build_embedder
from assistant.ownership import find_owner, find_server
from assistant.ports.models import ChatModel
from assistant.readers import open_scanner
from assistant.rerankers import build_reranker
from assistant.settings import Settings
from assistant.settings_checks import check_settings
from assistant.settings_sources import shown_value
from ingest.tools import PROGRAM_FOLDERS, find_office, has_tesseract

_OLDEST = (3, 11)
_LOW_BYTES = 2_000_000_000
_GIGABYTE = 1_000_000_000
_PROBE_S = 5


class CheckState(StrEnum):
    """How one part is."""

    OK = "ok"
    LIMITED = "limited"
    """The product works without it; `detail` says what is lost."""
    BROKEN = "broken"
    """The product does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    """Stable name for programs."""
    subject: str
    """What was looked at, in French."""
    state: CheckState
    detail: str
    """What was found and what it costs, in French."""


def examine(settings: Settings) -> list[Check]:
    """Look at everything; a check that fails never stops the others."""
    checks: list[Callable[[Settings], Check]] = [
        _python,
        _settings,
        _data_dir,
        _disk,
        _database,
        _embedder,
        _model,
        _reranker,
        _index,
        _isolation,
        _antivirus,
        _tesseract,
        _libreoffice,
        _chromium,
    ]
    return [check(settings) for check in checks]


def _python(settings: Settings) -> Check:
    del settings
    is_right = sys.version_info >= _OLDEST
    state = CheckState.OK if is_right else CheckState.BROKEN
    wanted = "" if is_right else " ; il faut Python 3.11 ou plus récent"
    return Check("python", "Python", state, f"{platform.python_version()}{wanted}.")


def _settings(settings: Settings) -> Check:
    try:
        check_settings(settings)
    except AssistantError as error:
        return Check("settings", "Réglages", CheckState.BROKEN, error.sentence)
    return Check("settings", "Réglages", CheckState.OK, "cohérents.")


def _data_dir(settings: Settings) -> Check:
    try:
        check_data_folder(settings.data_dir)
        folder = prepare_data_folder(settings.data_dir)
    except AssistantError as error:
        return Check("data_dir", "Dossier de données", CheckState.BROKEN, error.sentence)
    detail = f"{folder.root}, accessible en écriture"
    server, owner = find_server(folder.run), find_owner(folder.run)
    if server is not None:
        detail += f" ; service en marche à {server.url}"
    elif owner is not None:
        detail += f" ; utilisé par « assistant {owner.command} » (processus {owner.pid})"
    return Check("data_dir", "Dossier de données", CheckState.OK, f"{detail}.")


def _disk(settings: Settings) -> Check:
    try:
        free = shutil.disk_usage(settings.data_dir).free
    except OSError:
        return Check("disk", "Disque", CheckState.BROKEN, "l'espace libre ne peut pas être lu.")
    state = CheckState.OK if free >= _LOW_BYTES else CheckState.LIMITED
    low = "" if state is CheckState.OK else " ; prévoyez au moins 2 Go pour indexer"
    size = f"{free / _GIGABYTE:.1f}".replace(".", ",")
    return Check("disk", "Disque", state, f"{size} Go libres{low}.")


def _database(settings: Settings) -> Check:
    subject, address = "Base de données", address_of(settings)
    if not exists(settings):
        return Check("database", subject, CheckState.OK, f"SQLite, {address} : pas encore créée.")
    try:
        found = check_store(settings)
    except AssistantError as error:
        return Check("database", subject, CheckState.BROKEN, f"{address} : {error.sentence}")
    outcome = "répond, schéma à jour" if is_on_server(settings) else "lue en entier, intacte"
    detail = f"{found.engine}, {address} : {outcome}."
    return Check("database", subject, CheckState.OK, detail)


def _embedder(settings: Settings) -> Check:
    subject = "Modèle d'embeddings"
    try:
        with closing(build_embedder(settings, role="web")) as embedder:
            dimensions = len(embedder.embed_query("délibération"))
    except (AssistantError, ImportError) as error:
        detail = error.sentence if isinstance(error, AssistantError) else f"absent ({error.name})."
        return Check("embedder", subject, CheckState.BROKEN, detail)
    found = f"{embedder.identity.id} répond, {dimensions} dimensions."
    return Check("embedder", subject, CheckState.OK, found)


def _model(settings: Settings) -> Check:
    subject, chosen = "Modèle de langage", settings.model
    if not chosen.url:
        detail = "aucun (réglage « model.url ») ; les réponses citent directement les documents."
        return Check("model", subject, CheckState.LIMITED, detail)
    from assistant.chat_models import build_chat_model

    url, model = shown_value(chosen.url), build_chat_model(settings)
    if model is not None and anyio.run(_answers, model):
        return Check("model", subject, CheckState.OK, f"{chosen.name} répond à {url}.")
    detail = f"{url} ne répond pas ; les réponses citent directement les documents."
    return Check("model", subject, CheckState.LIMITED, detail)


def _reranker(settings: Settings) -> Check:
    subject, chosen = "Modèle de reclassement", settings.reranker
    found = build_reranker(settings)
    if found is None:
        detail = (
            "aucun (réglage « reranker.url ») ; les passages restent dans l'ordre de la recherche."
        )
        return Check("reranker", subject, CheckState.OK, detail)
    try:
        with closing(found) as reranker:
            reranker.score("délibération", ["une délibération", "un budget"])
    except RerankerUnavailable as error:
        return Check("reranker", subject, CheckState.LIMITED, error.sentence)
    detail = f"répond à {shown_value(chosen.url)}."
    return Check("reranker", subject, CheckState.OK, detail)


async def _answers(model: ChatModel) -> bool:
    try:
        return await model.is_reachable()
    finally:
        await model.aclose()


def _index(settings: Settings) -> Check:
    subject = "Index"
    if not exists(settings):
        return Check("index", subject, CheckState.OK, "vide : rien n'a encore été indexé.")
    try:
        with (
            closing(ConfiguredEmbedders(settings, role="web")) as shelf,
            closing(open_store(settings, may_migrate=False)) as database,
            database.unit_of_work() as work,
        ):
            asked = [shelf.get(name).identity.id for name in shelf.names()]
            built = work.ledger.active_index()
            count = len(work.ledger.live_versions(work.cuts.active()))
    except AssistantError as error:
        return Check("index", subject, CheckState.BROKEN, error.sentence)
    if built is not None and built not in asked:
        detail = (
            f"construit avec {built}, alors que les réglages demandent {', '.join(asked)} ; "
            "lancez « assistant index rebuild »."
        )
        return Check("index", subject, CheckState.BROKEN, detail)
    return Check("index", subject, CheckState.OK, f"{count} documents consultables.")


def _antivirus(settings: Settings) -> Check:
    subject, address = "Antivirus", settings.ingest.clamav
    scanner = open_scanner(settings)
    if scanner is None:
        detail = "aucun (réglage « ingest.clamav ») ; les fichiers ne sont pas analysés."
        return Check("antivirus", subject, CheckState.LIMITED, detail)
    try:
        scanner.find_virus(Path(__file__))
    except ScannerUnavailable as error:
        return Check("antivirus", subject, CheckState.BROKEN, error.sentence)
    return Check("antivirus", subject, CheckState.OK, f"ClamAV répond à {address}.")


def _isolation(settings: Settings) -> Check:
    del settings
    subject = "Isolement des lecteurs"
    has_limits = importlib.util.find_spec("resource") is not None
    if not has_limits:
        detail = "les limites de mémoire du système manquent ; un fichier hostile peut le saturer."
        return Check("isolation", subject, CheckState.LIMITED, detail)
    if _runs("unshare", "--user", "--net", "true"):
        return Check(
            "isolation", subject, CheckState.OK, "limites de temps et de mémoire, sans réseau."
        )
    detail = (
        "limites de temps et de mémoire ; le réseau ne peut pas leur être retiré ici (unshare)."
    )
    return Check("isolation", subject, CheckState.LIMITED, detail)


def _tesseract(settings: Settings) -> Check:
    del settings
    use = "il lit les documents numérisés et les images, qui sans lui sont signalés comme non lus."
    is_there = shutil.which("tesseract", path=PROGRAM_FOLDERS) is not None
    if is_there and not has_tesseract(PROGRAM_FOLDERS):
        detail = f"présent sans le français (tesseract-ocr-fra) ; {use}"
        return Check("tesseract", "Tesseract", CheckState.LIMITED, detail)
    return _program("tesseract", "Tesseract", is_there=is_there, use=use)


def _libreoffice(settings: Settings) -> Check:
    del settings
    use = "il lit DOC, RTF et PPT avec leur mise en page et montre les diapositives en image."
    is_there = find_office(PROGRAM_FOLDERS) is not None
    return _program("libreoffice", "LibreOffice", is_there=is_there, use=use)


def _chromium(settings: Settings) -> Check:
    del settings
    names = ("chromium", "chromium-browser", "google-chrome")
    is_there = any(map(shutil.which, names))
    use = "il ne sert qu'aux tests dans un navigateur."
    return _program("chromium", "Chromium", is_there=is_there, use=use)


def _program(name: str, subject: str, *, is_there: bool, use: str) -> Check:
    if is_there:
        return Check(name, subject, CheckState.OK, f"présent ; {use}")
    return Check(name, subject, CheckState.LIMITED, f"absent ; {use}")


def _runs(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
