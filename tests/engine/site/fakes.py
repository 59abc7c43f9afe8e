"""A small registry of channels and verbs for the tests of the loader, so that they need no real ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, Literal

from engine.registry import Unknown
from engine.site.calls import CallSettings, build_call
from engine.site.nodes import Map
from engine.site.paths import Template, XPath
from engine.site.settings import Context, Duration, Listen, Secret, SitePath, TransformFile, build, option
from engine.transform.split import By


class Form(StrEnum):
    HIP = "hip"
    OPERATION = "operation"


@dataclass(frozen=True)
class SoapIn:
    listen: Listen = option("address to listen on")
    path: str = option("path of the URL")
    namespace: str = option("namespace of the operations", "")
    envelope: Form = option("form of the messages", Form.HIP)
    operations: dict[str, str] = option("service codes", {})
    allow: tuple[str, ...] = option("who may connect", ())


@dataclass(frozen=True)
class Peer:
    url: str = option("where the peer listens")
    key: Secret | None = option("the secret", None)
    timeout: Duration = option("time for an answer", Duration(20))


@dataclass(frozen=True)
class Send:
    body: TransformFile = option("stylesheet of the body")


@dataclass(frozen=True)
class Folder:
    path: SitePath = option("the folder")


@dataclass(frozen=True)
class Make:
    make: Template = option("the folder to make")


@dataclass(frozen=True)
class Insert:
    insert: str = option("the table")
    key: tuple[str, ...] = option("the columns that identify a row")
    values: TransformFile | dict[str, Template] = option("the columns")
    if_exists: Literal["same", "refuse"] = option("what an existing row means", "refuse")


@dataclass(frozen=True)
class Records:
    """Needs no settings."""


@dataclass(frozen=True)
class Find:
    number: Template = option("the patient's number")


@dataclass(frozen=True)
class Wait:
    for_: Literal["poll", "file"] = option("what it waits for", key="for")
    call: CallSettings | None = None
    in_: str = option("connection", "", key="in")
    path: Template | None = option("folder", None)
    until: Duration | None = option("how long", None)
    on_timeout: dict[str, str] = option("who is told", {})


def build_wait(node: Any, context: Context) -> Wait:
    call = build_call(node["call"], context) if "call" in node else None
    rest = Map({key: value for key, value in node.items() if key != "call"}, node.at, node.key_at)
    made = build(Wait, rest, context)
    return Wait(made.for_, call, made.in_, made.path, made.until, made.on_timeout)


@dataclass(frozen=True)
class Set:
    labels: dict[str, Template] = option("labels to set", {})
    values: dict[str, Template] = option("values to set", {})


@dataclass(frozen=True)
class Split:
    by: By = option("what a part is")
    identity: tuple[XPath, ...] = option("what makes a part unique", ())


@dataclass(frozen=True)
class Transform:
    xslt: TransformFile = option("stylesheet")


@dataclass(frozen=True)
class Sign:
    with_: str = option("connection", key="with")
    document: Template = option("what is signed")
    refused: str = option("step", "")


@dataclass(frozen=True)
class Signal:
    route: str = option("the route")
    labels: dict[str, Template] = option("which run", {})
    do: Literal["set", "cancel", "wake"] = option("what", "wake")
    set_labels: dict[str, Template] = option("labels", {})
    values: dict[str, Template] = option("values", {})


CHANNELS = {
    "soap_in": SimpleNamespace(Settings=SoapIn),
    "soap_out": SimpleNamespace(Settings=Peer, CALLS={"*": Send}, repeat_of=lambda operation, arguments: "unknown"),
    "folder": SimpleNamespace(Settings=Folder, CALLS={"make": Make}, repeat_of=lambda operation, arguments: "same"),
    "access": SimpleNamespace(
        Settings=Folder,
        CALLS={"insert": Insert},
        repeat_of=lambda operation, arguments: "same" if arguments.if_exists == "same" else "unknown",
    ),
    "records": SimpleNamespace(Settings=Records, CALLS={"find_patient": Find}),
}

VERBS = {
    "call": SimpleNamespace(Settings=CallSettings, build_settings=build_call),
    "wait": SimpleNamespace(Settings=Wait, build_settings=build_wait),
    "set": SimpleNamespace(Settings=Set),
    "split": SimpleNamespace(Settings=Split),
    "transform": SimpleNamespace(Settings=Transform),
    "sign": SimpleNamespace(Settings=Sign),
    "signal": SimpleNamespace(Settings=Signal),
}


class FakeRegistry:
    def channel(self, type: str) -> Any:  # noqa: A002
        if type == "broken":
            raise ImportError("no module named pyodbc")
        if type not in CHANNELS:
            raise Unknown(type, tuple(CHANNELS))
        return CHANNELS[type]

    def verb(self, name: str) -> Any:
        if name == "broken":
            raise ImportError("no module named pyhanko")
        if name not in VERBS:
            raise Unknown(name, tuple(VERBS))
        return VERBS[name]


SITE = """\
namespaces: {p: 'urn:p'}
connections:
  his_in: {type: soap_in, listen: 127.0.0.1:8081, path: /his}
  his_op: {type: soap_in, listen: 127.0.0.1:8081, path: /his/op, envelope: operation, help: ask the HIS desk}
  his_out: {type: soap_out, url: 'http://127.0.0.1:1/', key: {secret: his_key}}
  folder: {type: folder, path: var/out}
  db: {type: access, path: var/db}
alerts:
  ward_desk: {roles: [OP]}
policies:
  default: {first: 200ms, factor: 3, max: 30s, jitter: 20%, give_up: 10m, then: dead}
  remote: {first: 5s, give_up: 24h, then: hold}
routes:
  report:
    receive:
      from: [his_in, his_op]
      operation: Order
      identity: [//Header/MessageID]
      check: {xsd: t/order.xsd}
      reply: {when: stored, ok: t/reply.xsl, invalid: t/reply.xsl}
    labels: {order_id: {path: //Id}, name: {path: //Name, phi: true, optional: true}}
    steps:
      - {id: each, status: Pending, split: {by: //Order, identity: [.//Id]}}
      - {id: order, transform: {xslt: t/order.xsl}}
      - {id: row, call: {to: db, insert: Clients, key: [ClientID], if_exists: same, values: {ClientID: $(order/id)}}}
      - {id: place, when: {present: //Id}, call: {to: folder, make: '$(order/id|filename)'}}
      - {id: file, wait: {for: file, in: folder, path: $(place/path), until: 72h, on_timeout: {alert: ward_desk}}}
      - {id: named, set: {labels: {name: $(order/name)}}}
      - {id: signed, sign: {with: folder, document: $(file), refused: file}}
      - id: send
        policy: remote
        on_error: {refused: go:file, unavailable: hold}
        call:
          to: his_out
          operation: Register
          body: t/register.xsl
          expect: {xpath: "//ResultCode = '0'"}
          in_doubt: person
"""

FILES = {
    "t/order.xsd": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"/></xs:schema>',
    "t/order.xsl": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><order><id>1</id><name>x</name></order></xsl:template></xsl:stylesheet>',
    "t/reply.xsl": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
    "t/register.xsl": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
}


def write_site(folder: Any, text: str = SITE, files: dict[str, str] = FILES) -> Any:
    (folder / "routes.yaml").write_text(text, "utf-8")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder
