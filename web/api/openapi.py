"""`python -m web.api.openapi > web/ui/openapi.json`: the description from which the screens' types are made."""

from __future__ import annotations

import json
import sys

from web.api.app import create_app


def described() -> str:
    """The description as JSON, the same on every machine."""
    return json.dumps(create_app(None).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(described())
