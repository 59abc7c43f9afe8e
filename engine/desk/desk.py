"""The desk of a running engine. Its methods are Deferred-coloured and take and answer plain data."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from twisted.internet.defer import CancelledError, Deferred, DeferredLock

from engine.channel import Health, HealthState
from engine.desk import candidate, moving
from engine.desk.channels import Channels
from engine.desk.deploy import Deploy, NotDone
from engine.desk.plan import Plan, compare
from engine.message import Failure, Refused, Unavailable
from engine.ops import read_audit, read_routes
from engine.registry import Registry
from engine.runtime import pauses, revisions
from engine.runtime.pauses import Kind, Mark
from engine.runtime.runtime import Runtime
from engine.site.load import FILE, load_site
from engine.site.model import Route, Site
from engine.site.nodes import Place
from engine.site.problems import Invalid, Problem

log = logging.getLogger(__name__)

Tell = Callable[[int, int, str], None]
"""Progress: how much is done, of how much, and what."""
T = TypeVar("T")

NOT_STARTED = "WB-7207"
UNKNOWN_REVISION = "WB-7208"
UNKNOWN_NAME = "WB-7209"
OTHER_FOLDER = "WB-7211"
PROBE = 20.0


def _quiet(done: int, most: int, text: str) -> None:
    del done, most, text


class Desk:
    """One act at a time: a second waits for the first."""

    ACTS = ("stop", "start", "pause", "resume", "plan", "reload", "revisions", "move", "probe", "states", "watch")
    """What may be called over the control socket."""

    def __init__(self, runtime: Runtime, channels: Channels, registry: Registry, state: Path) -> None:
        self._runtime = runtime
        self._channels = channels
        self._registry = registry
        self._revisions = state / "revisions"
        self._lock = DeferredLock()

    async def command(self, act: str, arguments: dict[str, Any], tell: Tell, line: Callable[[Any], None]) -> Any:
        """From the control socket: who changes something is written to the audit before."""
        if act not in self.ACTS:
            raise Refused("WB-7401", "no such command")
        by = str(arguments.get("by", ""))
        if by and not arguments.get("preview"):
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
                self._runtime.set_health(name, Health(HealthState.STOPPED, mark.text()))
            elif not running:
                await self._channels.renew(name)
        log.info("%s %s is %s", kind, name, mark.text())

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

    async def plan(self, folder: str | Path | None = None, tell: Tell = _quiet) -> Plan:
        """What a reload of the site's folder, or of another, would change; with every fault of its text."""
        plan, _ = await self._planned(Path(folder) if folder else self._runtime.site.folder, tell)
        return plan

    async def reload(
        self, by: str, folder: str | Path | None = None, route: str | None = None, revision: str | None = None,
        tell: Tell = _quiet,
    ) -> Plan:  # fmt: skip
        """Deploy the site's folder, one route of it, or an older revision of a route. All of it or, with problems,
        nothing: then the plan says why, and the old configuration runs on."""
        if folder and Path(folder).resolve() != self._runtime.site.folder.resolve():
            text = "only the site's own folder is deployed: a restart would go back to it. Copy the files there first"
            raise Refused(OTHER_FOLDER, text)
        if revision:
            return await self._alone(lambda: self._back_to(by, revision, route))
        return await self._alone(lambda: self._reload(by, route, tell))

    async def _planned(self, folder: Path, tell: Tell) -> tuple[Plan, Site | None]:
        tell(0, 3, "reading and checking the text")
        runtime = self._runtime
        site, problems = await runtime.in_thread("desk", candidate.read, folder, self._registry)
        if site is None:
            return Plan(problems=problems), None
        tell(1, 3, "comparing it with what runs")
        plan: Plan = await runtime.in_thread("desk", compare, runtime.site, site, self._channels.secret_changed)
        counts = await self._read(revisions.unfinished)
        used = [
            (found, count) for (name, text), count in counts.items() if (found := runtime.route(name, text)) is not None
        ]
        plan.problems += candidate.in_use(plan, site, used)
        assert self._channels.services is not None
        plan.problems += candidate.secrets(plan, site, self._channels.services.secret)
        return plan, site

    async def _reload(self, by: str, route: str | None, tell: Tell) -> Plan:
        plan, site = await self._planned(self._runtime.site.folder, tell)
        if site is None:
            return plan
        if route:
            if route not in site.routes and route not in self._runtime.site.routes:
                raise Refused(UNKNOWN_NAME, "there is no such route")
            site, plan = candidate.only(self._runtime.site, site, route, plan)
        if plan.problems:
            return plan
        tell(2, 3, "putting it to work")
        try:
            frozen = await self._runtime.in_thread("desk", self._freeze, site, route)
        except Invalid as error:
            plan.problems += error.problems
            return plan
        pinned = self._pins()
        left = {name: text for name, text in pinned.items() if route and name != route}
        return await self._deploy(plan, frozen, by, left)

    def _freeze(self, site: Site, route: str | None) -> Site:
        """The site with the changed routes read from their copies. Blocking."""
        if route is None:
            return revisions.at_work(site, revisions.keep(site, self._revisions), self._load)
        if route not in site.routes:
            return site
        whole = self._load(site.folder)
        copy = self._load(revisions.keep(whole, self._revisions))
        site.routes[route] = copy.routes[route]
        return site

    async def _back_to(self, by: str, revision: str, route: str | None) -> Plan:
        name, text = await self._which(revision, route)
        runtime = self._runtime
        try:
            old: Route = await runtime.in_thread("desk", revisions.kept, name, text, self._revisions, self._load)
        except (Invalid, OSError, KeyError) as error:
            raise Refused(UNKNOWN_REVISION, f"the revision cannot be loaded: {type(error).__name__}") from error
        before = runtime.site
        site, _ = candidate.only(before, before, name, Plan())
        site.routes[name] = old
        plan = compare(before, site)
        for connection in sorted(candidate.uses(old) - set(before.connections)):
            text_ = f"the revision needs the connection `{connection}`, which is not there any more"
            plan.problems.append(Problem(Place(FILE, 1, 1), candidate.NOT_ALONE, text_, "write it again"))
        if plan.problems:
            return plan
        return await self._deploy(plan, site, by, {**self._pins(), name: text})

    async def _which(self, revision: str, route: str | None) -> tuple[str, str]:
        """The route and the whole name of a revision of which the beginning is given."""
        if not revision.isalnum() or len(revision) < 4:
            raise Refused(UNKNOWN_REVISION, "give at least four letters of the revision")
        deployed = await self._read(read_routes.deployments)
        found = [of for of in deployed if of[1].startswith(revision) and route in (None, "", of[0])]
        if len(found) != 1:
            raise Refused(UNKNOWN_REVISION, "there is no such revision" if not found else "several revisions begin so")
        if found[0][0] not in self._runtime.site.routes:
            raise Refused(UNKNOWN_REVISION, "its route is not in the site any more")
        return found[0]

    async def _deploy(self, plan: Plan, site: Site, by: str, pinned: dict[str, str]) -> Plan:
        now = self._runtime.now()

        async def commit() -> None:
            await self._write(lambda conn: revisions.write(conn, site.routes.values(), now, by))
            await self._runtime.in_thread("desk", revisions.pin, self._revisions, pinned)

        try:
            await Deploy(self._runtime, self._channels, site, plan).go(commit)
        except NotDone as error:
            known = site.connections.get(error.connection)
            place = known.source.at if known is not None else Place(FILE, 1, 1)
            text = f"`{error.connection}` {error.reason}" if error.connection else error.reason
            plan.problems.append(Problem(place, NOT_STARTED, text, "the old configuration runs on"))
            return plan
        plan.applied = True
        log.info("reload by %s: routes %s", by, ", ".join(plan.routes.names()) or "unchanged")
        await self._remark()
        self._runtime.poke_now()
        return plan

    def _load(self, folder: Path) -> Site:
        return load_site(folder, self._registry)

    def _pins(self) -> dict[str, str]:
        return revisions.pins(self._revisions)

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
        to_revision: str = "", to_step: str = "", preview: bool = True, note: str = "", tell: Tell = _quiet,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Move runs to another revision (default: the current one) or step. preview: only say what would become of
        each. on: only those that are on this revision."""
        if not (runs or label or route):
            raise Refused(UNKNOWN_NAME, "name runs, a label or a route")
        which = moving.Which(tuple(runs or ()), label, route, on)
        rows = await self._read(lambda conn: moving.find(conn, which))
        targets = {name: await self._target(name, to_revision) for name in {row["route"] for row in rows}}
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

    async def _target(self, route: str, revision: str) -> Route:
        if not revision:
            found = self._runtime.site.routes.get(route)
            if found is None:
                raise Refused(UNKNOWN_NAME, f"the route {route} is not in the site any more")
            return found
        _, text = await self._which(revision, route)
        known = self._runtime.route(route, text)
        if known is None:
            load = revisions.load
            loaded = await self._runtime.in_thread("desk", load, [(route, text)], self._revisions, self._load)
            self._runtime.add_revisions(loaded)
            known = self._runtime.route(route, text)
        if known is None:
            raise Refused(UNKNOWN_REVISION, "the revision cannot be loaded")
        return known

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
