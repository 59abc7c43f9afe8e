"""The hardened parser and texts out of trees."""

import pytest

from engine.message import Refused, Xml
from engine.site import trees

BOMB = (
    b"<!DOCTYPE a [<!ENTITY x '" + b"y" * 1000 + b"'>"
    b"<!ENTITY z '" + b"&x;" * 1000 + b"'><!ENTITY w '" + b"&z;" * 1000 + b"'>]><a>&w;</a>"
)


def test_text_leaves_comments_out():
    root = trees.parse(b"<a>1<!--no-->2<b>3</b></a>")
    assert trees.text_of(root) == "123"
    assert not trees.is_leaf(root)
    assert trees.is_leaf(root[1])
    assert trees.is_leaf("attribute")


def test_a_subtree_has_no_tail():
    assert trees.subtree(trees.parse("<a><b>示</b>tail</a>".encode())[0]) == Xml("<b>示</b>".encode())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<a", "WB-1001"),
        (b"", "WB-1001"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "WB-1002"),
        (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "WB-1002"),
    ],
)
def test_what_is_refused(data, code):
    with pytest.raises(Refused) as caught:
        trees.parse(data)
    assert caught.value.code == code


def test_an_entity_bomb_is_refused():
    with pytest.raises(Refused):
        trees.parse(BOMB)


def test_compiled_expressions_are_kept():
    assert trees.compiled("//a") is trees.compiled("//a")
