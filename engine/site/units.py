"""The value types of settings: times, sizes, shares, addresses, files and secrets."""

from __future__ import annotations

import difflib
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from engine.site.nodes import Map, Node, Text
from engine.site.problems import BAD_VALUE, MISSING_FILE, SECRET_IN_TEXT, Invalid, invalid

if TYPE_CHECKING:
    from engine.site.settings import Context

if TYPE_CHECKING:
    _Path = Path
else:
    _Path = type(Path())  # PosixPath or WindowsPath: only a concrete class can be derived in Python 3.11


def _text(node: Node, example: str) -> str:
    if not isinstance(node, Text):
        raise invalid(node, BAD_VALUE, "one value is needed here", f"write for example `{example}`")
    return str(node)


def _wrong(node: Node, what: str, example: str) -> Invalid:
    return invalid(node, BAD_VALUE, f"`{str(node)[:60]}` is not {what}", f"write for example `{example}`")


class Duration(float):
    """Seconds; written `200ms 5s 1m 72h 30d`."""

    UNITS: ClassVar = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", _text(node, "5s"))
        if match is None:
            raise _wrong(node, "a duration", "200ms, 5s, 1m, 72h or 30d")
        return cls(round(float(match[1]) * cls.UNITS[match[2]], 6))


class Size(int):
    """Bytes; written `500B 64KiB 10MiB 1GiB`."""

    UNITS: ClassVar = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(\d{1,12})(B|KiB|MiB|GiB)", _text(node, "10MiB"))
        if match is None:
            raise _wrong(node, "a size", "64KiB, 10MiB or 1GiB")
        return cls(int(match[1]) * cls.UNITS[match[2]])


class Percent(float):
    """A share from 0 to 1; written `20%`."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)%", _text(node, "20%"))
        if match is None or float(match[1]) > 100:
            raise _wrong(node, "a share", "20%")
        return cls(float(match[1]) / 100)


class Rate(float):
    """How many in a second; written `50/s`, `600/m`, `1000/h`."""

    UNITS: ClassVar = {"s": 1.0, "m": 60.0, "h": 3600.0}

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(\d{1,9})/(s|m|h)", _text(node, "50/s"))
        if match is None or int(match[1]) == 0:
            raise _wrong(node, "a rate", "50/s, 600/m or 1000/h")
        return cls(int(match[1]) / cls.UNITS[match[2]])


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; written `127.0.0.1:8081` or `[::1]:8081`."""

    host: str
    port: int

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})", _text(node, "127.0.0.1:8081"))
        if match is None or int(match[3]) > 65535:
            raise _wrong(node, "an address with a port", "127.0.0.1:8081")
        return cls(match[1] or match[2], int(match[3]))

    @property
    def loopback(self) -> bool:
        """Whether only this computer can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class SitePath(_Path):
    """A path; a relative one starts in the site's folder. The loader hands it out absolute."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        text = _text(node, "var/incoming")
        if not text.strip() or "\0" in text:
            raise _wrong(node, "a path", "var/incoming")
        return cls(context.folder.absolute() / text)


class TransformFile(SitePath):
    """A stylesheet (`.xsl`), mapping table (`.yaml`) or schema (`.xsd`) that exists."""

    SUFFIXES: ClassVar[tuple[str, ...]] = (".xsl", ".xslt", ".yaml", ".xsd")
    EXAMPLE: ClassVar = "transforms/order.xsl (or .yaml, .xsd)"

    @classmethod
    def claims(cls, node: Node) -> bool:
        """Whether a text means a file, where a template might stand too."""
        return isinstance(node, Text) and node.endswith(cls.SUFFIXES) and "$(" not in node

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        path = super().from_node(node, context)
        if path.suffix not in cls.SUFFIXES:
            raise _wrong(node, "a transform file", cls.EXAMPLE)
        if not path.is_file():
            near = _neighbour(path)
            advice = f"did you mean `{near}`?" if near else "make the file, or correct its name"
            raise invalid(node, MISSING_FILE, f"there is no file `{node}`", advice)
        return path


class PluginFile(TransformFile):
    """A plug-in (`.py`) that exists: Python code of the site, run only in workers."""

    SUFFIXES = (".py",)
    EXAMPLE = "transforms/plugins/order.py"


def _neighbour(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()][:1000]
    except OSError:
        return ""
    return "".join(difflib.get_close_matches(path.name, names, 1, 0.6))


@dataclass(frozen=True, slots=True)
class Secret:
    """The name of a secret; written `{secret: name}`. Its value is never in text (see `engine.site.secrets`)."""

    name: str

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if isinstance(node, Text):
            raise invalid(node, SECRET_IN_TEXT, "a secret is written as text", "write `{secret: NAME}` here, "
                          "put the value in `secrets/NAME` (mode 0600), and change it: it was readable")  # fmt: skip
        name = node.get("secret") if isinstance(node, Map) and len(node) == 1 else None
        if not isinstance(name, Text) or not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise invalid(node, BAD_VALUE, "this is not the name of a secret", "write `{secret: name_in_lower_case}`")
        return cls(str(name))
