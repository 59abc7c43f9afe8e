"""The tables of the paper record, beside the engine's in one database: batches, pages, documents, text.

Images are never in a row: a column of 64 characters names a blob. Times are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from engine.store.schema import Number
from engine.store.schema import metadata as metadata  # with these tables in it

station = Table(
    "station",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("title", String(100), nullable=False, default=""),
    Column("languages", String(60), nullable=False, default="eng"),  # as Tesseract writes them: `chi_sim+eng`
    Column("options", JSON, nullable=False),  # duplex, operator, prefix of the hand scanner, preprocessing
    Column("active", Integer, nullable=False, default=1),
)

department = Table(
    "department",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("names", JSON, nullable=False),  # {en, es, zh}
    Column("position", Integer, nullable=False, default=0),
    Column("active", Integer, nullable=False, default=1),
)

doc_kind = Table(
    "doc_kind",
    metadata,
    Column("code", String(60), primary_key=True),
    Column("names", JSON, nullable=False),  # {en, es, zh}
    Column("family", String(60), nullable=False, default=""),  # what lists group by
    Column("loinc", String(20), nullable=False, default=""),
    Column("kdl", String(20), nullable=False, default=""),
    Column("department", String(40), nullable=False, default=""),  # the usual one
    Column("rules", JSON, nullable=False),  # {threshold, values: [...]}; records/values.py
    Column("position", Integer, nullable=False, default=0),
    Column("active", Integer, nullable=False, default=1),
)

box = Table(
    "box",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("code", String(60), nullable=False, unique=True),
    Column("project", String(100), nullable=False, default=""),
    Column("shelf", String(100), nullable=False, default=""),
    Column("title", String(200), nullable=False, default=""),
    Column("sheets", Integer),  # said to be in it
    Column("state", String(12), nullable=False, default="open"),  # open, full, stored
    Column("by", Number),
    Column("created_at", Number, nullable=False),
    Index("box_project", "project", "code"),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("state", String(12), nullable=False),  # records/states.py
    Column("station", String(40), nullable=False),
    Column("title", String(200), nullable=False, default=""),
    Column("header", String(40), unique=True),  # the number on its header sheet
    Column("operator", Number, ForeignKey("users.id")),
    Column("locked_by", Number, ForeignKey("users.id")),
    Column("locked_at", Number),
    Column("sheets", Integer),  # said to be fed
    Column("documents", Integer),  # said by the header sheet
    Column("sides", String(8), nullable=False, default="one"),  # one, both, twice (fronts, then backs)
    Column("languages", String(60), nullable=False, default=""),
    Column("box", Number, ForeignKey("box.id")),
    Column("code", String(8), nullable=False, default=""),  # why it is stopped
    Column("reason", Text, nullable=False, default=""),
    Column("version", Integer, nullable=False, default=1),  # one more with each change
    Column("created_at", Number, nullable=False),
    Column("changed_at", Number, nullable=False),
    Column("closed_at", Number),
    Column("closed_by", Number, ForeignKey("users.id")),
    Index("batch_state", "state", "id"),
    Index("batch_station", "station", "id"),
    Index("batch_box", "box", sqlite_where=text("box IS NOT NULL")),
)

scan_file = Table(
    "scan_file",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # of the effect or the upload: a repeat adds nothing
    Column("batch", Number, ForeignKey("batch.id")),
    Column("station", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("state", String(12), nullable=False),  # taken, joined, failed
    Column("pages", Integer, nullable=False, default=0),  # that it has, once known
    Column("taken", Integer, nullable=False, default=0),  # that are pages of the batch already
    Column("attempts", Integer, nullable=False, default=0),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("meta", JSON, nullable=False),  # device, settings, clock of the sender, wanted batch
    Column("at", Number, nullable=False),
    Index("scan_file_state", "state", "id", sqlite_where=text("state != 'joined'")),
    Index("scan_file_batch", "batch", "id"),
)

page = Table(
    "page",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("batch", Number, ForeignKey("batch.id"), nullable=False),
    Column("file", Number, ForeignKey("scan_file.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... in its file
    Column("position", Float, nullable=False),  # in its batch; between two others when it was moved
    Column("state", String(12), nullable=False),  # records/states.py
    Column("reason", String(200), nullable=False, default=""),  # why it is not kept, in a person's words
    # The master never changes: the bytes of this page as they came, or their lossless copy out of a larger file.
    Column("master", String(64), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("dpi", Integer, nullable=False, default=0),  # 0: the file does not say
    Column("thumb", String(64)),  # a picture for the contact sheet, of the master after the recipe
    Column("view", String(64)),  # a picture for the large page, the same
    Column("recipe", JSON, nullable=False),  # records/recipe.py
    Column("flags", JSON, nullable=False),  # ["blank", "dark", "skewed", "cut", "low"], and a person's "flag"
    Column("codes", JSON, nullable=False),  # barcodes: [{format, text, box: [x, y, w, h] in parts of the page}]
    Column("skew", Float, nullable=False, default=0.0),  # degrees, clockwise is positive
    Column("look", String(16), nullable=False, default=""),  # perceptual hash, hex
    Column("patient", Number, ForeignKey("patient.id")),
    Column("assigned_by", Number),
    Column("assigned_at", Number),
    Column("assigned_how", String(12), nullable=False, default=""),  # label, typed, scanned, ocr, file, repair
    Column("draft", Number, ForeignKey("draft.id")),
    Column("replaces", Number),  # the page that this one was scanned for again
    Column("created_at", Number, nullable=False),
    Column("changed_at", Number, nullable=False),
    UniqueConstraint("file", "number"),
    Index("page_batch", "batch", "position"),
    Index("page_master", "master"),
    Index("page_patient", "patient", "id", sqlite_where=text("patient IS NOT NULL")),
    Index("page_draft", "draft", sqlite_where=text("draft IS NOT NULL")),
)

page_look = Table(
    "page_look",
    metadata,
    Column("band", Integer, primary_key=True),  # 0..3: which 16 bits of the perceptual hash
    Column("bits", Integer, primary_key=True),
    Column("page", Number, primary_key=True),
    sqlite_with_rowid=False,
)

draft = Table(
    "draft",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("batch", Number, ForeignKey("batch.id"), nullable=False),
    Column("position", Float, nullable=False),
    Column("state", String(12), nullable=False, default="open"),  # open, filed
    Column("patient", Number, ForeignKey("patient.id")),
    Column("kind", String(60), nullable=False, default=""),
    Column("date", String(10), nullable=False, default=""),
    Column("department", String(40), nullable=False, default=""),
    Column("author", String(100), nullable=False, default=""),
    Column("title", String(200), nullable=False, default=""),
    Column("episode", String(60), nullable=False, default=""),
    Column("details", JSON, nullable=False),  # accepted values: {laboratory_number: ...}
    Column(
        "suggested", JSON, nullable=False
    ),  # {kinds: [{code, probability}], values: [{name, value, page, box}], model}
    Column("document", Number, ForeignKey("document.id")),
    Column("by", Number),
    Column("created_at", Number, nullable=False),
    Column("changed_at", Number, nullable=False),
    Index("draft_batch", "batch", "position"),
    Index("draft_unfiled", "kind", "department", sqlite_where=text("document IS NULL")),
)

act = Table(
    "act",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("batch", Number),
    Column("document", Number),
    Column("bulk", String(20), nullable=False, default=""),  # of many acts that were one for the person
    Column("before", JSON, nullable=False),  # {table: {id: {column: value}}}: what undo puts back
    Column("after", JSON, nullable=False),
    Column("note", String(200), nullable=False, default=""),
    Column("by", Number),  # users.id; empty: the machine
    Column("at", Number, nullable=False),
    Column("undone_at", Number),
    Column("undone_by", Number),
    Index("act_batch", "batch", "id", sqlite_where=text("batch IS NOT NULL")),
    Index("act_document", "document", "id", sqlite_where=text("document IS NOT NULL")),
    Index("act_bulk", "bulk", sqlite_where=text("bulk != ''")),
)

document_version = Table(
    "document_version",
    metadata,
    Column("document", Number, ForeignKey("document.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("blob", String(64), nullable=False),  # the PDF: pictures at once, with text and as PDF/A-2b later
    Column("form", String(12), nullable=False),  # pictures, searchable
    Column("checks", JSON, nullable=False),  # what the check at write found
    Column("pages", Integer, nullable=False),
    Column("attributes", JSON, nullable=False),  # as they were filed
    Column("reason", String(200), nullable=False, default=""),
    Column("by", Number),
    Column("at", Number, nullable=False),
    Column("made_at", Number),  # when the searchable form was made
)

document_page = Table(
    "document_page",
    metadata,
    Column("document", Number, ForeignKey("document.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),  # 1, 2, ...
    Column("page", Number, ForeignKey("page.id"), nullable=False),
    Index("document_page_page", "page"),
    sqlite_with_rowid=False,
)

document_flag = Table(
    "document_flag",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("document", Number, ForeignKey("document.id"), nullable=False),
    Column("version", Integer, nullable=False),  # that was read
    Column("page", Number, ForeignKey("page.id")),  # empty: the whole document
    Column("reason", String(12), nullable=False),  # patient, kind, unreadable, other: what is wrong with it
    Column("note", String(500), nullable=False, default=""),
    Column("by", Number, ForeignKey("users.id"), nullable=False),
    Column("at", Number, nullable=False),
    Column("answer", String(12), nullable=False, default=""),  # repaired, fine (nothing was wrong)
    Column("answer_note", String(500), nullable=False, default=""),
    Column("answered_by", Number, ForeignKey("users.id")),
    Column("answered_at", Number),
    Index("document_flag_document", "document", "id"),
    Index("document_flag_open", "id", sqlite_where=text("answered_at IS NULL")),
)

page_text = Table(
    "page_text",
    metadata,
    Column("page", Number, ForeignKey("page.id"), primary_key=True),
    Column("languages", String(60), nullable=False),
    Column("engine", String(60), nullable=False),
    Column("recipe", String(16), nullable=False),  # hash of the recipe that it was read with
    Column("text", Text, nullable=False),
    Column("words", LargeBinary, nullable=False),  # zlib of JSON [[x, y, w, h, confidence, text], ...], parts of a page
    Column("confidence", Float, nullable=False),
    Column("same", String(16), nullable=False, default=""),  # hash of the folded text; empty: too little of it
    Column("ms", Integer, nullable=False),
    Column("at", Number, nullable=False),
    Index("page_text_same", "same", sqlite_where=text("same != ''")),
)

reading = Table(
    "reading",
    metadata,
    Column("page", Number, ForeignKey("page.id"), primary_key=True),
    Column("state", String(12), nullable=False),  # queued, failed; a page that was read has no row
    Column("priority", Integer, nullable=False, default=0),  # records/waiting.py; 0 where it failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Number, nullable=False),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Index("reading_due", "state", "priority", "page", "due_at"),
)

making = Table(
    "making",
    metadata,
    Column("document", Number, ForeignKey("document.id"), primary_key=True),  # whose searchable PDF is due
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Number, nullable=False),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Index("making_due", "due_at"),
)

duplicate = Table(
    "duplicate",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("a", Number, ForeignKey("page.id"), nullable=False),  # the older page
    Column("b", Number, ForeignKey("page.id"), nullable=False),
    Column("why", String(12), nullable=False),  # bytes, image, text
    Column("distance", Integer, nullable=False, default=0),  # bits of the perceptual hash that differ
    Column("state", String(12), nullable=False, default="open"),  # open, both, same, patient (wrong patient)
    Column("by", Number),
    Column("at", Number, nullable=False),
    Column("decided_at", Number),
    Column("note", String(200), nullable=False, default=""),
    UniqueConstraint("a", "b"),
    Index("duplicate_open", "id", sqlite_where=text("state = 'open'")),
    Index("duplicate_b", "b"),
)

patient_number = Table(
    "patient_number",
    metadata,
    Column("number", String(60), primary_key=True),  # that a merge has given to another patient
    Column("patient", Number, ForeignKey("patient.id"), nullable=False),
    Column("was", Number, nullable=False),  # the patient row that had it
    Column("at", Number, nullable=False),
)

patient_key = Table(
    "patient_key",
    metadata,
    Column(
        "key", String(80), primary_key=True
    ),  # folded: `n:0012`, `a:garcia`, `z:王小`, `p:wangxiao`, `i:wx`, `b:19800102`
    Column("patient", Number, ForeignKey("patient.id"), primary_key=True),
    Index("patient_key_patient", "patient"),
    sqlite_with_rowid=False,
)

appointment = Table(
    "appointment",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("key", String(100), nullable=False, unique=True),  # the number that the HIS gave it
    Column("number", String(60), nullable=False),  # the patient's, known here or not
    Column("name", String(200), nullable=False, default=""),
    Column("department", String(40), nullable=False, default=""),
    Column("day", String(10), nullable=False),
    Column("time", String(5), nullable=False, default=""),
    Column("reason", String(200), nullable=False, default=""),
    Column("state", String(12), nullable=False, default="planned"),  # planned, cancelled
    Column("first", Integer, nullable=False, default=0),  # scan first
    Column("first_by", Number),
    Column("paper", String(100), nullable=False, default=""),  # box or shelf where the paper is said to be
    Column("changed_at", Number, nullable=False),
    Index("appointment_day", "day", "department", "time"),
    Index("appointment_number", "number"),
)

model = Table(
    "model",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("state", String(12), nullable=False),  # active, refused, old
    Column("blob", String(64), nullable=False),
    Column("report", JSON, nullable=False),
    Column("by", Number),
    Column("at", Number, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("operation", String(60), nullable=False),  # document_filed, document_replaced, document_withdrawn
    Column("document", Number, ForeignKey("document.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # the XML that the route receives
    Column("at", Number, nullable=False),
    Column("handed_at", Number),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Index("outbox_due", "id", sqlite_where=text("handed_at IS NULL")),
)

upload = Table(
    "upload",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("received", Number, nullable=False, default=0),
    Column("name", String(200), nullable=False),
    Column("content_type", String(100), nullable=False, default=""),
    Column("station", String(40), nullable=False),
    Column("meta", JSON, nullable=False),
    Column("state", String(12), nullable=False, default="open"),  # open, done, refused
    Column("by", Number),
    Column("at", Number, nullable=False),
    UniqueConstraint("station", "sha256", "name"),
    Index("upload_state", "state", "id", sqlite_where=text("state != 'done'")),
)

token = Table(
    "token",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is shown once
    Column("name", String(100), nullable=False),
    Column("scope", String(40), nullable=False),  # scan-upload
    Column("station", String(40), nullable=False, default=""),
    Column("by", Number),
    Column("created_at", Number, nullable=False),
    Column("used_at", Number),
    Column("revoked_at", Number),
)

FIND = """CREATE VIRTUAL TABLE IF NOT EXISTS page_find
USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')"""
"""The index of the pages' text, without the text: what goes in is folded and cut by `records/words.py`."""

event.listen(metadata, "after_create", DDL(FIND))  # type: ignore[no-untyped-call]
