"""A body that an operator edited, read as the route would read it: refused with its first finding, else its labels."""

from __future__ import annotations

from pathlib import Path

from engine.message import Refused
from engine.registry import Registry
from engine.runtime import order
from engine.runtime.values import Encoded, encode
from engine.site.load import load_site
from engine.site.model import Route, Site
from engine.site.problems import Invalid
from engine.transform.accept import Accepted, AcceptSpec, accept
from engine.transform.reading import read

NO_SITE = "WB-7505"
NOT_TEXT = "WB-7504"

_FORMS = {
    "xml": "application/xml", "json": "application/json", "text": "text/plain",
    "hl7": "application/hl7-v2; charset=utf-8",
}  # fmt: skip


def spec_of(site: Site, route: Route) -> AcceptSpec:
    """What is asked of an edited message: all but its identity and its reply."""
    labels = (*route.labels, *order.at_accept(route))
    return AcceptSpec(namespaces=site.namespaces, xsd=route.receive.check, labels=labels)


def labels_of(route: Route, read: Accepted) -> dict[str, list[object]]:
    """Name -> [value, phi], for `engine.ops.resend.edited`; `Refused` with the first finding."""
    if read.findings:
        raise Refused(read.findings[0].code, read.findings[0].text())
    phi = {label.name: label.phi for label in route.labels}
    return {name: [text, phi.get(name, True)] for name, text in read.labels.items()}


def as_part(kind: str, body: bytes) -> Encoded:
    """An edited part as it is kept, of the kind that it was. `Refused` with why it is none."""
    if kind not in _FORMS:
        raise Refused(NOT_TEXT, "this part is no text: it cannot be edited")
    return encode(read(body, _FORMS[kind]))


def check(state: Path, name: str, revision: str, body: bytes, content_type: str) -> dict[str, list[object]]:
    """Read the body by the kept revision of the route. In this process: for the command line."""
    try:
        site = load_site(state / "revisions" / revision, Registry())
        route = site.routes[name]
    except (Invalid, OSError, KeyError):
        raise Refused(NO_SITE, f"the revision {revision[:12]} of {name} cannot be read in {state}/revisions") from None
    return labels_of(route, accept(spec_of(site, route), body, content_type))
