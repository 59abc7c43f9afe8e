"""What outlives the engine in a test: its folder, the clock, the peers, the phone, the worker processes."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from engine import points
from engine.message import Request, Value
from engine.registry import Registry
from engine.site.model import Site
from engine.site.units import Percent
from engine.store.database import Store
from engine.testing.clock import Clock
from engine.testing.engine import Engine, Killed
from engine.testing.mocks import MockSink, Peer
from engine.testing.model import Case, FileCame
from engine.testing.phone import Phone
from engine.transform.pool import Pool

PROVIDERS = ("coss",)
"""Types of connections behind which the test's phone stands, where the test does not mock them itself."""


@dataclasses.dataclass
class House:
    """What all tests of a command share. known: answers of workers about documents, by their bytes.

    sink: what stands where a peer is called.
    """

    reactor: Any
    site: Site
    registry: Registry
    pool: Pool
    known: dict[Any, Any] = dataclasses.field(default_factory=dict)
    sink: type[MockSink] = MockSink
    _empty: bytes = b""

    def __post_init__(self) -> None:
        """Without chance: the number of attempts must be the same each time."""
        steady = {name: dataclasses.replace(policy, jitter=Percent(0)) for name, policy in self.site.policies.items()}
        self.site = dataclasses.replace(self.site, policies=steady)

    def lay_out(self, path: Path) -> None:
        """An empty store at `path`, unless there is one: made once, then copied."""
        if path.exists():
            return
        if not self._empty:
            store = Store(path, None, durable=False)
            store.open()
            store.close()
            self._empty = path.read_bytes()
        else:
            path.write_bytes(self._empty)


@dataclasses.dataclass
class Stage:
    """One execution of one test."""

    house: House
    case: Case
    folder: Path = dataclasses.field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="waybill-test-")))
    clock: Clock = dataclasses.field(default_factory=Clock)
    phone: Phone = dataclasses.field(default_factory=Phone)
    peers: dict[str, Peer] = dataclasses.field(default_factory=dict)
    passed: list[str] = dataclasses.field(default_factory=list)
    engine: Engine | None = None
    kill_at: tuple[str, int] | None = None
    places: dict[FileCame, str] = dataclasses.field(default_factory=dict)
    killed: bool = False
    _watching: bool = False

    def __post_init__(self) -> None:
        for name, connection in self.site.connections.items():
            peer = Peer(name)
            module = self.registry.channel(connection.type)
            peer.fallback = self._fallback(connection.type, module, connection.settings)
            peer.say(self.case.mocks.get(name, ()))
            self.peers[name] = peer

    def _fallback(self, kind: str, module: ModuleType, settings: Any) -> Callable[[Request], Value] | None:
        if kind in PROVIDERS:
            return self.phone.call
        good = getattr(module, "good_answer", None)
        return None if good is None else functools.partial(_good, good, settings)

    @property
    def reactor(self) -> Any:
        return self.house.reactor

    @property
    def site(self) -> Site:
        return self.house.site

    @property
    def registry(self) -> Registry:
        return self.house.registry

    @property
    def pool(self) -> Pool:
        return self.house.pool

    @property
    def known(self) -> dict[Any, Any]:
        return self.house.known

    def is_own(self, name: str) -> bool:
        """A channel that reaches nobody outside is the real one, unless the test mocks it."""
        module = self.registry.channel(self.site.connections[name].type)
        return not getattr(module, "OUTSIDE", True) and name not in self.case.mocks

    async def live(self) -> Engine:
        """A new engine on what there is."""
        self.engine = Engine(self)
        await self.engine.start()
        return self.engine

    def watch(self) -> None:
        """From now on each point is written down, and the engine ends at the one that is chosen."""
        self._watching = True
        points.watch(self._point)

    def _point(self, name: str) -> None:
        engine = self.engine
        if not self._watching or engine is None:
            return
        if engine.dead:
            raise Killed
        self.passed.append(name)
        if self.killed or self.kill_at is None or self.kill_at[0] != name:
            return
        if self.passed.count(name) == self.kill_at[1]:
            self.killed = True
            engine.dead = True
            engine.reactor.ended = True
            raise Killed

    def close(self) -> None:
        """Nothing stays."""
        self._watching = False
        points.watch(None)
        if self.engine is not None and not self.engine.store.dead:
            self.engine.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _good(good: Callable[[Any, str, Any], Value], settings: Any, request: Request) -> Value:
    return good(settings, request.operation, request.arguments)
