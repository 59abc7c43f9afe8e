"""Pages that wait to be read lie in the order of their turn; uploads that are not done are in an index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

RANK = """SELECT CASE WHEN batch.state NOT IN ('open', 'stopped', 'closed') THEN 0 WHEN batch.box IS NOT NULL THEN 1
    ELSE 2 END FROM page JOIN batch ON batch.id = page.batch WHERE page.id = reading.page"""


def upgrade() -> None:
    op.drop_index("reading_due", "reading")
    op.execute(f"UPDATE reading SET priority = CASE WHEN state = 'queued' THEN ({RANK}) ELSE 0 END")  # noqa: S608 (ours)
    op.create_index("reading_due", "reading", ["state", "priority", "page", "due_at"])
    op.create_index("upload_state", "upload", ["state", "id"], sqlite_where=sa.text("state != 'done'"))
