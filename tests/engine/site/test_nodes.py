"""YAML as text with places; what is refused."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.site import nodes
from engine.site.nodes import Items, Map, Place, Text, load_yaml, parse_yaml
from engine.site.problems import Invalid


def test_every_scalar_stays_the_text_that_was_written():
    top = parse_yaml("a: 02001\nb: 1:30\nno: no\non: on\ne: 1e3\nn: ~\nempty:\nq: '5'\n", "f")
    assert top == {"a": "02001", "b": "1:30", "no": "no", "on": "on", "e": "1e3", "n": "~", "empty": "", "q": "5"}


def test_places_count_from_one():
    top = parse_yaml("a: 1\nb:\n  - x\n  - {k: 示, l: m}\n", "f.yaml")
    assert top.key_at["b"] == Place("f.yaml", 2, 1)
    items = top["b"]
    assert isinstance(items, Items)
    assert items[0].at == Place("f.yaml", 3, 5)
    inner = items[1]
    assert isinstance(inner, Map)
    assert inner["l"].at == Place("f.yaml", 4, 15)
    assert inner.place_of("l") == Place("f.yaml", 4, 12)
    assert inner.place_of("nope") == inner.at
    assert str(inner.at) == "f.yaml:4:5"


@pytest.mark.parametrize(
    ("text", "line", "code", "part"),
    [
        ("a: 1\na: 2", 2, "WB-6002", "line 1"),
        ("a: &x 1", 1, "WB-6001", "anchor"),
        ("a: 1\nb: *x", 2, "WB-6001", "alias"),
        ("a: !!python/object:os.system x", 1, "WB-6001", "tag"),
        ("- 1", 1, "WB-6001", "not a mapping"),
        ("", 1, "WB-6001", "not a mapping"),
        ("a: 1\nb: [", 3, "WB-6001", "not YAML"),
        ("a: 1\nb: \x01", 2, "WB-6001", "control character"),
        ("a: 1\n---\nb: 1", 2, "WB-6001", "second document"),
        ("[1, 2]: x", 1, "WB-6001", "key that is not a text"),
        ("a: " + "[" * 60 + "]" * 60, 1, "WB-6001", "nested deeper"),
    ],
)
def test_what_is_refused(text, line, code, part):
    with pytest.raises(Invalid) as caught:
        parse_yaml(text, "f")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place.line == line
    assert part in problem.text


def test_a_bomb_of_aliases_is_refused_at_the_first():
    bomb = "a: &a [x, x]\n" + "".join(f"k{i}: [*a, *a]\n" for i in range(1000))
    with pytest.raises(Invalid, match="anchor"):
        parse_yaml(bomb, "f")


def test_too_many_values_are_refused(monkeypatch):
    monkeypatch.setattr(nodes, "MAX_NODES", 10)
    with pytest.raises(Invalid, match="more than 10"):
        parse_yaml("a: [1,2,3,4,5,6,7,8,9,10]", "f")


def test_files(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xe7\xa4\xba\r\nb: 2\r\n")
    assert load_yaml(path) == {"a": "示", "b": "2"}
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(Invalid, match=r"r\.yaml:2:1: WB-6001 not UTF-8"):
        load_yaml(path, "r.yaml")
    with pytest.raises(Invalid, match="cannot be read"):
        load_yaml(tmp_path / "none.yaml")
    path.write_bytes(b"a: " + b"x" * nodes.MAX_BYTES)
    with pytest.raises(Invalid, match="larger than"):
        load_yaml(path)


def test_nodes_travel_by_pickle():
    top = parse_yaml("a: [1, {b: c}]", "f")
    again = pickle.loads(pickle.dumps(top))
    assert again == top
    assert again["a"].at == top["a"].at
    assert pickle.loads(pickle.dumps(Text("x", Place("f", 1, 2)))).at == Place("f", 1, 2)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        parse_yaml(text, "f")
    except Invalid as error:
        places = [problem.place for problem in error.problems]
        assert places
        assert all(place.line >= 1 and place.column >= 1 for place in places)
