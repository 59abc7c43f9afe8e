"""The conversation: answers go in, failures are thrown in, and the outcome comes out."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Refused, Unavailable
from signing.provider import Failed, ProviderRequest, Signer, SignJob, Steps, converse


def asks_twice() -> Steps[Signer | Failed]:
    first = yield ProviderRequest("one", {"fields": {}})
    try:
        second = yield ProviderRequest("two", {"fields": {"got": first}})
    except Refused as refused:
        return Failed(refused.code, refused.reason)
    return Signer(f"{first}{second}")


async def test_answers_go_in_and_the_outcome_comes_out() -> None:
    seen: list[ProviderRequest] = []

    async def send(request: ProviderRequest) -> Any:
        seen.append(request)
        return request.operation

    assert await converse(asks_twice(), send) == Signer("onetwo")
    assert [request.operation for request in seen] == ["one", "two"]


async def test_a_failure_is_handled_inside_or_comes_out() -> None:
    def failing(failure: Exception) -> Any:
        async def send(request: ProviderRequest) -> Any:
            if request.operation == "two":
                raise failure
            return ""

        return send

    outcome = await converse(asks_twice(), failing(Refused("WB-3003", "no")))
    assert outcome == Failed("WB-3003", "no")
    with pytest.raises(Unavailable):
        await converse(asks_twice(), failing(Unavailable("WB-3001", "away")))


def test_no_repr_holds_a_person() -> None:
    job = SignJob("k", 1, 1, "D9001", "title of 植入甲", signer="U-secret")
    shown = f"{job} {ProviderRequest('x', {'title': '植入甲'})} {Signer('U-secret')}"
    assert "植入甲" not in shown
    assert "U-secret" not in shown
