"""The built screens: files of `web/ui/dist`; every other address gets `index.html`, whose router knows it."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from web.api.guard import bridge_of
from web.api.problems import not_found

router = APIRouter(include_in_schema=False)

OURS = ("api/", "d/", "health/", "metrics")
YEAR = "public, max-age=31536000, immutable"
NOT_BUILT = "The screens are not built. `make run` builds them; the API is at /api/docs.\n"


@router.get("/{path:path}")
def get_screen(path: str, request: Request) -> Response:
    """A file of the build, or the page that starts the screens."""
    if path.startswith(OURS):
        raise not_found()
    folder = bridge_of(request).ui
    found = _inside(folder, path)
    if found is not None:
        # Vite puts a hash of the content into the names under assets/.
        headers = {"cache-control": YEAR if path.startswith("assets/") else "no-cache"}
        return FileResponse(found, headers=headers)
    if path.startswith("assets/"):
        raise not_found()
    index = folder / "index.html"
    if not index.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503)
    return FileResponse(index, headers={"cache-control": "no-cache"})


def _inside(folder: Path, path: str) -> Path | None:
    """The file at this path, if it really lies in the folder."""
    if not path or "\0" in path:
        return None
    root = os.path.realpath(folder)
    full = os.path.realpath(Path(root) / path)
    return Path(full) if full.startswith(root + os.sep) and Path(full).is_file() else None
