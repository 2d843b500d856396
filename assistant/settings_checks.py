"""Settings that are each right but do not fit together."""

from __future__ import annotations

from urllib.parse import urlsplit

from assistant.domain.errors import ConfigurationError
from assistant.settings import EmbeddingsSettings, NamedEmbedder, Settings
from assistant.settings_access import OidcProvider


def check_settings(settings: Settings) -> None:
    """Refuse settings from which nothing can be built.

    Raises:
        ConfigurationError: A setting that another one requires is absent ("setting_required"), or an
            address is not one ("setting_not_url", "setting_not_socket", "setting_not_postgresql").
    """
    _check_embedder("embeddings", settings.embeddings)
    _check_embedders(settings.embedders)
    if settings.index.engine == "server":
        _require("index.url", settings.index.url, because="index.engine")
        _require("index.collection", settings.index.collection, because="index.engine")
    if settings.model.url:
        _require("model.name", settings.model.name, because="model.url")
    for name, url in (
        ("index.url", settings.index.url),
        ("model.url", settings.model.url),
        ("reranker.url", settings.reranker.url),
    ):
        _check_url(name, url)
    _check_socket("ingest.clamav", settings.ingest.clamav)
    _check_url("server.public_url", settings.server.public_url)
    _check_providers(settings.oidc.providers)
    _check_postgresql("database.url", settings.database.url.get_secret_value())


def _check_embedder(name: str, chosen: EmbeddingsSettings) -> None:
    if chosen.provider == "openai":
        because = f"{name}.provider"
        _require(f"{name}.url", chosen.url, because=because)
        _require(f"{name}.name", chosen.name, because=because)
        _require(f"{name}.dimensions", chosen.dimensions, because=because)
    _check_url(f"{name}.url", chosen.url)


def _check_embedders(embedders: tuple[NamedEmbedder, ...]) -> None:
    ids = [embedder.id for embedder in embedders]
    for number, embedder in enumerate(embedders):
        name = f"embedders[{number}]"
        if embedder.id in ids[:number]:
            raise ConfigurationError("setting_repeated", setting=f"{name}.id", value=embedder.id)
        _check_embedder(name, embedder)


def _check_providers(providers: tuple[OidcProvider, ...]) -> None:
    ids = [provider.id for provider in providers]
    for number, provider in enumerate(providers):
        name = f"oidc.providers[{number}]"
        if provider.id in ids[:number]:
            raise ConfigurationError("setting_repeated", setting=f"{name}.id", value=provider.id)
        if not _is_private(provider.issuer):
            raise ConfigurationError("setting_not_https", setting=f"{name}.issuer")
        if provider.kind == "generic":
            _require(f"{name}.label", provider.label, because=f"{name}.kind")
        elif not provider.needs_siret:
            raise ConfigurationError("setting_siret_needed", setting=f"{name}.needs_siret")


def _check_socket(name: str, address: str) -> None:
    port = address.rpartition(":")[2]
    if address and not address.startswith("/") and not (":" in address and port.isdecimal()):
        raise ConfigurationError("setting_not_socket", setting=name)


def _require(name: str, value: str | int, *, because: str) -> None:
    if not value:
        raise ConfigurationError("setting_required", setting=name, because=because)


def _check_url(name: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_right = False
    if not is_right:
        raise ConfigurationError("setting_not_url", setting=name)


def _is_private(url: str) -> bool:
    """True for https, and for this machine."""
    try:
        parts = urlsplit(url)
        is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_local)
    )


def _check_postgresql(name: str, url: str) -> None:
    """What follows the scheme is libpq's to read: several hosts, sockets, options."""
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("setting_not_postgresql", setting=name)
