"""The keys under which the store remembers which messages it knows.

A key is a hash, as an identity may hold a patient's number and outlives its message; but it ends in the last three
characters of the identity as they are, and only what is before them is hashed. Senders count: so the keys of a sender's
messages lie side by side, and a group of the writer changes one page of the index and not one for each message.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring

FORMER = "~"
"""What the scope of a key begins with that an earlier version made (migration 0010): greater than any connection's
first letter."""
_PLAIN = 3
_LENGTH = 32
"""Hexadecimal digits of the hash that are kept: 128 bits."""

Parts = tuple[str, ...]


def key_of(parts: Parts) -> str:
    """The key of an identity; empty for none."""
    if not parts:
        return ""
    last = parts[-1]
    return _hashed((*parts[:-1], last[:-_PLAIN]))[:_LENGTH] + last[-_PLAIN:]


def former(scope: str, parts: Parts) -> tuple[str, str]:
    """Scope and key under which an earlier version remembered it."""
    return FORMER + scope, _hashed(parts)


def _hashed(parts: Parts) -> str:
    return hashlib.sha256(f"[{', '.join(map(encode_basestring, parts))}]".encode()).hexdigest()
