"""Effects in the order of their runs; only runs that are ready are in the index of those"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = '"key", run, step, connection, operation, generation, state, attempts, at, settled_at, code, reason, request'


def upgrade() -> None:
    op.drop_index("run_ready", "run")
    op.create_index("run_ready", "run", ["state", "seq"], sqlite_where=sa.text("state = 'ready'"))
    op.drop_index("effect_run", "effect")
    op.rename_table("effect", "effect_old")
    op.create_table(
        "effect",
        sa.Column("root", NUMBER, nullable=False),
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
        sa.PrimaryKeyConstraint("root", "key"),
        sqlite_with_rowid=False,
    )
    root = "coalesce((SELECT coalesce(run.root, run.seq) FROM run WHERE run.seq = effect_old.run), effect_old.run)"
    op.execute(f"INSERT INTO effect (root, {KEPT}) SELECT {root}, {KEPT} FROM effect_old")  # noqa: S608 (our names)
    op.drop_table("effect_old")
    op.create_index("effect_run", "effect", ["run"])
