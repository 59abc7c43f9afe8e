"""One field of a value is changed, the rest stays."""

from __future__ import annotations

from engine.message import Xml
from engine.runtime.patch import patched


def test_xml_by_path() -> None:
    value = Xml("<o><a>1</a><b><c>é</c></b></o>".encode())
    assert patched(value, "a", "2") == Xml("<o><a>2</a><b><c>é</c></b></o>".encode())
    assert patched(value, "b/c", "<&") == Xml(b"<o><a>1</a><b><c>&lt;&amp;</c></b></o>")
    assert patched(value, "b/d", "new") == Xml("<o><a>1</a><b><c>é</c><d>new</d></b></o>".encode())


def test_json_by_key() -> None:
    value = {"a": "1", "b": {"c": "2"}}
    assert patched(value, "b/c", "3") == {"a": "1", "b": {"c": "3"}}
    assert patched(value, "a/x", "3") == {"a": {"x": "3"}, "b": {"c": "2"}}
    assert value == {"a": "1", "b": {"c": "2"}}


def test_text_is_replaced_as_a_whole() -> None:
    assert patched("old", "", "new") == "new"
    assert patched("old", "a", "new") == "old"
