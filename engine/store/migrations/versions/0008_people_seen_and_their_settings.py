"""When a person was seen last, and what a person has set for himself"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SEEN = "SELECT max(session.seen_at) FROM session WHERE session.user = users.id"


def upgrade() -> None:
    op.add_column("users", sa.Column("seen_at", NUMBER, nullable=True))
    op.add_column("users", sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"))
    op.execute(f"UPDATE users SET seen_at = ({SEEN})")  # noqa: S608 (ours)
