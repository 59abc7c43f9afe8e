"""The API described."""

from __future__ import annotations

from tests.web.api.world import Browser, World


def test_the_page_names_every_address_and_loads_nothing(world: World) -> None:
    described = Browser(world.app).get("/api/v1/openapi.json").json()
    page = Browser(world.app).get("/api/docs").body.decode()
    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
    for shape in described["components"]["schemas"]:
        assert f'id="{shape}"' in page
    assert "<script" not in page
    assert "src=" not in page
