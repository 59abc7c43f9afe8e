"""The desk of a running engine. Its methods are Deferred-coloured and take and answer plain data."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from twisted.internet.defer import CancelledError, Deferred, DeferredLock

from engine.channel import Health, HealthState
from engine.desk import moving
from engine.desk.channels import Channels
from engine.desk.plan import Plan
from engine.desk.reload import NOT_STARTED, UNKNOWN_NAME, Reloading, Tell, quiet
from engine.message import Failure, Refused, Unavailable
from engine.ops import read_audit, read_routes
from engine.registry import Registry
from engine.runtime import journal, pauses
from engine.runtime.pauses import Kind, Mark
from engine.runtime.runtime import Runtime
from engine.site.model import Route

log = logging.getLogger(__name__)

T = TypeVar("T")

OTHER_FOLDER = "WB-7211"
NOBODY = "WB-7213"
CHANGES = frozenset({"stop", "start", "pause", "resume", "reload", "move"})
PROBE = 20.0


class Desk:
    """One act at a time: a second waits for the first."""

    ACTS = ("stop", "start", "pause", "resume", "plan", "reload", "revisions", "move", "probe", "states", "watch")
    """What may be called over the control socket."""

    def __init__(self, runtime: Runtime, channels: Channels, registry: Registry, state: Path) -> None:
        self._runtime = runtime
        self._channels = channels
        self._reloading = Reloading(runtime, channels, registry, state / "revisions")
        self._lock = DeferredLock()

    async def command(self, act: str, arguments: dict[str, Any], tell: Tell, line: Callable[[Any], None]) -> Any:
        """From the control socket: who changes something is written to the audit before."""
        if act not in self.ACTS:
            raise Refused("WB-7401", "no such command")
        by = str(arguments.get("by", ""))
        changes = act in CHANGES and not (act == "move" and arguments.get("preview", True))
        if changes and not by.strip():
            raise Refused(NOBODY, "say who does this (`by`)")
        if changes:
            subject = " ".join(str(arguments.get(key) or "") for key in ("kind", "name", "route", "revision")).strip()
            now = self._runtime.now()
            await self._write(lambda conn: read_audit.record(conn, now, by, f"desk.{act}", subject=subject))
        given = dict(arguments)
        if act in ("plan", "reload", "move"):
            given["tell"] = tell
        if act == "watch":
            given["line"] = line
        answer = await getattr(self, act)(**given)
        return answer.as_dict() if isinstance(answer, Plan) else answer

    # --- stop, start, pause

    async def pause(self, kind: Kind, name: str, by: str, note: str = "") -> None:
        """A sink keeps its queue: runs wait. A source refuses politely. A route's ready runs stay where they are."""
        await self._alone(lambda: self._close(kind, name, Mark("paused", by, self._runtime.now(), note)))

    async def stop(self, kind: Kind, name: str, by: str, note: str = "") -> None:
        """As pause, and the connection's listener or link is closed."""
        await self._alone(lambda: self._close(kind, name, Mark("stopped", by, self._runtime.now(), note)))

    async def start(self, kind: Kind, name: str, by: str) -> None:
        """End a stop or a pause, or try a channel that did not start. `Unavailable` when it does not start now."""
        await self._alone(lambda: self._open(kind, name, by))

    async def resume(self, kind: Kind, name: str, by: str) -> None:
        """The same as start."""
        await self.start(kind, name, by)

    async def _close(self, kind: Kind, name: str, mark: Mark) -> None:
        self._known(kind, name)
        await self._write(lambda conn: pauses.put(conn, kind, name, mark))
        await self._remark()
        if kind == "connection":
            running = name in self._channels.started
            if mark.state == "stopped":
                await self._channels.stop(name)
                self._runtime.set_health(name, Health(HealthState.STOPPED, mark.who()))
            elif not running:
                await self._channels.renew(name)
        log.info("%s %s is %s", kind, name, mark.who())

    async def _open(self, kind: Kind, name: str, by: str) -> None:
        self._known(kind, name)
        now = self._runtime.now()

        def operation(conn: Connection) -> int:
            pauses.drop(conn, kind, name)
            return pauses.wake(conn, name, now) if kind == "connection" else 0

        woken = await self._write(operation)
        await self._remark()
        self._runtime.poke_now()
        while woken == pauses.PIECE:
            woken = await self._write(lambda conn: pauses.wake(conn, name, now))
            self._runtime.poke_now()
        self._runtime.dispatcher.wake_at(await self._read(journal.next_due))
        log.info("%s %s is started by %s", kind, name, by)
        if kind == "connection" and name not in self._channels.started:
            reason = await self._channels.renew(name)
            if reason:
                self._channels.try_again(name)
                raise Unavailable(NOT_STARTED, f"connection {name} does not start: {reason}")

    async def _remark(self) -> None:
        self._runtime.mark(await self._read(pauses.load))
        self._runtime.notify({"dashboard", "worklist"})

    def _known(self, kind: str, name: str) -> None:
        site = self._runtime.site
        if kind not in ("connection", "route") or name not in (
            site.connections if kind == "connection" else site.routes
        ):
            raise Refused(UNKNOWN_NAME, f"there is no such {kind if kind == 'route' else 'connection'}")

    # --- plan and reload

    async def plan(self, folder: str | Path | None = None, tell: Tell = quiet) -> Plan:
        """What a reload of the site's folder, or of another, would change; with every fault of its text."""
        plan, _ = await self._reloading.planned(Path(folder) if folder else self._runtime.site.folder, tell)
        return plan

    async def reload(
        self, by: str, folder: str | Path | None = None, route: str | None = None, revision: str | None = None,
        tell: Tell = quiet,
    ) -> Plan:  # fmt: skip
        """Deploy the site's folder, one route of it, or an older revision of a route. All of it or, with problems,
        nothing: then the plan says why, and the old configuration runs on."""
        if folder and Path(folder).resolve() != self._runtime.site.folder.resolve():
            text = "only the site's own folder is deployed: a restart would go back to it. Copy the files there first"
            raise Refused(OTHER_FOLDER, text)
        if revision:
            plan = await self._alone(lambda: self._reloading.back_to(by, revision, route))
        else:
            plan = await self._alone(lambda: self._reloading.reload(by, route, tell))
        if plan.applied:
            await self._remark()
            self._runtime.poke_now()
        return plan

    # --- revisions, move, probe

    async def revisions(self, route: str = "") -> list[dict[str, Any]]:
        """What was deployed, the newest first: route, revision, deployed_at (ms), by, open runs, current."""
        names = [route] if route else sorted(self._runtime.site.routes)
        listed = []
        for name in names:
            for row in await self._read(lambda conn, name=name: read_routes.revisions(conn, name)):  # type: ignore[misc]
                known = self._runtime.site.routes.get(name)
                current = known is not None and known.revision == row.revision
                listed.append(
                    {"route": name, "revision": row.revision, "deployed_at": row.deployed_at, "by": row.by,
                     "open": row.open, "current": current}
                )  # fmt: skip
        return listed

    async def move(
        self, by: str, runs: list[str] | None = None, label: str = "", route: str = "", on: str = "",
        to_revision: str = "", to_step: str = "", preview: bool = True, note: str = "", tell: Tell = quiet,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Move runs to another revision (default: the current one) or step. preview: only say what would become of
        each. on: only those that are on this revision."""
        if not (runs or label or route):
            raise Refused(UNKNOWN_NAME, "name runs, a label or a route")
        which = moving.Which(tuple(runs or ()), label, route, on)
        rows = await self._read(lambda conn: moving.find(conn, which))
        targets = {name: await self._reloading.target(name, to_revision) for name in {row["route"] for row in rows}}
        known = self._runtime.route
        planned = await self._read(
            lambda conn: [moving.preview(conn, row, targets[row["route"]], to_step, known) for row in rows]
        )
        if preview:
            return [one.as_dict() for one in planned]
        return await self._alone(lambda: self._move(planned, targets, by, note, tell))

    async def _move(
        self, planned: list[moving.Move], targets: dict[str, Route], by: str, note: str, tell: Tell
    ) -> list[dict[str, Any]]:
        answered, runtime = [], self._runtime
        for number, one in enumerate(planned):
            told = one.as_dict()
            if not one.problem:
                to, now = targets[one.route], runtime.now()
                told["problem"] = await self._write(
                    lambda conn, one=one, to=to, now=now: moving.apply(conn, one, to, runtime.route, by, note, now)  # type: ignore[misc]
                )
            answered.append(told)
            tell(number + 1, len(planned), "moved")
        runtime.poke_now()
        runtime.notify({"worklist", "dashboard", "attention"})
        return answered

    async def probe(self, name: str) -> dict[str, Any]:
        """Ask a running connection's peer: {ok, state, text}."""
        self._known("connection", name)
        channel = self._channels.by_name[name]
        if not hasattr(channel, "probe"):
            health = self._runtime.health()[name]
        else:
            health = await self._asked(channel)
        return {"ok": health.state in ("up", "degraded"), "state": str(health.state), "text": health.reason}

    async def _asked(self, channel: Any) -> Health:
        asked: Deferred[Any] = Deferred.fromCoroutine(_probe(channel))
        timer = self._runtime.reactor.callLater(PROBE, asked.cancel)
        try:
            answer = await asked
        except CancelledError:
            if timer.active():
                raise
            return Health(HealthState.DOWN, f"no answer within {PROBE:g} s")
        except (Failure, OSError) as error:
            return Health(HealthState.DOWN, error.reason if isinstance(error, Failure) else type(error).__name__)
        finally:
            if timer.active():
                timer.cancel()
        return answer if isinstance(answer, Health) else Health(HealthState.UP)

    async def states(self) -> dict[str, Any]:
        """Every connection and route: state, reason, and what is paused by whom."""
        runtime, marks = self._runtime, await self._read(pauses.load)
        told: dict[str, Any] = {"connections": {}, "routes": {}}
        for name, health in runtime.health().items():
            told["connections"][name] = {"state": str(health.state), "reason": health.reason}
        for name in runtime.site.routes:
            told["routes"][name] = {"state": "up", "reason": ""}
        for (kind, name), mark in marks.items():
            if name in told[f"{kind}s"]:
                told[f"{kind}s"][name] = {"state": mark.state, "reason": mark.text(), "at": mark.at}
        return told

    async def watch(self, line: Callable[[Any], None], topics: list[str] | None = None) -> None:
        """Tell what changes, as it changes, until the client goes away: `{"topics": [...]}`."""
        wanted = set(topics or ())

        def changed(seen: set[str]) -> None:
            if not wanted or wanted & seen:
                line({"topics": sorted(seen)})

        self._runtime.subscribe(changed)
        try:
            await Deferred()
        finally:
            self._runtime.unsubscribe(changed)

    # --- small things

    async def _alone(self, act: Callable[[], Awaitable[T]]) -> T:
        await self._lock.acquire()
        try:
            return await act()
        finally:
            self._lock.release()

    async def _write(self, operation: Callable[[Connection], T]) -> T:
        return await self._runtime.store.write(operation)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        return cast(T, await self._runtime.store.read(query))


async def _probe(channel: Any) -> Any:
    return await channel.probe()
