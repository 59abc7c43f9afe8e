"""Names of rows in addresses of screens and between programs: they say nothing about anything."""

from __future__ import annotations

import base64
import os


def public_id() -> str:
    """16 capital letters and digits (base32 of 80 random bits)."""
    return base64.b32encode(os.urandom(10)).decode()
