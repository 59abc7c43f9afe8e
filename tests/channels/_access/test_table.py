"""How a row is made to fit its table, and how rows are compared."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from channels._access.table import Column, Table, fit, json_value, same
from engine.message import Refused

TEXT, WHOLE, REAL, EXACT, BIT, DAY, TIME, STAMP = 12, 4, 8, 2, -7, 91, 92, 93


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (TEXT, "02001", "02001"),
        (TEXT, 7, "7"),
        (TEXT, "", None),
        (TEXT, None, None),
        (WHOLE, " 14 ", 14),
        (WHOLE, "", None),
        (REAL, "1.5", 1.5),
        (EXACT, "12.30", Decimal("12.30")),
        (BIT, "true", True),
        (BIT, "0", False),
        (DAY, "1980-02-03", date(1980, 2, 3)),
        (TIME, "08:09:10", time(8, 9, 10)),
        (STAMP, "1980-02-03", datetime.fromisoformat("1980-02-03")),
        (STAMP, "2026-11-20 08:09:10.123", datetime.fromisoformat("2026-11-20 08:09:10")),
        (-11, "{guid}", "{guid}"),
    ],
)
def test_a_value_in_the_type_of_its_column(kind: int, given: object, kept: object) -> None:
    assert fit(Column("C", kind, 0), given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [(WHOLE, "14岁"), (REAL, "x"), (EXACT, "x"), (BIT, "maybe"), (DAY, "19800203x"), (TIME, "25:00"), (STAMP, "3月")],
)
def test_an_age_in_words_is_no_number(kind: int, given: str) -> None:
    with pytest.raises(Refused) as caught:
        fit(Column("Age", kind, 0), given)
    assert caught.value.reason == "the value for Age is not of the column's type"
    assert given not in str(caught.value)


def test_a_column_is_found_whatever_its_case() -> None:
    table = Table("Clients", {"ClientID": Column("ClientID", TEXT, 5)})
    assert table.fit({"clientid": "1"}) == {"ClientID": "1"}
    assert table.key(["CLIENTID"], {"ClientID": "1"}) == {"ClientID": "1"}
    with pytest.raises(Refused, match=r"has no column Nothing \(it has ClientID\)"):
        table.fit({"Nothing": "1"})
    with pytest.raises(Refused, match="no column has no value"):
        table.key([], {})


@pytest.mark.parametrize(
    ("ours", "theirs", "equal"),
    [
        (None, "", True),
        (None, None, True),
        ("a", None, False),
        (None, "a", False),
        ("a", "a", True),
        ("a", "A", False),
        (1.5, Decimal("1.5"), True),
        (0.1, 0.10000000149, True),
        (datetime.fromisoformat("2026-01-02"), datetime.fromisoformat("2026-01-02 00:00:00.000005"), True),
    ],
)
def test_equal_values(ours: object, theirs: object, equal: bool) -> None:
    assert same(ours, theirs) is equal


def test_a_row_as_json() -> None:
    assert [json_value(value) for value in (date(2026, 1, 2), Decimal("1.0"), b"x", "x", None)] == [
        "2026-01-02",
        "1.0",
        None,
        "x",
        None,
    ]
