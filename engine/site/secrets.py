"""Secrets beside a site: from the environment, or from files that only their owner can read."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

MAX_BYTES = 64 * 1024


class SecretMissing(Exception):
    """The secret is not there, or others can read it. The text says what to do and never holds the value."""


class Secrets:
    """`get("ca_hmac")` reads `WAYBILL_SECRET_CA_HMAC`, else the file `secrets/ca_hmac` of mode 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "secrets"

    def get(self, name: str) -> str:
        """The value, without the line end that editors add; raises `SecretMissing`."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise SecretMissing("a secret's name has lower-case letters, digits and _ only")
        value = os.environ.get(f"WAYBILL_SECRET_{name.upper()}")
        return value or self._read(name)

    def _read(self, name: str) -> str:
        path = self._folder / name
        try:
            with path.open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                self._check_mode(name, mode)
                data = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            advice = f"set WAYBILL_SECRET_{name.upper()}, or make the file secrets/{name} (mode 0600)"
            raise SecretMissing(f"the secret {name} is not there: {advice}") from None
        except OSError as error:
            raise SecretMissing(f"the secret {name} cannot be read: {error.strerror}") from None
        if len(data) > MAX_BYTES:
            raise SecretMissing(f"the secret {name} is larger than {MAX_BYTES} bytes")
        try:
            text = data.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise SecretMissing(f"the secret {name} is not UTF-8 text") from None
        if not text:
            raise SecretMissing(f"the secret {name} is empty")
        return text

    def _check_mode(self, name: str, mode: int) -> None:
        if not stat.S_ISREG(mode):
            raise SecretMissing(f"secrets/{name} is not a file")
        if os.name == "posix" and mode & 0o077:
            shown = f"{stat.S_IMODE(mode):o}"
            raise SecretMissing(f"others can read the secret {name} (mode {shown}): chmod 600 secrets/{name}")
