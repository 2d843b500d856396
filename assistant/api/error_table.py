"""The one table of errors: code → HTTP status and short French title."""

from __future__ import annotations

from assistant.domain.errors import (
    AssistantError,
    ConfigurationError,
    Conflict,
    Forbidden,
    IngestionError,
    InvalidInput,
    ModelMisbehaved,
    NotFound,
    StorageError,
    Unauthenticated,
    UpstreamError,
)

Row = tuple[int, str]
"""HTTP status, short title."""

_MODEL = "Modèle de langage indisponible"
_RERANKER = "Service de reclassement indisponible"
_EMBEDDER = "Service d'embeddings indisponible"
_INDEX = "Index indisponible"
_DATABASE = "Base de données indisponible"
_QUESTION = "Question refusée"
_NOT_ALLOWED = "Action impossible dans cet état"

ERROR_TABLE: dict[str, Row] = {
    "internal_error": (500, "Erreur inattendue"),
    "not_found": (404, "Élément introuvable"),
    "route_not_found": (404, "Adresse inconnue"),
    "method_not_allowed": (405, "Méthode non prévue"),
    "request_malformed": (400, "Demande illisible"),
    "request_too_large": (413, "Envoi trop volumineux"),
    "host_refused": (421, "Adresse refusée"),
    "origin_refused": (403, "Demande d'un autre site"),
    "unauthenticated": (401, "Session expirée"),
    "link_spent": (401, "Lien de connexion inutilisable"),
    "forbidden": (403, "Action réservée"),
    "platform_forbidden": (403, "Action réservée"),
    "tenant_suspended": (403, "Organisme suspendu"),
    "tenant_closed": (403, "Organisme fermé"),
    "charter_required": (403, "Charte à accepter"),
    "key_forbidden": (403, "Clé insuffisante"),
    "key_by_key": (403, "Clé insuffisante"),
    "invitation_spent": (401, "Invitation inutilisable"),
    "conflict": (409, _NOT_ALLOWED),
    "tenant_move_illegal": (409, _NOT_ALLOWED),
    "tenant_of_owner": (409, _NOT_ALLOWED),
    "tenant_has_children": (409, _NOT_ALLOWED),
    "tenant_busy": (409, _NOT_ALLOWED),
    "tenant_parent_below": (409, "Rattachement impossible"),
    "tenant_number_taken": (409, "Numéro déjà utilisé"),
    "email_taken": (409, "Adresse déjà utilisée"),
    "group_name_taken": (409, "Nom déjà utilisé"),
    "person_is_owner": (409, _NOT_ALLOWED),
    "person_is_self": (409, _NOT_ALLOWED),
    "person_not_active": (409, _NOT_ALLOWED),
    "person_not_suspended": (409, _NOT_ALLOWED),
    "collection_in_use": (409, _NOT_ALLOWED),
    "collection_last": (409, _NOT_ALLOWED),
    "item_ended": (409, _NOT_ALLOWED),
    "job_ended": (409, _NOT_ALLOWED),
    "job_running": (409, _NOT_ALLOWED),
    "nothing_to_retry": (409, _NOT_ALLOWED),
    "vectors_missing": (409, _NOT_ALLOWED),
    "invalid_input": (422, "Demande invalide"),
    "name_refused": (422, "Nom refusé"),
    "email_refused": (422, "Adresse refusée"),
    "siren_refused": (422, "SIREN refusé"),
    "siret_refused": (422, "SIRET refusé"),
    "colour_refused": (422, "Couleur refusée"),
    "colour_too_pale": (422, "Couleur refusée"),
    "time_zone_refused": (422, "Fuseau horaire refusé"),
    "text_too_long": (422, "Texte trop long"),
    "retention_refused": (422, "Durée refusée"),
    "models_refused": (422, "Modèles refusés"),
    "logo_refused": (422, "Logo refusé"),
    "label_refused": (422, "Mention refusée"),
    "key_refused": (422, "Clé refusée"),
    "question_empty": (422, _QUESTION),
    "question_too_long": (422, _QUESTION),
    "source_invalid": (422, "Source refusée"),
    "source_empty": (422, "Dossier vide"),
    "question_set_unknown": (404, "Jeu de questions inconnu"),
    "question_set_refused": (422, "Jeu de questions refusé"),
    "question_set_too_large": (413, "Fichier trop volumineux"),
    "evaluation_ended": (409, _NOT_ALLOWED),
    "evaluations_too_many": (409, "Trop d'évaluations en attente"),
    "tenant_evaluations_too_many": (409, "Trop d'évaluations en attente"),
    "file_too_large": (413, "Fichier trop volumineux"),
    "configuration_error": (503, "Configuration refusée"),
    "settings_refused": (503, "Configuration refusée"),
    "settings_file_unreadable": (503, "Configuration refusée"),
    "index_other_embedder": (503, _INDEX),
    "index_damaged": (503, _INDEX),
    "index_in_use": (503, _INDEX),
    "index_unavailable": (503, _INDEX),
    "storage_error": (503, "Stockage indisponible"),
    "storage_denied": (503, "Stockage indisponible"),
    "heads_unwritable": (503, "Stockage indisponible"),
    "heads_unreadable": (503, "Stockage indisponible"),
    "disk_full": (507, "Disque plein"),
    "database_locked": (503, _DATABASE),
    "database_damaged": (503, _DATABASE),
    "database_unreachable": (503, _DATABASE),
    "database_denied": (503, _DATABASE),
    "database_newer": (503, _DATABASE),
    "database_outdated": (503, _DATABASE),
    "parse_failed": (422, "Fichier illisible"),
    "page_missing": (404, "Page introuvable"),
    "page_unrenderable": (422, "Page illisible"),
    "slides_need_office": (422, "Image impossible"),
    "slides_unrenderable": (422, "Image impossible"),
    "reader_busy": (503, "Lecture momentanément impossible"),
    "upstream_error": (503, "Service indisponible"),
    "model_unavailable": (503, _MODEL),
    "model_unreachable": (503, _MODEL),
    "model_server_error": (503, _MODEL),
    "model_refused": (503, _MODEL),
    "model_unauthorized": (503, _MODEL),
    "model_unknown": (503, _MODEL),
    "model_context_too_long": (503, _MODEL),
    "model_busy": (503, "Modèle de langage saturé"),
    "too_many_answers": (503, "Trop de réponses en cours"),
    "model_misbehaved": (502, _MODEL),
    "model_stalled": (504, _MODEL),
    "model_malformed": (502, _MODEL),
    "model_empty": (502, _MODEL),
    "answer_interrupted": (503, "Réponse interrompue"),
    "scanner_unavailable": (503, "Antivirus indisponible"),
    "reranker_unavailable": (503, _RERANKER),
    "reranker_unauthorized": (503, _RERANKER),
    "reranker_unknown": (503, _RERANKER),
    "reranker_refused": (503, _RERANKER),
    "reranker_malformed": (502, _RERANKER),
    "embedder_unavailable": (503, _EMBEDDER),
    "embedder_unauthorized": (503, _EMBEDDER),
    "embedder_unknown_model": (503, _EMBEDDER),
    "embedder_refused": (503, _EMBEDDER),
    "embedder_wrong_dimensions": (503, _EMBEDDER),
    "embedder_malformed": (503, _EMBEDDER),
}

_BY_CLASS: tuple[tuple[type[AssistantError], str], ...] = (
    (NotFound, "not_found"),
    (Unauthenticated, "unauthenticated"),
    (Forbidden, "forbidden"),
    (Conflict, "conflict"),
    (InvalidInput, "invalid_input"),
    (ConfigurationError, "configuration_error"),
    (StorageError, "storage_error"),
    (IngestionError, "parse_failed"),
    (ModelMisbehaved, "model_misbehaved"),
    (UpstreamError, "upstream_error"),
)


def row_of(code: str, *, error: AssistantError | None = None) -> Row:
    """The status and title of a code; one without a row takes those of its class, else 500."""
    if code in ERROR_TABLE:
        return ERROR_TABLE[code]
    for kind, stand_in in _BY_CLASS:
        if isinstance(error, kind):
            return ERROR_TABLE[stand_in]
    return ERROR_TABLE["internal_error"]
