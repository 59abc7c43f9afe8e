"""Sending stored bytes."""

from __future__ import annotations

import pytest

from engine.message import Blob
from engine.ops.read_values import Content
from tests.web.api.world import World
from web.api.files import send
from web.api.problems import Denied


def test_inline_bytes_are_saved_not_shown(world: World) -> None:
    answer = send(world.bridge, Content("bytes", "text/html", b"<script>", None, 8), "x")
    assert answer.media_type == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="x.bin"'


def test_a_missing_blob_is_not_found(world: World) -> None:
    with pytest.raises(Denied):
        send(world.bridge, Content("blob", "application/pdf", None, Blob("0" * 64, 3), 3), "x")
