"""Settings classes from nodes: every fault at once, each with a place and advice."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional

import pytest

from engine.site.nodes import Items, Map, Node, Text, parse_yaml
from engine.site.paths import Template
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Size, TransformFile, build, key_of, nearest, option


class Kind(enum.StrEnum):
    ONE = "one"
    TWO = "two"


@dataclass(frozen=True)
class Inner:
    x: int = option("a number")
    names: tuple[str, ...] = option("names", ())


@dataclass(frozen=True)
class Outer:
    url: str = option("where the peer listens")
    kind: Kind = option("kind", Kind.ONE)
    word: Literal["a", "b"] = option("word", "a")
    on: bool = option("on", False)
    share: float = option("share", 0.5)
    inner: Inner | None = option("inner", None)
    old: Optional[int] = option("old", None)  # noqa: UP045 - both spellings are read
    list_: list[int] = option("numbers", [])
    table: dict[str, int] = option("table", {})
    view: Mapping[str, Duration] = option("view", {})
    from_: str = option("source", "", key="from")
    raw: Node | None = option("raw", None)
    either: Size | dict[str, Template] | None = option("either", None)
    anything: Any = option("anything", None)
    bag: frozenset[str] = option("bag", frozenset())

    def __post_init__(self):
        if self.url == "bad":
            raise ValueError("`url` must not be bad")


def made(text: str) -> Outer:
    return build(Outer, parse_yaml(text, "f"), Context(Path()))


def faults(text):
    with pytest.raises(Invalid) as caught:
        made(text)
    return [problem.line() for problem in caught.value.problems]


def test_every_kind_of_field():
    value = made(
        "url: http://x\nkind: two\nword: b\non: true\nshare: 0.25\ninner: {x: 3, names: [a, 02]}\nold: 7\n"
        "list: [1, 2]\ntable: {a: 1}\nview: {a: 5s}\nfrom: no\nraw: [1:30]\neither: {a: $(b)}\nanything: x\nbag: [a]"
    )
    assert value == Outer(
        "http://x", Kind.TWO, "b", True, 0.25, Inner(3, ("a", "02")), 7, [1, 2], {"a": 1}, {"a": Duration(5)}, "no",
        Items([Text("1:30")]), {"a": Template("$(b)")}, Text("x"), frozenset({"a"}),
    )  # fmt: skip
    assert type(value.url) is str
    assert isinstance(value.raw, Items)
    assert made("{url: x, either: 1KiB}").either == 1024


def test_defaults_are_not_shared():
    one, other = made("url: x"), made("url: x")
    assert one.table == {}
    assert one.table is not other.table


def test_all_faults_come_at_once_each_with_its_place_and_advice():
    assert faults("ulr: x\nkind: three\nword: c\non: yes\nshare: half\ninner: {x: 1.5, y: 1}\nlist: 3") == [
        (
            "f:1:1: WB-6003 unknown key `ulr`; did you mean `url`? (known: url, kind, word, on, share, inner, old, "
            "list, table, view, from, raw, either, anything, bag)"
        ),
        "f:1:1: WB-6004 the key `url` is missing; write `url: ...` (where the peer listens)",
        "f:2:7: WB-6005 `three` is not one of the choices; known: one, two",
        "f:3:7: WB-6005 `c` is not one of the choices; known: a, b",
        "f:4:5: WB-6005 `yes` is not one of the choices; known: true, false",
        "f:5:8: WB-6005 `half` is not a number; write digits only",
        "f:6:12: WB-6005 `1.5` is not a whole number; write digits only",
        "f:6:17: WB-6003 unknown key `y`; known: x, names",
        "f:7:7: WB-6005 a list is needed here; write `[a, b]`",
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{url: x, inner: 3}", "a mapping is needed here"),
        ("{url: x, table: []}", "a mapping is needed here"),
        ("{url: {}}", "one value is needed here"),
        ("{url: x, old: 1_000}", "not a whole number"),
        ("{url: x, old: ２}", "not a whole number"),
        ("{url: x, either: 5}", "not a size"),
        ("{url: x, either: {a: '$(b'}}", "without `)`"),
        ("{url: x, list: [1, x, y]}", "`x` is not a whole number"),
        ("{url: x, view: {a: 5}}", "not a duration"),
        ("{url: bad}", "must not be bad"),
    ],
)
def test_faults(text, part):
    assert part in "\n".join(faults(text))


def test_a_misspelt_file_is_not_taken_for_a_text(tmp_path):
    @dataclass(frozen=True)
    class Body:
        body: TransformFile | Template = option("a stylesheet, or a value")

    def body(text):
        return build(Body, parse_yaml(f"body: {text}", "f"), Context(tmp_path)).body

    with pytest.raises(Invalid, match=r"there is no file `ordr\.xsl`"):
        body("ordr.xsl")
    assert body("$(order)") == Template("$(order)")
    assert body("$(name).xsl") == Template("$(name).xsl")
    (tmp_path / "order.xsl").touch()
    assert body("order.xsl") == tmp_path / "order.xsl"


def test_raw_kinds_are_checked():
    @dataclass(frozen=True)
    class Raw:
        part: Map = option("a mapping")

    with pytest.raises(Invalid, match="a mapping is needed"):
        build(Raw, parse_yaml("part: x", "f"), Context(Path()))


def test_a_type_that_cannot_be_read_is_a_fault_of_the_programmer():
    with pytest.raises(TypeError):
        build(Path, Text("x"), Context(Path()))
    with pytest.raises(TypeError):
        build(bytes, Text("x"), Context(Path()))


def test_nearest():
    assert nearest("conection", ["connection", "x"]) == "did you mean `connection`? (known: connection, x)"
    assert nearest("zzz", ["a"]) == "known: a"
    assert nearest("zzz", []) == "nothing may stand here"


def test_spelling_of_keys():
    import dataclasses

    keys = {part.name: key_of(part) for part in dataclasses.fields(Outer)}
    assert keys["from_"] == "from"
    assert keys["list_"] == "list"
    assert keys["url"] == "url"
