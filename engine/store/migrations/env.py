"""Alembic's entry: one explicit transaction for all steps."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from engine.store.schema import metadata

url = context.config.get_main_option("sqlalchemy.url")
assert url is not None
with create_engine(url).begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
