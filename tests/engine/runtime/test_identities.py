"""Keys of identities: one for each, side by side where a sender counts, and nothing of a patient but three letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.identities import FORMER, former, key_of

PARTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=3).map(tuple)


@given(one=PARTS, other=PARTS)
def test_two_identities_never_have_one_key(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (key_of(one) == key_of(other)) == (one == other)
    assert (former("s", one) == former("s", other)) == (one == other)


def test_the_keys_of_a_sender_that_counts_lie_side_by_side() -> None:
    keys = [key_of(("WARD", "A", f"WB#{number:09d}")) for number in range(41_000, 42_000)]
    others = [key_of(("LAB", "B", f"{number}")) for number in range(5000)]
    ordered = sorted(keys + others)
    assert ordered[ordered.index(keys[0]) :][:1000] == keys


def test_a_key_tells_no_more_than_the_last_three_letters() -> None:
    key = key_of(("P0009000001",))
    assert key.endswith("001")
    assert len(key) == 35
    assert "0009000" not in key


def test_who_has_no_identity_has_no_key() -> None:
    assert key_of(()) == ""
    assert key_of(("",)) != ""


def test_the_scopes_of_an_earlier_version_come_after_all_others() -> None:
    scope, key = former("zz_last/ORM", ("A", "1"))
    assert scope > "zz_last/ORM"
    assert scope.startswith(FORMER)
    # As the version before migration 0010 made it: `["A", "1"]`.
    assert key == "3825ab73d4b6d4b77252caa41c73690f4bba1be79be850a4cc966451e2ba68de"
