"""Every act of a person on a batch's pages. A master never changes: an edit is a recipe, a state, a place, a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.message import Refused
from engine.store.schema_records import act, draft, page
from engine.store.sql import pieces
from records import acts, batches, groups, order, recipe
from records.desk import CANNOT, Desk, Plan, Wish
from records.states import BatchState, PageState

FLAG = "flag"
"""A person's own flag among those of the machine."""


def do(conn: Connection, batch_id: int, wish: Wish, *, by: int, at: int) -> acts.Touched:
    """Do it; what changed. `Refused` when the batch is closed or somebody else's, or the pages do not fit."""
    batches.hold(conn, batch_id, by=by, at=at)
    plan = EDITS[wish.act](Desk(conn, batch_id, wish, by, at))
    number = acts.change(
        conn, kind=wish.act, by=by, at=at, batch=batch_id, note=wish.reason, rows={"page": plan.pages},
        added={"draft": plan.added},
    )  # fmt: skip
    return acts.Touched(number, wish.act, batch_id, None, {"page": list(plan.pages)})


def undo(conn: Connection, batch_id: int, number: int | None, *, by: int, at: int) -> acts.Touched:
    """Undo an act on this batch; without a number the newest. Of a closed batch only what was said of its drafts."""
    number = number if number is not None else acts.newest(conn, batch_id)
    row = conn.execute(select(act).where(act.c.id == number, act.c.batch == batch_id)).one_or_none()
    described = row is not None and set(row.after) == {"draft"} and None not in row.before["draft"].values()
    batches.hold(conn, batch_id, by=by, at=at, states=(*batches.EDITED, *((BatchState.CLOSED,) if described else ())))
    if row is None or not row.after:
        raise Refused(acts.NO_UNDO, "there is nothing to undo")
    groups = [int(key) for key in row.after.get("draft", {})]
    if _is_filed(conn, [int(key) for key in row.after.get("page", {})]) or _is_filed(conn, groups, draft.c.id):
        raise Refused(CANNOT, "a page is in a filed document; edit that")
    return acts.undo(conn, row.id, by=by, at=at)


def _is_filed(conn: Connection, keys: list[int], key: Any = page.c.id) -> bool:
    for some in pieces(keys):
        query = select(draft.c.id).where(key.in_(some), draft.c.state == "filed")
        if key is page.c.id:
            query = query.join(page, page.c.draft == draft.c.id)
        if conn.execute(query.limit(1)).first() is not None:
            return True
    return False


def _rotate(desk: Desk) -> Plan:
    return _recipes(desk, lambda row: _turned(row.recipe, desk.wish.by))


def _turned(old: dict[str, Any], by: int) -> dict[str, Any]:
    """A quarter turn more takes the crop along."""
    crop = old.get("crop")
    if crop is not None:
        for _ in range(by // 90 % 4):
            left, top, width, height = crop
            crop = [1 - top - height, left, height, width]
    return old | {"rotate": (old.get("rotate", 0) + by) % 360, "crop": crop}


def _crop(desk: Desk) -> Plan:
    return _recipes(desk, lambda row: row.recipe | {"crop": desk.wish.box and list(desk.wish.box)})


def _deskew(desk: Desk) -> Plan:
    wanted = desk.wish.angle
    return _recipes(desk, lambda row: row.recipe | {"deskew": row.skew if wanted is None else wanted})


def _contrast(desk: Desk) -> Plan:
    return _recipes(desk, lambda row: row.recipe | {"contrast": desk.wish.level})


def _recipes(desk: Desk, new: Callable[[Row[Any]], dict[str, Any]]) -> Plan:
    return Plan({row.id: {"recipe": recipe.clean(new(row))} for row in desk.chosen})


def _drop(desk: Desk) -> Plan:
    if not desk.wish.reason.strip():
        raise Refused(CANNOT, "a page is dropped with a reason")
    return _become(desk, PageState.DROPPED)


def _become(desk: Desk, state: PageState) -> Plan:
    if any(row.state == PageState.REPLACED for row in desk.chosen):
        raise Refused(CANNOT, "another page stands for this one; undo that")
    reason = desk.wish.reason.strip() if state in (PageState.DROPPED, PageState.RESCAN) else ""
    return Plan({row.id: {"state": state.value, "reason": reason} for row in desk.chosen})


def _flag(desk: Desk) -> Plan:
    def flags(row: Row[Any]) -> list[str]:
        others = [flag for flag in row.flags if flag != FLAG]
        return [*others, FLAG] if desk.wish.on else others

    return Plan({row.id: {"flags": flags(row)} for row in desk.chosen})


def _replace(desk: Desk) -> Plan:
    """The page that was scanned again takes the place, the draft and the patient of the one that it stands for."""
    old, new = desk.first, desk.one(desk.wish.page)
    if old.id == new.id or PageState.REPLACED in (old.state, new.state) or new.replaces is not None:
        raise Refused(CANNOT, "one of the two pages stands for another already, or they are the same")
    if new.patient is not None and old.patient is not None and new.patient != old.patient:
        raise Refused(CANNOT, "the two pages are of different patients")
    owner = {} if new.patient is not None else {name: old._mapping[name] for name in OWNER}
    kept = {"state": PageState.KEPT.value, "reason": "", "replaces": old.id, "draft": old.draft, **owner}
    return Plan({old.id: {"state": PageState.REPLACED.value}, new.id: kept | {"position": _behind(desk, old, new)}})


OWNER = ("patient", "assigned_by", "assigned_at", "assigned_how")


def _behind(desk: Desk, old: Row[Any], new: Row[Any]) -> float:
    """Right behind the page; where nothing fits between, at the same place: its number is larger."""
    later = [row.position for row in desk.all if row.position > old.position and row.id != new.id]
    found = order.between(old.position, min(later, default=None), 1)
    return found[0] if found else float(old.position)


EDITS: dict[str, Callable[[Desk], Plan]] = {
    "rotate": _rotate,
    "crop": _crop,
    "deskew": _deskew,
    "contrast": _contrast,
    "drop": _drop,
    "blank": lambda desk: _become(desk, PageState.BLANK),
    "keep": lambda desk: _become(desk, PageState.KEPT),
    "rescan": lambda desk: _become(desk, PageState.RESCAN),
    "flag": _flag,
    "replace": _replace,
    "move": order.move,
    "interleave": order.interleave,
    "insert": order.insert,
    "split": groups.split,
    "join": groups.join,
    "draft": groups.group,
}
