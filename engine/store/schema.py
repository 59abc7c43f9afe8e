"""The tables. Times are UTC milliseconds since 1970; flags 0 or 1; ids of runs are the writer's numbers.

SQLAlchemy Core is the one description: migrations are checked against it, the hot statements are compiled from it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
# SQLite gives rowids only to a column typed exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

message = Table(
    "message",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("connection", String(100), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("route", String(100)),
    Column("received_at", Number, nullable=False),
    # accepted, invalid (refused by check), conflict (same identity, other content), rejected (no route could take it)
    Column("outcome", String(10), nullable=False),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("content_type", String(100), nullable=False),
    Column("size", Number, nullable=False),
    Column("body", LargeBinary),
    Column("blob", String(64)),
    Column("meta", JSON, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("repeats", Integer, nullable=False, default=0),
    Column("origin", String(36)),  # the message that this one was edited from
    Index("message_received", "received_at"),
    Index("message_outcome", "outcome", "seq", sqlite_where=Column("outcome") != "accepted"),
)

# An identity outlives its message (pruning keeps it), so the reply stands here too. Its key: engine/runtime/identities.
identity = Table(
    "identity",
    metadata,
    Column("scope", String(200), nullable=False),
    Column("key", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("at", Number, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    sqlite_with_rowid=False,  # found by its key only: one tree instead of two
)

run = Table(
    "run",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("message_id", String(36), nullable=False),
    Column("parent", Number),
    Column("root", Number),
    Column("children", Integer, nullable=False, default=0),
    Column("open_children", Integer, nullable=False, default=0),
    Column("child_key", String(300)),
    Column("child_digest", String(64)),
    Column("route", String(100), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("status", String(40)),
    Column("step", String(100)),
    Column("generation", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("starts", Integer, nullable=False, default=0),
    Column("first_try_at", Number),
    Column("due_at", Number),
    Column("waits_for", String(200), nullable=False, default=""),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("blocked", Text, nullable=False, default=""),
    Column("since", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("ended_at", Number),
    # SHA-256 of the route's order key; held while no later run of this key may go
    Column("order_key", String(64)),
    Column("order_held", Integer, nullable=False, server_default="0"),
    Column("origin", Number),  # the run that this one was resent from
    Index("run_message", "message_id"),
    Index("run_parent", "parent", sqlite_where=Column("parent").isnot(None)),
    Index("run_child", "route", "child_key", sqlite_where=Column("child_key").isnot(None)),
    Index("run_ready", "state", "seq", sqlite_where=text("state = 'ready'")),
    Index("run_due", "due_at", sqlite_where=Column("due_at").isnot(None)),
    Index("run_status", "status", "seq", sqlite_where=Column("status").isnot(None)),
    # The dashboard's counts by route, state and step.
    Index("run_open", "route", "state", "step", sqlite_where=text("ended_at IS NULL")),
    Index("run_trouble", "state", "since", sqlite_where=Column("state").in_(["dead", "held"])),
    Index("run_order", "order_key", "seq", sqlite_where=text("order_held = 1")),
    Index("run_origin", "origin", sqlite_where=Column("origin").isnot(None)),
    # Searches by time, and by what went wrong.
    Index("run_created", "created_at"),
    Index("run_error", "code", "seq", sqlite_where=text("code != '' OR reason != ''")),
)

label = Table(
    "label",
    metadata,
    Column("run", Number, ForeignKey("run.seq", ondelete="CASCADE"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("value", String(400), nullable=False),
    Column("phi", Integer, nullable=False, default=0),
    PrimaryKeyConstraint("run", "name"),
    Index("label_value", "name", "value", "run"),
    sqlite_with_rowid=False,
)

# What a run's steps left: kind is xml, text, json, bytes, blob; `part` (the child's part) is the value "body".
value = Table(
    "value",
    metadata,
    Column("run", Number, ForeignKey("run.seq", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("kind", String(5), nullable=False),
    Column("data", LargeBinary),
    Column("blob", String(64)),
    Column("at", Number, nullable=False),
    PrimaryKeyConstraint("run", "name"),
)

# intended -> done | refused | unavailable (not done) | doubt; a person's word or the peer's settles doubt.
# root: the run's, or the first of its family's number. A key is made with it, so the two are as unique as the key; and
# effects lie in the order of their runs, so that those of a group are on few pages.
effect = Table(
    "effect",
    metadata,
    Column("root", Number, nullable=False),
    Column("key", String(64), nullable=False),
    Column("run", Number, nullable=False),
    Column("step", String(100), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("at", Number, nullable=False),
    Column("settled_at", Number),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("request", LargeBinary),
    PrimaryKeyConstraint("root", "key"),
    Index("effect_run", "run"),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("run", Number),
    Column("message_id", String(36)),
    Column("at", Number, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("step", String(100), nullable=False, default=""),
    Column("code", String(8), nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("user", String(60), nullable=False, default=""),
    Index("event_run", "run", "seq"),
    Index("event_message", "message_id", sqlite_where=Column("run").is_(None)),
)

# A run that waits for a file, a signal's target or a person; polls and retries only have run.due_at.
wait = Table(
    "wait",
    metadata,
    Column("run", Number, ForeignKey("run.seq", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), nullable=False),  # file, signal, sign
    Column("step", String(100), nullable=False),
    Column("connection", String(100)),
    Column("folder", String(400)),
    Column("pattern", String(200)),
    Column("armed_at", Number, nullable=False),
    Column("until_at", Number),
    Column("match", JSON),  # signal: {"route": ..., "labels": {...}}
    Column("match_key", String(300)),
    Index("wait_folder", "connection", "folder"),
    Index("wait_match", "match_key"),
)

# A connection or route that an operator has stopped or paused; kept over restarts.
pause = Table(
    "pause",
    metadata,
    Column("kind", String(10), nullable=False),  # connection, route
    Column("name", String(100), nullable=False),
    Column("state", String(10), nullable=False),  # paused, stopped
    Column("by", String(60), nullable=False),
    Column("at", Number, nullable=False),
    Column("note", Text, nullable=False, default=""),
    PrimaryKeyConstraint("kind", "name"),
)

# One row from when a rule's condition begins until it ends, however often it is seen in between.
alert = Table(
    "alert",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("rule", String(100), nullable=False),
    Column("condition", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("state", String(12), nullable=False),  # open, acknowledged, ended
    Column("text", Text, nullable=False, default=""),
    Column("began_at", Number, nullable=False),
    Column("ended_at", Number),
    Column("told_begin_at", Number),
    Column("told_end_at", Number),
    Column("acknowledged_by", String(60), nullable=False, default=""),
    Column("acknowledged_at", Number),
    Column("snoozed_until", Number),
    Column("note", Text, nullable=False, default=""),
    Index("alert_open", "rule", "subject", sqlite_where=Column("ended_at").is_(None)),
    Index("alert_began", "began_at"),
    # What is not over, or whose end has not been told everywhere.
    Index("alert_live", "rule", sqlite_where=text("told_end_at IS NULL")),
)

# Which target of a rule (email, webhook) has been told of an alert's begin, and of its end.
alert_told = Table(
    "alert_told",
    metadata,
    Column("alert", Number, nullable=False),
    Column("phase", String(5), nullable=False),  # begin, end
    Column("target", String(10), nullable=False),
    Column("at", Number, nullable=False),
    PrimaryKeyConstraint("alert", "phase", "target"),
    sqlite_with_rowid=False,
)

folder_owner = Table(
    "folder_owner",
    metadata,
    Column("connection", String(100), nullable=False),
    Column("path", String(400), nullable=False),
    Column("run", Number, nullable=False),
    Column("at", Number, nullable=False),
    PrimaryKeyConstraint("connection", "path"),
    Index("folder_owner_run", "run"),
)

# Every settled file that a scan saw: incomplete, unmatched, ambiguous, late, taken, discarded, gone.
file = Table(
    "file",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("connection", String(100), nullable=False),
    Column("path", String(600), nullable=False),
    Column("size", Number, nullable=False),
    Column("mtime_ns", Number, nullable=False),
    Column("inode", Number, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("blob", String(64)),
    Column("run", Number),
    Column("first_seen", Number, nullable=False),
    Column("changed_at", Number, nullable=False),
    Column("moved", Integer, nullable=False, default=0),
    Column("decided_by", String(60), nullable=False, default=""),
    Index("file_path", "connection", "path"),
    Index("file_state", "state", "id"),
    Index("file_run", "run", sqlite_where=Column("run").isnot(None)),
)

# A signal that reached a run which was busy: applied at its next settle, in this order.
signal = Table(
    "signal",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("run", Number, nullable=False),
    Column("source", Number, nullable=False),
    Column("verb", String(6), nullable=False),  # set, cancel, wake
    Column("data", JSON, nullable=False),
    Column("at", Number, nullable=False),
    Column("applied_at", Number),
    Index("signal_open", "run", "seq", sqlite_where=Column("applied_at").is_(None)),
    Index("signal_applied", "run", sqlite_where=Column("applied_at").isnot(None)),
)

# What needs a person. kind: dead held doubt conflict invalid late unmatched update stopped
attention = Table(
    "attention",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),
    Column("run", Number),
    Column("message_id", String(36)),
    Column("file", Number),
    Column("route", String(100), nullable=False, default=""),
    Column("step", String(100), nullable=False, default=""),
    Column("code", String(8), nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("created_at", Number, nullable=False),
    Column("acknowledged_by", String(60), nullable=False, default=""),
    Column("closed_at", Number),
    Column("closed_by", String(60), nullable=False, default=""),
    Column("answer", String(40), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Index("attention_open", "kind", "id", sqlite_where=Column("closed_at").is_(None)),
    Index("attention_run", "run"),
    Index("attention_message", "message_id", sqlite_where=Column("message_id").isnot(None)),
)

revision = Table(
    "revision",
    metadata,
    Column("route", String(100), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("deployed_at", Number, nullable=False),
    Column("by", String(60), nullable=False, server_default=""),  # empty: at a start
    PrimaryKeyConstraint("route", "revision"),
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Number, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("name", String(200), nullable=False, default=""),
    Column("at", Number, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("roles", JSON, nullable=False),  # of AN OP SC CL PH AD AU
    Column("department", String(60), nullable=False, default=""),
    Column("staff_number", String(40), unique=True),
    Column("certificate_id", String(120), unique=True),
    Column("language", String(5), nullable=False, default="en"),
    Column("disabled_at", Number),
    Column("created_at", Number, nullable=False),
    Column("seen_at", Number),  # to the minute
    Column("settings", JSON, nullable=False, server_default="{}"),  # {keys: {pressed: meant}}; web/api/me.py
)

session = Table(
    "session",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("user", Number, ForeignKey("users.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Number, nullable=False),
    Column("seen_at", Number, nullable=False),
    Column("expires_at", Number, nullable=False),
)

one_time = Table(
    "one_time",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of the link's token
    Column("user", Number, ForeignKey("users.id"), nullable=False),
    Column("expires_at", Number, nullable=False),
    Column("used_at", Number),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("at", Number, nullable=False),
    Column("user", String(60), nullable=False),
    Column("act", String(40), nullable=False),
    Column("patient", Number),
    Column("run", Number),
    Column("subject", String(200), nullable=False, default=""),
    Column("origin", String(60), nullable=False, default=""),
    Index("audit_patient", "patient", "seq"),
)

sign_job = Table(
    "sign_job",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("run", Number, nullable=False),
    Column("generation", Integer, nullable=False),  # 1, 2, ... within the run; only the newest counts
    Column("key", String(64), nullable=False, unique=True),
    Column("provider", String(60), nullable=False),
    Column("state", String(12), nullable=False),
    Column("owner", Number, ForeignKey("users.id"), nullable=False),
    Column("sent", String(64), nullable=False),  # blob that is signed
    Column("reference", String(200), nullable=False, default=""),
    Column("returned", String(64)),  # blob that came back, also when refused by the gate
    Column("findings", JSON, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("created_at", Number, nullable=False),
    Column("expires_at", Number),
    Column("ended_at", Number),
    UniqueConstraint("run", "generation"),
    Index("sign_job_state", "state", "id"),
)

patient = Table(
    "patient",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(20), nullable=False, unique=True),
    Column("number", String(60), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("birth_date", String(10), nullable=False, default=""),
    Column("sex", String(1), nullable=False, default="U"),
    Column("details", JSON, nullable=False),
    Column("merged_into", Number),  # another patient's id: who looks for this one is led there
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Index("patient_name", "name"),
)

DOCUMENT_DAY = "CASE WHEN date != '' THEN date ELSE strftime('%Y-%m-%d', created_at / 1000, 'unixepoch') END"
"""The document's date; of one that has none, the day on which it was filed. Its index has these words exactly."""

