"""One running demonstration site for all tests of the routes; each test uses orders and patients of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from twisted.internet import reactor as _installed
from twisted.internet.defer import Deferred

from tests.routes.site import Site

_reactor: Any = _installed


def _drive(work: Coroutine[Any, Any, Any]) -> None:
    """Run the loop for a fixture that outlives a test."""
    loop: asyncio.AbstractEventLoop = _reactor._asyncioEventloop  # a test may have unset the thread's current one

    async def begin() -> None:
        await Deferred.fromCoroutine(work).asFuture(loop)

    loop.run_until_complete(begin())


@pytest.fixture(scope="session", name="site")
def fixture_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site that the tests share."""
    site = Site(tmp_path_factory.mktemp("site"))
    _drive(site.start())
    yield site
    _drive(site.stop())
