from __future__ import annotations

import pytest

from assistant.domain.identity import own_path, valid_siret
from assistant.services.devices import device_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("said", "device"),
    [
        (WINDOWS + "Chrome/140.0.0.0 Safari/537.36", "Chrome sur Windows"),
        (WINDOWS + "Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge sur Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox sur Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari sur iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome sur Android"),
        ("python-httpx/0.28", ""),
        ("Firefox/140.0", "Firefox"),
        ("", ""),
    ],
)
def test_a_browser_is_told_in_words(said: str, device: str) -> None:
    assert device_of(said) == device


@pytest.mark.parametrize(
    "text", ["", "x", "//a", "/\\a", "/a\\b", "/a b", "/a\n", "http://a", "/é", "/<b>"]
)
def test_only_plain_paths_of_ours_are_returned_to(text: str) -> None:
    assert own_path(text) == "/"
    assert own_path("/documents?page=2&nom=a%20b") == "/documents?page=2&nom=a%20b"


@pytest.mark.parametrize(
    "text",
    ["", "1234567890001", "123456789000112", "1234567890001a", "１２３４５６７８９０００１１"],
)
def test_a_siret_has_fourteen_digits(text: str) -> None:
    assert valid_siret(text) == ""
    assert valid_siret("123 456 789 00011") == "12345678900011"
