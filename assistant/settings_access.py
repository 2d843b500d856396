"""Settings of who may enter and what is recorded of it, and what all groups of settings have in common."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr


class Group(BaseModel):
    """Base of all groups: unknown keys are refused, values do not change, docstrings are the help."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


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


def tables(value: object) -> object:
    """A list of tables given by a variable is JSON; an empty one gives none."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.strip() else ()


class OidcSettings(Group):
    """Sign-in through OpenID Connect providers."""

    providers: Annotated[tuple[OidcProvider, ...], BeforeValidator(tables)] = ()
    """Fournisseurs d'identité : des tables `[[oidc.providers]]` du fichier, ou une liste JSON dans la variable."""
    timeout_s: float = Field(default=5, gt=0, le=15)
    """Délai d'une réponse d'un fournisseur, en secondes ; un code ProConnect ne vit que 30 secondes."""


class AuditSettings(Group):
    """The audit log."""

    heads_file: str = ""
    """Fichier des empreintes du journal d'audit. Vide : « audit-heads.jsonl », dans le dossier de données."""