document = Table(
    "document",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("public_id", String(40), nullable=False, unique=True),  # the /d/ID of the links that the HIS stores
    Column("patient", Number, ForeignKey("patient.id"), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("title", String(200), nullable=False, default=""),
    Column("blob", String(64), nullable=False),
    Column("run", Number),
    Column("effect", String(64), unique=True),  # filing the same effect again files nothing
    Column("created_at", Number, nullable=False),
    # What a route files has one version and no pages here; what the scan desk files has both.
    Column("origin", String(8), nullable=False, server_default="route"),  # route, scan
    Column("state", String(12), nullable=False, server_default="current"),  # current, withdrawn
    Column("version", Integer, nullable=False, server_default="1"),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("date", String(10), nullable=False, server_default=""),
    Column("department", String(40), nullable=False, server_default=""),
    Column("author", String(100), nullable=False, server_default=""),
    Column("episode", String(60), nullable=False, server_default=""),
    Column("details", JSON, nullable=False, server_default="{}"),
    Column("batch", Number),
    Column("changed_at", Number, nullable=False, server_default="0"),
    Index("document_patient", "patient", "id"),
    Index("document_batch", "batch", sqlite_where=text("batch IS NOT NULL")),
    Index("document_day", text(DOCUMENT_DAY), "id"),
    Index("document_kind", "kind", "id", "department"),  # the newest of a kind; how many, of a department too
)
