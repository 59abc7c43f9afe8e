"""The jobs that the workers offer, by one name: `pool.run("engine.transform.jobs:accept", ...)`."""

from engine.transform.accept import Accepted, AcceptSpec, accept, reply
from engine.transform.evaluate import evaluate
from engine.transform.mapping import mapping
from engine.transform.plugin import plugin
from engine.transform.schema import check
from engine.transform.split import Part, SplitSpec, split
from engine.transform.xslt import RunHeader, xslt

__all__ = [
    "AcceptSpec",
    "Accepted",
    "Part",
    "RunHeader",
    "SplitSpec",
    "accept",
    "check",
    "evaluate",
    "mapping",
    "plugin",
    "reply",
    "split",
    "xslt",
]
