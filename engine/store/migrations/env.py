"""Alembic's entry: one explicit transaction for all steps."""

from __future__ import annotations

from alembic import context
from sqlalchemy import URL, create_engine

from engine.store.schema_records import metadata

url = URL.create("sqlite", database=context.config.attributes["path"])  # a path may hold `?` and `%`
with create_engine(url).begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
