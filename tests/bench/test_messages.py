"""The messages of the benchmarks are what they claim to be."""

import pytest
from lxml import etree

from bench.messages import ROUTES, maker, number_of
from bench.sites import XSD
from engine import hl7


@pytest.mark.parametrize("route", ROUTES)
def test_the_number_is_found_again(route):
    assert number_of(maker(route)(123456789, 3)) == 123456789
    assert number_of(maker(route)(7, 3)) == 7


def test_no_number():
    assert number_of(b"") == number_of(b"WB#12345678") == number_of(b"WB#12345678x") == -1


def test_the_message_is_hl7():
    message = hl7.Message(hl7.read(maker("mllp")(7, 3)).data)
    assert message.get("MSH-10") == ["WB#000000007"]
    assert message.get("PID-3[1].1") == ["P00003"]


def test_the_order_keeps_its_rules():
    schema = etree.XMLSchema(etree.fromstring(XSD.encode()))
    schema.assertValid(etree.fromstring(maker("http")(7, 3)))
