"""What a PDF is made of: pages with master and recipe, read in one question, and a name for exactly this."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from engine.message import Blob
from engine.store.schema_records import page, page_text
from engine.store.sql import pieces
from records import recipe


def of_pages(conn: Connection, keys: Sequence[int], *, words: bool = False) -> list[dict[str, Any]]:
    """`{page, id, blob, width, height, dpi, recipe}` of these pages in this order.

    words: also `words`, of pages whose text was read as they look now.
    """
    found: dict[int, dict[str, Any]] = {}
    columns = (page.c.id, page.c.public_id, page.c.master, page.c.width, page.c.height, page.c.dpi, page.c.recipe)
    texts = (page_text.c.words, page_text.c.recipe.label("read_with"))
    for some in pieces(keys):
        query = select(*columns, *(texts if words else ())).where(page.c.id.in_(some))
        if words:
            query = query.outerjoin(page_text, page_text.c.page == page.c.id)
        for row in conn.execute(query):
            found[row.id] = _source(row._mapping)
    return [found[key] for key in keys]


def _source(row: Mapping[Any, Any]) -> dict[str, Any]:
    given = {
        "page": row["public_id"],
        "id": row["id"],
        "blob": row["master"],
        "width": row["width"],
        "height": row["height"],
        "dpi": row["dpi"],
        "recipe": row["recipe"] or {},
    }
    if row.get("words") and row["read_with"] == recipe.key(given["recipe"]):
        given["words"] = row["words"]
    return given


def name_of(sources: Sequence[Mapping[str, Any]]) -> str:
    """Names these pages as they look now: a PDF is filed only for the pages that it was made of."""
    text = "\n".join(f"{one['id']} {recipe.key(one['recipe'])}" for one in sources)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def located(sources: Sequence[Mapping[str, Any]], path: Callable[[Blob], Any]) -> list[dict[str, Any]]:
    """The same with the path of each master, for a worker."""
    return [dict(one) | {"path": str(path(Blob(one["blob"], 0)))} for one in sources]
