"""The paper record: batches, pages, documents with versions, text, patients' keys"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIND = "CREATE VIRTUAL TABLE page_find USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')"


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("batch", NUMBER, nullable=True),
        sa.Column("document", NUMBER, nullable=True),
        sa.Column("bulk", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("undone_at", NUMBER, nullable=True),
        sa.Column("undone_by", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("act_batch", "act", ["batch", "id"], unique=False, sqlite_where=sa.text("batch IS NOT NULL"))
    op.create_index("act_bulk", "act", ["bulk"], unique=False, sqlite_where=sa.text("bulk != ''"))
    op.create_index(
        "act_document", "act", ["document", "id"], unique=False, sqlite_where=sa.text("document IS NOT NULL")
    )
    op.create_table(
        "appointment",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("time", sa.String(length=5), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("first_by", NUMBER, nullable=True),
        sa.Column("paper", sa.String(length=100), nullable=False),
        sa.Column("changed_at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("appointment_day", "appointment", ["day", "department", "time"], unique=False)
    op.create_index("appointment_number", "appointment", ["number"], unique=False)
    op.create_table(
        "box",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("project", sa.String(length=100), nullable=False),
        sa.Column("shelf", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("box_project", "box", ["project", "code"], unique=False)
    op.create_table(
        "department",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "doc_kind",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("family", sa.String(length=60), nullable=False),
        sa.Column("loinc", sa.String(length=20), nullable=False),
        sa.Column("kdl", sa.String(length=20), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "model",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "page_look",
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("page", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("band", "bits", "page"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "station",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "upload",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("received", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("station", sa.String(length=40), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("station", "sha256", "name"),
    )
    op.create_table(
        "batch",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("station", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("header", sa.String(length=40), nullable=True),
        sa.Column("operator", NUMBER, nullable=True),
        sa.Column("locked_by", NUMBER, nullable=True),
        sa.Column("locked_at", NUMBER, nullable=True),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=True),
        sa.Column("sides", sa.String(length=8), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("box", NUMBER, nullable=True),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("changed_at", NUMBER, nullable=False),
        sa.Column("closed_at", NUMBER, nullable=True),
        sa.Column("closed_by", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["box"],
            ["box.id"],
        ),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["users.id"],
        ),
        sa.ForeignKeyConstraint(
            ["locked_by"],
            ["users.id"],
        ),
        sa.ForeignKeyConstraint(
            ["operator"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("header"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("batch_box", "batch", ["box"], unique=False, sqlite_where=sa.text("box IS NOT NULL"))
    op.create_index("batch_state", "batch", ["state", "id"], unique=False)
    op.create_index("batch_station", "batch", ["station", "id"], unique=False)
    op.create_table(
        "patient_key",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("patient", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("key", "patient"),
        sqlite_with_rowid=False,
    )
    op.create_index("patient_key_patient", "patient_key", ["patient"], unique=False)
    op.create_table(
        "patient_number",
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("patient", NUMBER, nullable=False),
        sa.Column("was", NUMBER, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "document_version",
        sa.Column("document", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("made_at", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document", "version"),
    )
    op.create_table(
        "draft",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("batch", NUMBER, nullable=False),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("patient", NUMBER, nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("episode", sa.String(length=60), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("suggested", sa.JSON(), nullable=False),
        sa.Column("document", NUMBER, nullable=True),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("changed_at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("draft_batch", "draft", ["batch", "position"], unique=False)
    op.create_table(
        "making",
        sa.Column("document", NUMBER, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", NUMBER, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document"),
    )
    op.create_index("making_due", "making", ["due_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("operation", sa.String(length=60), nullable=False),
        sa.Column("document", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("handed_at", NUMBER, nullable=True),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_due", "outbox", ["id"], unique=False, sqlite_where=sa.text("handed_at IS NULL"))
    op.create_table(
        "scan_file",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("batch", NUMBER, nullable=True),
        sa.Column("station", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batch.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("scan_file_batch", "scan_file", ["batch", "id"], unique=False)
    op.create_index(
        "scan_file_state", "scan_file", ["state", "id"], unique=False, sqlite_where=sa.text("state != 'joined'")
    )
    op.create_table(
        "page",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("batch", NUMBER, nullable=False),
        sa.Column("file", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("master", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column("thumb", sa.String(length=64), nullable=True),
        sa.Column("view", sa.String(length=64), nullable=True),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("skew", sa.Float(), nullable=False),
        sa.Column("look", sa.String(length=16), nullable=False),
        sa.Column("patient", NUMBER, nullable=True),
        sa.Column("assigned_by", NUMBER, nullable=True),
        sa.Column("assigned_at", NUMBER, nullable=True),
        sa.Column("assigned_how", sa.String(length=12), nullable=False),
        sa.Column("draft", NUMBER, nullable=True),
        sa.Column("replaces", NUMBER, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("changed_at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["draft"],
            ["draft.id"],
        ),
        sa.ForeignKeyConstraint(
            ["file"],
            ["scan_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file", "number"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("page_batch", "page", ["batch", "position"], unique=False)
    op.create_index("page_draft", "page", ["draft"], unique=False, sqlite_where=sa.text("draft IS NOT NULL"))
    op.create_index("page_master", "page", ["master"], unique=False)
    op.create_index(
        "page_patient", "page", ["patient", "id"], unique=False, sqlite_where=sa.text("patient IS NOT NULL")
    )
    op.create_table(
        "document_page",
        sa.Column("document", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("page", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["page"],
            ["page.id"],
        ),
        sa.PrimaryKeyConstraint("document", "version", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("document_page_page", "document_page", ["page"], unique=False)
    op.create_table(
        "duplicate",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("a", NUMBER, nullable=False),
        sa.Column("b", NUMBER, nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("decided_at", NUMBER, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["a"],
            ["page.id"],
        ),
        sa.ForeignKeyConstraint(
            ["b"],
            ["page.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("a", "b"),
    )
    op.create_index("duplicate_b", "duplicate", ["b"], unique=False)
    op.create_index("duplicate_open", "duplicate", ["id"], unique=False, sqlite_where=sa.text("state = 'open'"))
    op.create_table(
        "page_text",
        sa.Column("page", NUMBER, nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("recipe", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("same", sa.String(length=16), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["page"],
            ["page.id"],
        ),
        sa.PrimaryKeyConstraint("page"),
    )
    op.create_index("page_text_same", "page_text", ["same"], unique=False, sqlite_where=sa.text("same != ''"))
    op.create_table(
        "reading",
        sa.Column("page", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", NUMBER, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["page"],
            ["page.id"],
        ),
        sa.PrimaryKeyConstraint("page"),
    )
    op.create_index("reading_due", "reading", ["state", "priority", "page"], unique=False)
    op.add_column("document", sa.Column("origin", sa.String(length=8), server_default="route", nullable=False))
    op.add_column("document", sa.Column("state", sa.String(length=12), server_default="current", nullable=False))
    op.add_column("document", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("document", sa.Column("pages", sa.Integer(), server_default="0", nullable=False))
    op.add_column("document", sa.Column("date", sa.String(length=10), server_default="", nullable=False))
    op.add_column("document", sa.Column("department", sa.String(length=40), server_default="", nullable=False))
    op.add_column("document", sa.Column("author", sa.String(length=100), server_default="", nullable=False))
    op.add_column("document", sa.Column("episode", sa.String(length=60), server_default="", nullable=False))
    op.add_column("document", sa.Column("details", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("document", sa.Column("batch", NUMBER, nullable=True))
    op.add_column("document", sa.Column("changed_at", NUMBER, server_default="0", nullable=False))
    op.create_index("document_batch", "document", ["batch"], unique=False, sqlite_where=sa.text("batch IS NOT NULL"))
    op.add_column("patient", sa.Column("merged_into", NUMBER, nullable=True))
    op.create_table(
        "token",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("station", sa.String(length=40), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("used_at", NUMBER, nullable=True),
        sa.Column("revoked_at", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("public_id"),
    )
    op.execute(FIND)
