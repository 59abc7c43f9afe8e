"""Order by key, resent runs, pauses and alerts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("message", sa.Column("origin", sa.String(length=36), nullable=True))
    op.add_column("run", sa.Column("order_key", sa.String(length=64), nullable=True))
    op.add_column("run", sa.Column("order_held", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("origin", NUMBER, nullable=True))
    op.add_column("revision", sa.Column("by", sa.String(length=60), nullable=False, server_default=""))
    op.create_index("run_order", "run", ["order_key", "seq"], sqlite_where=sa.text("order_held = 1"))
    op.create_index("run_origin", "run", ["origin"], sqlite_where=sa.text("origin IS NOT NULL"))
    op.create_table(
        "pause",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    _alerts()
    _searches()


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("began_at", NUMBER, nullable=False),
        sa.Column("ended_at", NUMBER, nullable=True),
        sa.Column("told_begin_at", NUMBER, nullable=True),
        sa.Column("told_end_at", NUMBER, nullable=True),
        sa.Column("acknowledged_by", sa.String(length=60), nullable=False),
        sa.Column("acknowledged_at", NUMBER, nullable=True),
        sa.Column("snoozed_until", NUMBER, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_open", "alert", ["rule", "subject"], sqlite_where=sa.text("ended_at IS NULL"))
    op.create_index("alert_began", "alert", ["began_at"])


def _searches() -> None:
    op.create_index("run_created", "run", ["created_at"])
    op.create_index("run_error", "run", ["code", "seq"], sqlite_where=sa.text("code != '' OR reason != ''"))
    op.create_index("event_message", "event", ["message_id"], sqlite_where=sa.text("run IS NULL"))
    op.create_index("file_run", "file", ["run"], sqlite_where=sa.text("run IS NOT NULL"))
    op.create_index("signal_applied", "signal", ["run"], sqlite_where=sa.text("applied_at IS NOT NULL"))
    op.create_index("attention_message", "attention", ["message_id"], sqlite_where=sa.text("message_id IS NOT NULL"))


def _one_tree() -> None:
    """What is only found by its key is kept in one tree: written once, not twice."""
    op.drop_index("label_value", "label")
    op.drop_index("effect_run", "effect")
    for name in ("identity", "label", "effect"):
        op.rename_table(name, f"{name}_old")
    op.create_table(
        "identity",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label",
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.Column("phi", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.seq"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "effect",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("step", sa.String(length=100), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("settled_at", NUMBER, nullable=True),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    for name in ("identity", "label", "effect"):
        op.execute(f"INSERT INTO {name} SELECT * FROM {name}_old")  # noqa: S608 (names from the line above)
        op.drop_table(f"{name}_old")
    op.create_index("label_value", "label", ["name", "value", "run"])
    op.create_index("effect_run", "effect", ["run"])
