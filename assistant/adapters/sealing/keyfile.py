"""AES-256-GCM with keys of a file: one key a line, the newest first."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assistant.domain.errors import ConfigurationError

_KEY_BYTES, _NONCE_BYTES, _NAME_CHARS = 32, 12, 8
_VERSION = "1"


class KeyFileSealer:
    """Implements `Sealer`. A sealed text reads "1:<name of the key>:<nonce and cipher in base64>".

    The owner is bound to it as associated data: a text copied to another owner does not open. The file
    is made with a new key at the first use; it may hold older keys below, for texts sealed before.

    Args:
        path: The file, readable by its owner only.
        makes: False where the file must be there: another process makes it.
    """

    def __init__(self, path: Path, *, makes: bool = True) -> None:
        self._path = path
        self._makes = makes

    def prepare(self) -> None:
        """Make the file with a first key unless it is there; called at the start of an instance.

        Raises:
            ConfigurationError: It can be neither read nor made ("sealing_key_unusable").
        """
        self._keys()

    def seal(self, text: str, *, owner: str) -> str:
        """A text that only `open` with the same owner turns back.

        Raises:
            ConfigurationError: There is no usable key ("sealing_key_unusable").
        """
        key = self._keys()[0]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), owner.encode())
        return ":".join((_VERSION, _name_of(key), base64.b64encode(nonce + sealed).decode()))

    def open(self, sealed: str, *, owner: str) -> str:
        """The text that was sealed for an owner.

        Raises:
            ConfigurationError: Its key is not in the file ("sealing_key_wrong"), or the file cannot be
                used ("sealing_key_unusable").
        """
        version, _, rest = sealed.partition(":")
        name, _, content = rest.partition(":")
        for key in self._keys():
            if version == _VERSION and _name_of(key) == name:
                with suppress(InvalidTag, binascii.Error, ValueError):
                    raw = base64.b64decode(content, validate=True)
                    nonce, cipher = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
                    return AESGCM(key).decrypt(nonce, cipher, owner.encode()).decode()
        raise ConfigurationError("sealing_key_wrong", path=str(self._path))

    def is_current(self, sealed: str) -> bool:
        """True when it was sealed with the newest key."""
        return sealed.startswith(f"{_VERSION}:{_name_of(self._keys()[0])}:")

    def add_key(self) -> None:
        """Put a new key before the others: what is sealed from now on is sealed with it."""
        self._write([AESGCM.generate_key(_KEY_BYTES * 8), *self._keys()])

    def drop_old_keys(self) -> None:
        """Keep the newest key only: what older ones sealed can never be opened again."""
        self._write(self._keys()[:1])

    def _keys(self) -> list[bytes]:
        try:
            lines = self._path.read_text("ascii").split()
        except FileNotFoundError:
            if not self._makes:
                raise ConfigurationError("sealing_key_unusable", path=str(self._path)) from None
            return self._first()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError("sealing_key_unusable", path=str(self._path)) from None
        try:
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except binascii.Error:
            keys = []
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise ConfigurationError("sealing_key_unusable", path=str(self._path))
        return keys

    def _first(self) -> list[bytes]:
        """Make the file; of two processes that do so together, the first one's key is the key."""
        key = AESGCM.generate_key(_KEY_BYTES * 8)
        partial = self._written([key])
        try:
            os.link(partial, self._path)
        except FileExistsError:
            return self._keys()
        except OSError:
            raise ConfigurationError("sealing_key_unusable", path=str(self._path)) from None
        finally:
            partial.unlink(missing_ok=True)
        return [key]

    def _write(self, keys: list[bytes]) -> None:
        self._written(keys).replace(self._path)

    def _written(self, keys: list[bytes]) -> Path:
        text = "".join(base64.b64encode(key).decode() + "\n" for key in keys)
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            raise ConfigurationError("sealing_key_unusable", path=str(self._path)) from None
        return Path(name)


def _name_of(key: bytes) -> str:
    return hashlib.sha256(b"name of a sealing key" + key).hexdigest()[:_NAME_CHARS]
