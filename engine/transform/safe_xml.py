"""XML from outside: strict about encodings, no DTD, no entities, no network, and never a value in an error.

The result is a tree without comments and processing instructions, and bytes in UTF-8 without declaration.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.message import Refused, Xml

NOT_XML = "WB-1001"
FORBIDDEN = "WB-1002"
TOO_LARGE = "WB-1005"
ENCODING = "WB-1006"
EMPTY = "WB-1010"

LIMIT = 64 * 1024 * 1024
"""Bytes of one document; channels have smaller limits of their own."""
UTF8 = ("utf-8", "utf8", "us-ascii", "ascii")
CODECS = {
    # GB 18030 reads everything that its two older subsets do, and the extensions that real senders use.
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "gb_2312-80", "cp936", "ms936", "windows-936"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "cp950"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "latin-9"), "iso8859-15"),
    **dict.fromkeys(("utf-16", "utf16", "utf-16le", "utf-16be", "unicode"), "utf-16"),
    **dict.fromkeys(UTF8, "utf-8"),
}
"""Python's codec by the name that a sender may write."""
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:\-]{1,40})""", re.IGNORECASE)
PROLOG = re.compile(rb"(?:[\s\x00]+|<\?.*?\?>|<!--.*?-->)*+<!(?:DOCTYPE|ENTITY)", re.DOTALL)
OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "huge_tree": False,
    "load_dtd": False,
    "dtd_validation": False,
}


def parser() -> etree.XMLParser:
    """A parser for UTF-8 bytes, whatever their declaration says."""
    return etree.XMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, **OPTIONS)  # type: ignore[arg-type]


_shared = parser()


def parse(body: bytes, content_type: str = "") -> etree._Element:
    """The root element. Raises `Refused` WB-1001, 1002, 1005, 1006 or 1010, with line and column where it can."""
    if len(body) > LIMIT:
        raise Refused(TOO_LARGE, f"larger than {LIMIT} bytes")
    if not body.strip():
        raise Refused(EMPTY, "nothing to read")
    data = as_utf8(body, content_type).lstrip()  # senders often put a line break before the declaration
    if PROLOG.match(data):
        raise Refused(FORBIDDEN, "a DOCTYPE or an entity declaration is not allowed")
    try:
        root = etree.fromstring(data, _shared)
    except etree.XMLSyntaxError as error:
        raise Refused(*_explained(error)) from None
    except ValueError:
        raise Refused(NOT_XML, "not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(FORBIDDEN, "a DOCTYPE is not allowed")
    return root


def from_value(value: Xml) -> etree._Element:
    """The root element of a value of ours, with the same care: the bytes came from outside once."""
    return parse(value.data)


def to_bytes(root: etree._Element) -> bytes:
    """UTF-8 without declaration and without what follows the element."""
    return etree.tostring(root, encoding="utf-8", with_tail=False)


def as_utf8(body: bytes, content_type: str = "") -> bytes:
    """The body in UTF-8. A byte order mark decides, then the charset of the content type, then the declaration.

    Where the two disagree and one of them says UTF-8, the bytes decide: only UTF-8 can be told apart from the rest.
    """
    for mark, codec in BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], codec)
    charset = CHARSET.search(content_type)
    declared = DECLARED.match(body[:200])
    names = [charset[1].lower()] if charset else []
    names += [declared[1].decode("ascii").lower()] if declared else []
    codecs = [_codec(name) for name in names] or ["utf-8"]
    if "utf-8" in codecs:
        codecs.sort(key=lambda codec: codec != "utf-8")
    for codec in codecs[:-1]:
        try:
            return _decoded(body, codec)
        except Refused:
            continue
    return _decoded(body, codecs[-1])


def _codec(name: str) -> str:
    codec = CODECS.get(name)
    if codec is None:
        raise Refused(ENCODING, "the named encoding is not known; UTF-8 and GB 18030 are")
    return codec


def _decoded(body: bytes, codec: str) -> bytes:
    try:
        text = body.decode(codec)
    except UnicodeError:
        raise Refused(ENCODING, f"the bytes are not {codec.upper()}") from None
    return body if codec == "utf-8" else text.encode("utf-8")


def _explained(error: etree.XMLSyntaxError) -> tuple[str, str]:
    """Code and reason by libxml2's number; its text may quote the document, so it is not passed on."""
    line, column = error.position
    place = f" (line {line}, column {column})" if line else ""
    kind = etree.ErrorTypes._getName(error.code, "")  # type: ignore[attr-defined]
    if kind == "ERR_NO_MEMORY":
        return TOO_LARGE, "reading it needs more memory than a worker may have"
    if "ENTITY" in kind or "DTD" in kind:
        return FORBIDDEN, f"an entity that XML itself does not know{place}"
    if "ENCODING" in kind or kind == "ERR_INVALID_CHAR":
        return ENCODING, f"a character that XML does not allow{place}"
    return NOT_XML, f"not well-formed XML{place}"
