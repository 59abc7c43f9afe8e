"""Walking through settings and nodes."""

from dataclasses import dataclass, field
from pathlib import Path

from engine.site.conditions import Present
from engine.site.nodes import parse_yaml
from engine.site.paths import Template, XPath
from engine.site.units import Listen, Secret, TransformFile
from engine.site.walk import (
    Form,
    inside,
    leaves,
    maps,
    place_of,
    secret_names,
    templates,
    texts,
    transform_files,
    with_results,
)


@dataclass(frozen=True)
class Inner:
    number: Template
    secret: Secret


@dataclass(frozen=True)
class Settings:
    inner: Inner
    values: dict[str, Template]
    paths: tuple[XPath, ...]
    body: TransformFile
    when: Present
    listen: Listen
    text: str = "t"


MADE = Settings(
    Inner(Template("$(a)"), Secret("s")),
    {"x": Template("$(b)"), "y": Template("c")},
    (XPath("//d"),),
    TransformFile("/t/x.xsl"),
    Present(Template("$(e)")),
    Listen("h", 1),
)


def test_templates_files_and_secrets_by_dotted_name():
    assert templates(MADE) == {
        "inner.number": Template("$(a)"),
        "values.x": Template("$(b)"),
        "values.y": Template("c"),
        "paths.0": XPath("//d"),
    }
    assert transform_files(MADE) == {"body": Path("/t/x.xsl")}
    assert secret_names(MADE) == ("s",)
    assert dict(leaves(MADE))["when"] == MADE.when
    assert dict(leaves(MADE))["listen"] == Listen("h", 1)


def test_results_take_the_places_of_templates():
    results = {"inner.number": 5, "values.x": "X", "paths.0": "D", "body": b"<a/>"}
    assert with_results(MADE, results) == {
        "inner": {"number": 5, "secret": Secret("s")},
        "values": {"x": "X", "y": Template("c")},
        "paths": ["D"],
        "body": b"<a/>",
        "when": MADE.when,
        "listen": Listen("h", 1),
        "text": "t",
    }


def test_objects_of_one_class():
    assert list(inside(MADE, Inner)) == [MADE.inner]
    assert list(inside(MADE.inner, Inner)) == [MADE.inner]


def test_nodes():
    top = parse_yaml("a: [x, {b: $(c)}]\nd: y", "f")
    assert list(texts(top)) == ["x", "$(c)", "y"]
    assert [list(node) for node in maps(top)] == [["a", "d"], ["b"]]
    assert place_of("$(c)", top).column == 12
    assert place_of("none", top) == top.at


@dataclass(frozen=True)
class Filled:
    """Settings with a template, a fixed text and something inside."""

    body: Template
    word: str = "fixed"
    inner: dict[str, Template] = field(default_factory=dict)


@dataclass(frozen=True)
class Flat:
    """Settings without anything inside."""

    body: Template
    word: str = "fixed"


def test_a_form_fills_as_with_results() -> None:
    flat = Flat(Template("$(a)"))
    deep = Filled(Template("$(a)"), inner={"x": Template("$(b)")})
    assert Form(flat).filled({"body": 1}) == with_results(flat, {"body": 1})
    results = {"body": 1, "inner.x": 2}
    assert set(Form(deep).templates) == set(results)
    assert Form(deep).filled(results) == with_results(deep, results) == {"body": 1, "word": "fixed", "inner": {"x": 2}}
