"""The typed HTTP client of the API, with its SSE reader."""

from assistant.client.client import AssistantClient
from assistant.client.errors import ClientError

__all__ = ["AssistantClient", "ClientError"]
