"""Alerts: which target has been told what"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert_told",
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("phase", sa.String(length=5), nullable=False),
        sa.Column("target", sa.String(length=10), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("alert", "phase", "target"),
        sqlite_with_rowid=False,
    )
    op.create_index("alert_live", "alert", ["rule"], sqlite_where=sa.text("told_end_at IS NULL"))
