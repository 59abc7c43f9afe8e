"""Identities have another key: those of an earlier version are remembered in scopes of their own until they are old"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("UPDATE identity SET scope = '~' || scope")
