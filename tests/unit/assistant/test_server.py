from __future__ import annotations

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.server import loopback_address


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("127.9.0.1",) * 2],
)
def test_this_machine_is_listened_on(host: str, address: str) -> None:
    assert loopback_address(host) == address


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "example.org"])  # noqa: S104
def test_a_network_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loopback_address(host)

    assert caught.value.code == "host_not_loopback"
    assert "authentification" in caught.value.sentence
