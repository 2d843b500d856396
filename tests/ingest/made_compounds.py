"""Compound files and Outlook messages made on the spot: no library at hand writes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SECTOR, SMALL, CUTOFF = 512, 64, 4096
Tree = Mapping[str, "bytes | Tree"]
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def compound(tree: Tree) -> bytes:
    """A compound file of streams (bytes) and storages (mappings)."""
    return _Compound().build(tree)


@dataclass
class _Compound:
    entries: list[bytearray] = field(default_factory=list[bytearray])
    chains: list[int] = field(default_factory=list[int])
    sectors: list[bytes] = field(default_factory=list[bytes])
    small_chains: list[int] = field(default_factory=list[int])
    small: bytearray = field(default_factory=bytearray)

    def build(self, tree: Tree) -> bytes:
        self._entry("Root Entry", kind=5)
        self._children(0, tree)
        small_at = self._store(bytes(self.small))
        struct.pack_into("<IQ", self.entries[0], 116, small_at, len(self.small))
        table_at = self._store(struct.pack(f"<{len(self.small_chains)}I", *self.small_chains))
        table_sectors = -(-len(self.small_chains) * 4 // SECTOR)
        directory_at = self._store(b"".join(self.entries), filler=_entry_bytes("", kind=0))
        fat_at, fat_count = self._add_fat()
        header = bytearray(SECTOR)
        struct.pack_into(
            "<8s16xHHHHH6xIII",
            header,
            0,
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            0x3E,
            3,
            0xFFFE,
            9,
            6,
            0,
            fat_count,
            directory_at,
        )
        struct.pack_into("<IIIII", header, 56, CUTOFF, table_at, table_sectors, END, 0)
        places = [*range(fat_at, fat_at + fat_count)] + [FREE] * (109 - fat_count)
        struct.pack_into("<109I", header, 76, *places)
        return bytes(header) + b"".join(self.sectors)

    def _add_fat(self) -> tuple[int, int]:
        at, count = len(self.sectors), 1
        while count * SECTOR // 4 < at + count:
            count += 1
        table = [*self.chains, *([FAT] * count)]
        table += [FREE] * (count * SECTOR // 4 - len(table))
        packed = struct.pack(f"<{len(table)}I", *table)
        self.sectors += [packed[start : start + SECTOR] for start in range(0, len(packed), SECTOR)]
        return at, count

    def _children(self, parent: int, tree: Tree) -> None:
        previous = None
        for name, content in tree.items():
            index = self._entry(name, kind=2 if isinstance(content, bytes) else 1)
            if previous is None:
                struct.pack_into("<I", self.entries[parent], 76, index)
            else:
                struct.pack_into("<I", self.entries[previous], 72, index)
            previous = index
            if isinstance(content, bytes):
                at = self._store(content) if len(content) >= CUTOFF else self._store_small(content)
                struct.pack_into("<IQ", self.entries[index], 116, at, len(content))
            else:
                self._children(index, content)

    def _entry(self, name: str, *, kind: int) -> int:
        self.entries.append(bytearray(_entry_bytes(name, kind=kind)))
        return len(self.entries) - 1

    def _store(self, data: bytes, *, filler: bytes = b"") -> int:
        if not data:
            return END
        while filler and len(data) % SECTOR:
            data += filler
        at = len(self.sectors)
        count = -(-len(data) // SECTOR)
        padded = data.ljust(count * SECTOR, b"\x00")
        self.sectors += [padded[n * SECTOR : (n + 1) * SECTOR] for n in range(count)]
        self.chains += [*range(at + 1, at + count), END]
        return at

    def _store_small(self, data: bytes) -> int:
        if not data:
            return END
        at = len(self.small_chains)
        count = -(-len(data) // SMALL)
        self.small += data.ljust(count * SMALL, b"\x00")
        self.small_chains += [*range(at + 1, at + count), END]
        return at


def _entry_bytes(name: str, *, kind: int) -> bytes:
    encoded = name.encode("utf-16-le")
    size = len(encoded) + 2 if name else 0
    return struct.pack(
        "<64sHBBIII36xIQ", encoded, size, kind, 1, FREE, FREE, FREE, 0 if name else END, 0
    )


def message(
    texts: Mapping[int, str],
    *,
    binaries: Mapping[int, bytes] | None = None,
    sent: datetime | None = None,
    recipients: Sequence[tuple[str, str, int]] = (),
    attachments: Sequence[Tree] = (),
    header: int = 32,
) -> Tree:
    """The storages of a message: its properties by number, and those of what belongs to it."""
    tree: dict[str, bytes | Tree] = {}
    properties = b""
    if sent is not None:
        ticks = int((sent - _EPOCH).total_seconds()) * 10_000_000
        properties += struct.pack("<HHIQ", 0x0040, 0x0039, 6, ticks)
    tree.update(_streams(texts, binaries or {}))
    tree["__properties_version1.0"] = bytes(header) + properties
    for number, (name, address, kind) in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = {
            **_streams({0x3001: name, 0x39FE: address}, {}),
            "__properties_version1.0": bytes(8) + struct.pack("<HHIQ", 3, 0x0C15, 6, kind),
        }
    for number, attachment in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = attachment
    return tree


def attached_file(name: str, data: bytes, *, mime: str = "", content_id: str = "") -> Tree:
    """An attachment that is a file."""
    said = {0x3707: name, 0x370E: mime, 0x3712: content_id}
    texts = {pid: text for pid, text in said.items() if text}
    return {**_streams(texts, {0x3701: data}), "__properties_version1.0": bytes(8)}


def attached_message(name: str, inner: Tree) -> Tree:
    """An attachment that is a message, made with `header=24`."""
    return {
        **_streams({0x3001: name}, {}),
        "__properties_version1.0": bytes(8),
        "__substg1.0_3701000D": inner,
    }


def _streams(texts: Mapping[int, str], binaries: Mapping[int, bytes]) -> dict[str, bytes | Tree]:
    return {
        **{f"__substg1.0_{pid:04X}001F": text.encode("utf-16-le") for pid, text in texts.items()},
        **{f"__substg1.0_{pid:04X}0102": data for pid, data in binaries.items()},
    }
