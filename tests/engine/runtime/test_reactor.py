"""The one reactor."""

from __future__ import annotations

from twisted.internet import reactor

from engine.runtime.reactor import install


def test_installed_once_and_then_only_returned() -> None:
    assert install() is reactor
    assert install() is reactor
