"""The folder is the registry: a channel type is a file in `channels/`, a step verb a file in `engine/steps/`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from types import ModuleType


class Unknown(LookupError):
    """There is no such file. `known` are the names that there are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.known = known


class Registry:
    """Finds and imports modules at first use, so that a site without SOAP does not load SOAP."""

    def channel(self, type: str) -> ModuleType:  # noqa: A002 - the word of routes.yaml
        """The module of a channel type; raises `Unknown`, or ImportError when a package that it needs is missing."""
        return _module("channels", type)

    def verb(self, name: str) -> ModuleType:
        """The module of a step verb; raises `Unknown`."""
        return _module("engine.steps", name)


def names(package: str) -> tuple[str, ...]:
    """The modules of a package; it need not exist."""
    try:
        folder = importlib.import_module(package).__path__
    except ModuleNotFoundError:
        return ()
    return tuple(sorted(info.name for info in pkgutil.iter_modules(folder) if not info.name.startswith("_")))


@functools.cache  # a step asks for its verb each time it is performed
def _module(package: str, name: str) -> ModuleType:
    known = names(package)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name not in known:
        raise Unknown(name, known)
    module = importlib.import_module(f"{package}.{name}")
    if not hasattr(module, "Settings"):
        raise Unknown(name, tuple(other for other in known if other != name))
    return module
