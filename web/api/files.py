"""Sending stored bytes: a PDF to be shown, everything else to be saved."""

from __future__ import annotations

from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse

from engine.ops.read_values import Content
from web.api.bridge import Bridge
from web.api.problems import not_found

SHOWN = ("application/pdf", "image/png")
"""Types that a browser may show in the page; whatever else was sent to us might be a page with a script."""


def send(bridge: Bridge, content: Content, name: str) -> Response:
    """The bytes of a content. `name` is ours, never a sender's."""
    path = bridge.content_path(content)
    if path is None:
        data = content.data or b""
        return Response(data, media_type=_type(content.content_type), headers=_headers(content.content_type, name))
    return send_path(path, content.content_type, name)


def send_path(path: Path, content_type: str, name: str) -> Response:
    """The bytes of a file of the blob store or the cache."""
    if not path.is_file():
        raise not_found()
    return FileResponse(path, media_type=_type(content_type), headers=_headers(content_type, name))


def type_of(path: Path, known: str) -> str:
    """The known type; of bytes that nobody wrote a type down for, a PDF is told by its beginning."""
    if known in SHOWN or not path.is_file():
        return known
    with path.open("rb") as stream:
        return "application/pdf" if stream.read(5) == b"%PDF-" else known


def _type(content_type: str) -> str:
    return content_type if content_type in SHOWN else "application/octet-stream"


def _headers(content_type: str, name: str) -> dict[str, str]:
    shown = content_type in SHOWN
    ending = {"application/pdf": ".pdf", "image/png": ".png"}.get(content_type, ".bin")
    return {"content-disposition": f'{"inline" if shown else "attachment"}; filename="{name}{ending}"'}
