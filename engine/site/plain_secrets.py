"""Secrets that somebody wrote into a site's text: found by the name of their key, or by what they look like.

The value is never repeated. `lint` shows where it stands and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.site.model import Site
from engine.site.nodes import Map, Node, Text
from engine.site.problems import SECRET_IN_TEXT, Problem

ADVICE = "write `{secret: NAME}`, put the value in `secrets/NAME` (mode 0600), and change it: it was readable"

_KEY = re.compile(r"(?i)(^|[_-])(key|password|passwd|pwd|token|secret|passphrase|authorization|apikey|credentials?)$")
_STRICT_KEY = re.compile(r"(?i)(^|[_-])(password|passwd|pwd|secret|passphrase|authorization|apikey|api[_-]key)$")
"""Outside of connections, where `key` may be a column or a path."""
_KEY_FILE = re.compile(r"(?i)^[^\s]{1,200}\.(key|pem)$")
"""The name of a file with a private key, which is no secret itself."""
_PATH = re.compile(r"^\.?//|\$\(")
_LOOKS = (
    ("a password", re.compile(r"(?i)\b(pwd|password)\s*=\s*[^;{$\s]")),
    ("a user or password in the address", re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^/\s@'\"$]{1,200}@")),
    ("a token in the address", re.compile(r"(?i)[?&](access_token|token|api_?key|key|secret|password|sig)=[^&$\s]{4}")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    ("a token", re.compile(r"\beyJ[\w-]{10,4000}\.[\w-]{10,8000}\.|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{30}")),
    ("a password or token", re.compile(r"(?i)\b(bearer|basic)\s+[\w+/=.-]{16}")),
)


def check(site: Site) -> Iterator[Problem]:
    """Every text of the site that looks like a password, a key or a token."""
    for section, node in site.text.items():
        yield from _node(node, _KEY if section == "connections" else _STRICT_KEY)


def _node(node: Node, keys: re.Pattern[str]) -> Iterator[Problem]:
    if isinstance(node, Map):
        if set(node) == {"secret"}:
            return
        for key, value in node.items():
            if isinstance(value, Text) and _is_secret(key, value, keys):
                yield Problem(value.at, SECRET_IN_TEXT, f"`{key}` is a secret written as text", ADVICE)
            else:
                yield from _node(value, keys)
    elif isinstance(node, Text):
        yield from _hidden(node)
    else:
        for item in node:
            yield from _node(item, keys)


def _is_secret(key: str, value: Text, keys: re.Pattern[str]) -> bool:
    return bool(value and keys.search(key) and not _KEY_FILE.match(value) and not _PATH.search(value))


def _hidden(node: Text) -> Iterator[Problem]:
    what = next((name for name, pattern in _LOOKS if pattern.search(node)), None)
    if what is not None:
        yield Problem(node.at, SECRET_IN_TEXT, f"{what} inside this text", f"take it out; {ADVICE}")
