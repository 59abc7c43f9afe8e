"""What most operations of runs write, as rows for the writer: a message that comes, and a run that ends."""

from __future__ import annotations

from engine.store.sheet import Bundle, Pair

# One row for a message and its first run; with a label, a step that is done, its value and an effect, where there are.
ARRIVED = Bundle(
    "arrived",
    (
        "seq", "run_id", "id", "connection", "operation", "route", "at", "content_type", "size", "body", "blob", "meta",
        "reply", "scope", "key", "content", "revision", "state", "status", "entered", "step", "attempts", "order_key",
        "order_held", "waits_for", "label", "text", "phi", "done", "name", "kind", "data", "effect", "to", "word",
    ),
    """
    INSERT INTO identity (scope, "key", content, message_id, reply, at)
        VALUES (NEW.scope, NEW."key", NEW.content, NEW.id, NEW.reply, NEW.at);
    INSERT INTO message (id, connection, operation, route, received_at, outcome, code, reason, content_type, size, body,
            blob, meta, reply, repeats)
        VALUES (NEW.id, NEW.connection, NEW.operation, NEW.route, NEW.at, 'accepted', '', '', NEW.content_type,
            NEW.size, NEW.body, NEW.blob, NEW.meta, NEW.reply, 0);
    INSERT INTO run (seq, id, message_id, children, open_children, route, revision, state, status, step, generation,
            attempts, starts, first_try_at, waits_for, code, reason, blocked, since, created_at, order_key, order_held)
        VALUES (NEW.seq, NEW.run_id, NEW.id, 0, 0, NEW.route, NEW.revision, NEW.state, NEW.status, NEW.step, 0,
            NEW.attempts, 0, NEW.at, NEW.waits_for, '', '', '', NEW.at, NEW.at, NEW.order_key, NEW.order_held);
    INSERT INTO label (run, name, value, phi)
        SELECT NEW.seq, NEW.label, NEW.text, NEW.phi WHERE NEW.label IS NOT NULL;
    INSERT INTO event (run, message_id, at, kind, step, code, text, "user")
        VALUES (NEW.seq, NEW.id, NEW.at, 'created', NEW.entered, '', '', '');
    INSERT INTO event (run, at, kind, step, code, text, "user")
        SELECT NEW.seq, NEW.at, 'done', NEW.done, '', '', '' WHERE NEW.done IS NOT NULL;
    INSERT INTO value (run, name, kind, data, at)
        SELECT NEW.seq, NEW.name, NEW.kind, NEW.data, NEW.at WHERE NEW.name IS NOT NULL;
    INSERT INTO effect (root, "key", run, step, connection, operation, generation, state, attempts, at, code, reason)
        SELECT NEW.seq, NEW.effect, NEW.seq, NEW.step, NEW."to", NEW.word, 0, 'intended', 1, NEW.at, '', ''
        WHERE NEW.effect IS NOT NULL;
    """,
)  # fmt: skip
# One row for a run that has ended, with an effect that ended and a value that its last step left, where there are any.
ENDED = Bundle(
    "ended",
    (
        "run", "root", "step", "status", "at", "note", "effect", "state", "code", "reason", "name", "kind", "data",
        "blob",
    ),
    """
    SELECT RAISE(FAIL, 'apart') WHERE
        NOT EXISTS (SELECT 1 FROM run WHERE seq = NEW.run AND state = 'running' AND parent IS NULL)
        OR EXISTS (SELECT 1 FROM signal WHERE signal.run = NEW.run AND applied_at IS NULL);
    UPDATE run SET state = 'done', step = NEW.step, status = NEW.status, starts = 0, since = NEW.at, ended_at = NEW.at,
        due_at = NULL, waits_for = '', code = '', reason = '' WHERE seq = NEW.run;
    UPDATE effect SET state = NEW.state, code = NEW.code, reason = NEW.reason, settled_at = NEW.at
        WHERE root = NEW.root AND "key" = NEW.effect;
    INSERT INTO event (run, at, kind, step, code, text, "user")
        VALUES (NEW.run, NEW.at, 'done', NEW.step, '', NEW.note, ''), (NEW.run, NEW.at, 'ended', NEW.step, '', '', '');
    INSERT INTO value (run, name, kind, data, blob, at)
        SELECT NEW.run, NEW.name, NEW.kind, NEW.data, NEW.blob, NEW.at WHERE NEW.name IS NOT NULL
        ON CONFLICT (run, name) DO UPDATE SET
            kind = excluded.kind, data = excluded.data, blob = excluded.blob, at = excluded.at;
    """,
)  # fmt: skip
# A message that comes and a run that ends are what a route with one call writes, of many runs at once.
BOTH = Pair("arrived_and_ended", ARRIVED, ENDED)
