"""Plan and reload: from a folder to what is at work, or back to a revision. One at a time: see `engine.desk.desk`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection

from engine.desk import candidate
from engine.desk.channels import Channels
from engine.desk.deploy import Deploy, NotDone
from engine.desk.plan import Plan, compare
from engine.message import Refused
from engine.ops import read_routes
from engine.registry import Registry
from engine.runtime import revisions
from engine.runtime.runtime import Runtime
from engine.site.load import FILE, load_site
from engine.site.model import Route, Site
from engine.site.nodes import Place
from engine.site.problems import Invalid, Problem

log = logging.getLogger(__name__)

T = TypeVar("T")
Tell = Callable[[int, int, str], None]
"""Progress: how much is done, of how much, and what."""

NOT_STARTED = "WB-7207"
UNKNOWN_REVISION = "WB-7208"
UNKNOWN_NAME = "WB-7209"


def quiet(done: int, most: int, text: str) -> None:
    """Tell nobody."""
    del done, most, text


class Reloading:
    """folder: `var/revisions`."""

    def __init__(self, runtime: Runtime, channels: Channels, registry: Registry, folder: Path) -> None:
        self._runtime = runtime
        self._channels = channels
        self._registry = registry
        self._revisions = folder

    async def planned(self, folder: Path, tell: Tell) -> tuple[Plan, Site | None]:
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

    async def reload(self, by: str, route: str | None, tell: Tell) -> Plan:
        plan, site = await self.planned(self._runtime.site.folder, tell)
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

    async def back_to(self, by: str, revision: str, route: str | None) -> Plan:
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
        return plan

    def _load(self, folder: Path) -> Site:
        return load_site(folder, self._registry)

    def _pins(self) -> dict[str, str]:
        return revisions.pins(self._revisions)

    async def target(self, route: str, revision: str) -> Route:
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

    async def _write(self, operation: Callable[[Connection], T]) -> T:
        return await self._runtime.store.write(operation)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        return cast(T, await self._runtime.store.read(query))
