"""A running engine with one rule, `ward`, whose webhook goes to a real HTTP peer."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.channel import Health, HealthState
from engine.message import Unavailable
from engine.site.units import Duration
from tests.contracts.http_peer import HttpPeer, Says, Sent
from tests.engine.runtime.house import one_route
from tests.engine.world import World, reactor, write_site

CALLS = "      - {id: out, call: {to: sink, operation: send}}\n"
RULE = (
    "alerts:\n  ward: {roles: [OP], help: look there, contact: phone 42, when: WHEN, for: HOLD, interval: INTERVAL,"
    " webhook: {through: pager, path: /alerts}}\n"
)


def pager(port: int, rule: str, steps: str = CALLS, extra: str = "") -> str:
    """A site with `pager`, an HTTP peer at this port, and the text of `alerts:`."""
    out = f"  pager: {{type: http_out, url: 'http://127.0.0.1:{port}'}}\n"
    return one_route(steps, "same", extra=out + extra) + rule


class Desk(World):
    """`round` looks and tells once; `said` is what the pager was told and took."""

    def __init__(self, folder: Path, peer: HttpPeer) -> None:
        super().__init__(folder)
        self.folder = folder
        self.peer = peer
        self.status = 200
        self.begin: Callable[[], None] = lambda: None

    def answer(self, sent: Sent) -> Says:
        return Says(self.status)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was taken: a message that came again with the same key counts once."""
        found: dict[str, dict[str, Any]] = {}
        for sent in self.peer.sent:
            body = json.loads(sent.body)
            found[body["key"]] = body
        return list(found.values())

    def said(self) -> list[list[tuple[str, str, str, str]]]:
        return [
            [(one["state"], one["condition"], one["subject"], one["text"]) for one in body["alerts"]]
            for body in self.bodies
        ]

    async def round(self) -> None:
        await self.daemon.alerts.look()
        await self.daemon.alerts.tell()

    def rows(self) -> list[tuple[Any, ...]]:
        """rule, subject, state, told_begin_at, told_end_at."""
        sql = "SELECT rule, subject, state, told_begin_at, told_end_at FROM alert ORDER BY id"
        found = self.read(lambda conn: conn.exec_driver_sql(sql).fetchall())
        return [tuple(row) for row in found]

    def health(self, name: str, state: HealthState, reason: str = "") -> None:
        self.daemon.runtime.set_health(name, Health(state, reason))

    def passes(self) -> None:
        """The pause after a telling that failed is over."""
        trouble = self.daemon.alerts.teller.trouble
        for who, one in trouble.items():
            trouble[who] = dataclasses.replace(one, again_at=0.0)

    def hold(self, seconds: str) -> None:
        """The rule with another `for`, as after a reload."""
        site = self.daemon.runtime.site
        assert seconds == "1h"
        alerts = {name: dataclasses.replace(one, for_=Duration(3600)) for name, one in site.alerts.items()}
        self.daemon.runtime.site = dataclasses.replace(site, alerts=alerts)

    def rename(self, name: str) -> None:
        site = self.daemon.runtime.site
        alerts = {name: dataclasses.replace(site.alerts["ward"], name=name)}
        self.daemon.runtime.site = dataclasses.replace(site, alerts=alerts)

    async def act(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self.daemon.store.write(lambda conn: function(conn, *arguments))

    def refuse(self, refuses: bool) -> None:
        """The store takes no writes, as on a full disk."""
        store: Any = self.daemon.store
        store.__dict__.pop("write", None)
        if not refuses:
            return

        async def full(*_: Any, **__: Any) -> Any:
            raise Unavailable("WB-1012", "the store does not take writes (disk full)")

        store.write = full

    async def restart(self) -> None:
        await self.daemon.stop()
        World.__init__(self, self.folder)
        quiet(self)
        await self.start()


def quiet(world: Desk) -> None:
    """Only the test looks and tells; `begin` lets it look by itself."""
    alerts: Any = world.daemon.alerts
    world.begin = alerts.start
    alerts.start = lambda: None


@asynccontextmanager
async def desk(
    folder: Path, when: str, *, hold: str = "0s", interval: str = "0s", steps: str = CALLS, extra: str = "",
    rule: str = RULE,
) -> AsyncIterator[Desk]:  # fmt: skip
    """A started engine with the rule `ward`."""
    peer = HttpPeer(lambda sent: it.answer(sent))
    peer.listen(reactor)
    text = rule.replace("WHEN", when).replace("HOLD", hold).replace("INTERVAL", interval)
    write_site(folder, pager(peer.number, text, steps, extra))
    it = Desk(folder, peer)
    quiet(it)
    await it.start()
    try:
        yield it
    finally:
        it.refuse(False)
        await it.stop()
        await peer.close()
