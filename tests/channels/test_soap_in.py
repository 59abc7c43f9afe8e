"""Settings and small parts of `soap_in`; the rest is in tests/wire and tests/contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.soap_in import Settings
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Listen, Size, build


def made(text: str, tmp_path: Path) -> Settings:
    return build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))


def test_the_settings_of_the_demonstration(tmp_path: Path) -> None:
    settings = made(
        "{listen: 127.0.0.1:8081, path: /his, namespace: 'http://www.dhcc.com.cn', envelope: hip, "
        "operations: {MES0138: AddRisAppBillRt}, max_body: 1MiB, idle: 5s}",
        tmp_path,
    )
    assert settings.listen == Listen("127.0.0.1", 8081)
    assert settings.operations == {"MES0138": "AddRisAppBillRt"}
    assert (settings.max_body, settings.idle, settings.receive_time) == (Size(1 << 20), Duration(5), Duration(30))
    assert made("{listen: 127.0.0.1:8081}", tmp_path).max_body == 4 << 20


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{listen: 0.0.0.0:8081}", "allow"),
        ("{listen: 127.0.0.1:8081, path: his}", "begins with"),
        ("{listen: 127.0.0.1:8081, max_body: 50MiB}", "at most"),
        ("{listen: 127.0.0.1:8081, allow: [10.1.0.0/33]}", "10.1.0.0/33"),
        ("{listen: 127.0.0.1:8081, envelope: soap}", "not one of the choices"),
        ("{path: /his}", "listen"),
    ],
)
def test_settings_that_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        made(text, tmp_path)
    assert reason in " ".join(str(problem) for problem in error.value.problems)
