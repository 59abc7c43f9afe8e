"""A body that an operator edited, read as the route would read it: refused with its first finding, else its labels."""

from __future__ import annotations

from pathlib import Path

from engine.message import Refused
from engine.registry import Registry
from engine.site.load import load_site
from engine.site.model import Route, Site
from engine.site.problems import Invalid
from engine.transform.accept import Accepted, AcceptSpec, accept

NO_SITE = "WB-7505"


def spec_of(site: Site, route: Route) -> AcceptSpec:
    """What is asked of an edited message: all but its identity and its reply."""
    return AcceptSpec(namespaces=site.namespaces, xsd=route.receive.check, labels=route.labels)


def labels_of(route: Route, read: Accepted) -> dict[str, list[object]]:
    """Name -> [value, phi], for `engine.ops.resend.edited`; `Refused` with the first finding."""
    if read.findings:
        raise Refused(read.findings[0].code, read.findings[0].text())
    phi = {label.name: label.phi for label in route.labels}
    return {name: [text, phi[name]] for name, text in read.labels.items()}


def check(state: Path, name: str, revision: str, body: bytes, content_type: str) -> dict[str, list[object]]:
    """Read the body by the kept revision of the route. In this process: for the command line."""
    try:
        site = load_site(state / "revisions" / revision, Registry())
        route = site.routes[name]
    except (Invalid, OSError, KeyError):
        raise Refused(NO_SITE, f"the revision {revision[:12]} of {name} cannot be read in {state}/revisions") from None
    return labels_of(route, accept(spec_of(site, route), body, content_type))
