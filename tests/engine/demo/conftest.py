"""The API that the demonstration asks, as a small server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.demo.client import Browser
from tests.engine.demo.api import Api


@pytest.fixture(name="api")
def fixture_api() -> Iterator[Api]:
    api = Api()
    yield api
    api.stop()


@pytest.fixture(name="browser")
def fixture_browser(api: Api) -> Browser:
    return Browser(f"http://127.0.0.1:{api.server.server_address[1]}")
