"""Documents by kind, with their department, and drafts that are no documents: counting them reads no row"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("document_kind", "document", ["kind", "id", "department"])
    op.create_index("draft_unfiled", "draft", ["kind", "department"], sqlite_where=sa.text("document IS NULL"))
