"""`agent.yaml`: its settings, an example of it, and the agent that follows from it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels import access, folder
from channels._agent.files import Files
from channels._agent.rows import Rows
from channels._agent.server import Door, Server, Service
from channels._folder.scan import Limits
from channels._folder.share import Near
from engine.channel import Health, Services
from engine.site.nodes import Map, Node, Text, load_yaml
from engine.site.problems import BAD_VALUE, invalid
from engine.site.secrets import Secrets
from engine.site.settings import Context, build, nearest, option
from engine.tasks import Tasks
from engine.threads import Pools

log = logging.getLogger("waybill.agent")

KINDS: dict[str, Any] = {"access": access, "folder": folder}

SHAPES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "insert": {"insert": str, "key": list, "values": dict},
    "update": {"update": str, "key": list, "values": dict},
    "find": {"find": str, "key": dict},
}
"""What the operations of `access` need, before anything of a request is used."""

EXAMPLE = """\
# waybill agent --config agent.yaml
#
# The agent gives a Waybill engine on another computer two things of this one: device databases and folders, with the
# settings that the channels `access` and `folder` have (docs/channels.md). Make key, certificate and secret first:
#   waybill agent --config agent.yaml --pair --name THIS-COMPUTER

listen: 0.0.0.0:8443
tls: {certificate: tls/agent.pem, key: tls/agent.key}   # with `ca: engine.pem, client: required`: mutual TLS
secret: {secret: agent_secret}                          # in the file secrets/agent_secret
allow: [10.1.0.5/32]                                    # the engine's address

serve:
  device_db:
    type: access
    driver: 'Microsoft Access Driver (*.mdb, *.accdb)'  # of the same bitness as this Python
    file: 'C:\\Device\\Data\\Clients.mdb'
  device_dir:
    type: folder
    path: 'D:\\PatientData'
    settle: 1s                                          # a file must be quiet for so long

# Limits, with what they are when left out:
# max_body: 4MiB
# max_connections: 256
# receive_time: 30s
"""


@dataclass(frozen=True)
class Served:
    """`{type: access, driver: ..., file: ...}` or `{type: folder, path: ...}`"""

    type: str
    settings: Any

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Served:
        kind = node.get("type") if isinstance(node, Map) else None
        if not isinstance(node, Map) or not isinstance(kind, Text) or kind not in KINDS:
            raise invalid(node, BAD_VALUE, "what is served has a `type`", nearest(str(kind), KINDS))
        rest = Map({key: node[key] for key in node if key != "type"}, node.at, node.key_at)
        settings = build(KINDS[kind].Settings, rest, context)
        if settings.agent is not None:
            raise invalid(node, BAD_VALUE, "an agent serves what its own computer has", "leave out `agent`")
        return cls(str(kind), settings)


@dataclass(frozen=True)
class Settings(Door):
    """`agent.yaml`."""

    serve: dict[str, Served] = option("what is served, by the name that the engine uses", default={})

    def __post_init__(self) -> None:
        Door.__post_init__(self)
        if not self.serve:
            raise ValueError("`serve` names at least one database or folder")


def load(path: Path) -> Settings:
    """The settings; raises `engine.site.problems.Invalid`. Relative paths start in the file's folder."""
    return build(Settings, load_yaml(path, path.name), Context(path.absolute().parent))


class Agent:
    """What runs: a server, and what it serves. `start` and `stop` once each."""

    def __init__(self, reactor: Any, settings: Settings, folder: Path) -> None:
        self._threads = Pools(reactor)
        self._tasks = Tasks()
        nothing: Any = Absent()
        services = Services(
            reactor, folder, folder, nothing, nothing, self._threads, nothing, nothing, Secrets(folder).get, _told,
            self._tasks.spawn, {"http_ports": {}},
        )  # fmt: skip
        self.served = {name: _service(name, one, services) for name, one in settings.serve.items()}
        self.server = Server(settings, services, self.served)

    async def start(self) -> None:
        """Raises `Unavailable`."""
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop()
        await self._tasks.stop()
        self._threads.stop()


class Absent:
    """Stands for what only an engine has: store, blobs, workers. Whoever uses it here is wrong, and loud."""

    def __getattr__(self, word: str) -> Any:
        raise AttributeError(f"an agent has no {word}")


def _service(name: str, one: Served, services: Services) -> Service:
    settings = one.settings
    if one.type == "access":
        return Rows(access.Channel(name, settings, services), SHAPES)
    limits = Limits(settings.settle, settings.max_files, settings.max_size)
    near = Near(name, settings.path, limits, settings.timeout, services)
    return Files(name, near, settings.poll, settings.timeout, services)


def _told(name: str, health: Health) -> None:
    log.info("%s is %s%s", name, health.state, f": {health.reason}" if health.reason else "")
