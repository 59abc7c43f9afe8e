"""A site whose messages were really processed, and the same site edited: rehearsals between the two."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor

from engine.cli import _office
from engine.registry import Registry
from engine.rehearsal.groups import Rehearsal
from engine.rehearsal.record import Selection
from engine.rehearsal.rehearse import Plan, rehearse
from engine.site.load import load_site
from tests.engine.world import World, write_site

reactor: Any = _reactor

SITE = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: same}
  other: {type: memory_out, repeat: same}
routes:
  orders:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}, name: {path: //name, phi: true, optional: true}, answer: {optional: true}}
    steps:
      - {id: made, transform: {xslt: transforms/made.xsl}}
      - {id: out, status: Going, call: {to: peer, operation: send, body: $(made)}}
      - {id: kept, status: Gone, set: {values: {copy: $(out/said)}, labels: {answer: $(out/said)}}}
"""
SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/run"><sent run="{@id}" at="{@at}"><id><xsl:value-of select="body//id"/></id>
<name><xsl:value-of select="body//name"/></name></sent></xsl:template></xsl:stylesheet>"""


def order(number: int | str, name: str = "") -> str:
    return f"<order><id>{number}</id><name>{name or f'Invented {number}'}</name></order>"


class Hall:
    """`play` messages through the site, then `rehearse` an edited copy."""

    def __init__(self, folder: Path, text: str = SITE, **files: str) -> None:
        self.site = write_site(folder / "site", text, **(files or {"made__xsl": SHEET}))
        self.state = self.site / "var"
        self.new = folder / "new"

    async def play(self, *bodies: str, answer: Callable[[Any], Any] | None = None, **more: Any) -> list[Any]:
        """Each body through the real engine, to its end."""
        world = await World(self.site).start()
        try:
            for name in ("peer", "other"):
                if name in world.daemon.channels:
                    world.channel(name).answer = answer or (lambda request: {"said": "yes"})
            for body in bodies:
                await world.put(body, more.get("operation", "order"))
            await world.until(lambda: not any(run["state"] in ("ready", "running") for run in world.runs()), 60)
            return world.runs()
        finally:
            await world.stop()

    def edit(self, *changes: tuple[str, str], file: str = "routes.yaml") -> None:
        """In a copy of the site."""
        if not self.new.exists():
            shutil.copytree(self.site, self.new, ignore=shutil.ignore_patterns("var"))
        path = self.new / file
        text = path.read_text("utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, "utf-8")

    async def rehearse(self, told: Any = None, **selection: Any) -> Rehearsal:
        registry = Registry()
        folder = self.new if self.new.exists() else self.site
        read = partial(_office.read, self.state)
        plan = Plan(load_site(folder, registry), registry, self.state, Selection(**selection), read)
        return await rehearse(reactor, plan, told or (lambda done, most: None))


def places(result: Rehearsal) -> list[str]:
    """The groups in short."""
    return [" ".join(part for part in group.place if part) + f" x{group.messages}" for group in result.sorted()]
