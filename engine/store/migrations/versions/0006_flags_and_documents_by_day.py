"""Documents that a reader flagged as wrong; documents in the order of their day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = "CASE WHEN date != '' THEN date ELSE strftime('%Y-%m-%d', created_at / 1000, 'unixepoch') END"


def upgrade() -> None:
    op.create_table(
        "document_flag",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("document", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("page", NUMBER, nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("answer_note", sa.String(length=500), nullable=False),
        sa.Column("answered_by", NUMBER, nullable=True),
        sa.Column("answered_at", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["document"], ["document.id"]),
        sa.ForeignKeyConstraint(["page"], ["page.id"]),
        sa.ForeignKeyConstraint(["by"], ["users.id"]),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("document_flag_document", "document_flag", ["document", "id"])
    op.create_index("document_flag_open", "document_flag", ["id"], sqlite_where=sa.text("answered_at IS NULL"))
    op.create_index("document_day", "document", [sa.text(DAY), "id"])
