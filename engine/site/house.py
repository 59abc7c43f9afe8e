"""What a stylesheet or schema may include: files of the site's `transforms` alone, which are kept with its revision."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

XSL = "{http://www.w3.org/1999/XSL/Transform}"
XS = "{http://www.w3.org/2001/XMLSchema}"
LINKS = {
    ".xsd": ((XS + "include", XS + "import", XS + "redefine"), "schemaLocation"),
    ".xsl": ((XSL + "include", XSL + "import"), "href"),
}
"""The including elements and the attribute that names the file; any other suffix is as `.xsl`."""


def house(path: Path) -> Path:
    """The outermost folder `transforms` that a file lies in; its own folder where there is none."""
    folders = path.resolve().parents
    return next((folder for folder in reversed(folders) if folder.name == "transforms"), folders[0])


def target(path: Path, href: str) -> Path:
    """The file that one includes."""
    return path.parent / unquote(href)


def inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in a house, wherever links lead."""
    return path.resolve().is_relative_to(folder)
