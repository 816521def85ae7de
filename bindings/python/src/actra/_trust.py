"""What is asked of who made an artifact."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .types import KeyType

_MOST = 2**64 - 1
# Of a key's file: more is none, and the library says so.
_MOST_BYTES = 64 * 1024


def keys_of(trusted_keys: Sequence[KeyType] | None) -> tuple[bytes, ...] | None:
    """The keys as the library reads them: PEM, or 32 bytes. None: no signature is asked for."""
    if trusted_keys is None:
        return None
    if isinstance(trusted_keys, str | bytes | bytearray | memoryview | os.PathLike):
        raise TypeError("`trusted_keys` is one key, not a sequence of keys: write `[key]`")
    return tuple(_key(key) for key in trusted_keys)


def _key(key: KeyType) -> bytes:
    if isinstance(key, bytes | bytearray | memoryview):
        return bytes(key)
    if isinstance(key, str) and key.lstrip().startswith("-----BEGIN"):
        return key.encode("utf-8")
    if isinstance(key, str | os.PathLike):
        with open(key, "rb") as file:
            return file.read(_MOST_BYTES)
    raise TypeError(
        f"a trusted key is a {type(key).__name__}, not the bytes or the path of a public key"
    )


def revision_of(min_revision: int) -> int:
    """The revision, if it is one."""
    if isinstance(min_revision, bool) or not isinstance(min_revision, int):
        raise TypeError(f"`min_revision` is a {type(min_revision).__name__}, not an int")
    if not 0 <= min_revision <= _MOST:
        raise ValueError(f"`min_revision` is {min_revision}, not from 0 to 2**64 - 1")
    return min_revision
