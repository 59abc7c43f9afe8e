"""Durations, sizes, shares, addresses, files, secrets."""

import pickle
from pathlib import Path

import pytest

from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Listen, Percent, Rate, Secret, SitePath, Size, TransformFile, build


def read(kind, text, folder=Path()):
    return build(kind, parse_yaml(f"v: {text}", "f")["v"], Context(folder))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration, "200ms", 0.2),
        (Duration, "5s", 5),
        (Duration, "1.5s", 1.5),
        (Duration, "1m", 60),
        (Duration, "72h", 259200),
        (Duration, "30d", 2592000),
        (Size, "500B", 500),
        (Size, "64KiB", 65536),
        (Size, "10MiB", 10485760),
        (Percent, "20%", 0.2),
        (Percent, "0%", 0),
        (Rate, "50/s", 50.0),
        (Rate, "600/m", 10.0),
        (Rate, "3600/h", 1.0),
        (Listen, "127.0.0.1:8081", Listen("127.0.0.1", 8081)),
        (Listen, "'[::1]:0'", Listen("::1", 0)),
        (Secret, "{secret: ca_hmac}", Secret("ca_hmac")),
    ],
)
def test_values(kind, text, value):
    made = read(kind, text)
    assert made == pytest.approx(value) if isinstance(value, float) else made == value
    assert isinstance(made, kind)


@pytest.mark.parametrize(
    ("kind", "text", "part"),
    [
        (Duration, "5", "5s"),
        (Duration, "-5s", "not a duration"),
        (Duration, "5 s", "not a duration"),
        (Duration, "1:30", "not a duration"),
        (Duration, "[5s]", "one value"),
        (Size, "10MB", "10MiB"),
        (Size, "10", "not a size"),
        (Percent, "0.2", "20%"),
        (Percent, "120%", "not a share"),
        (Listen, "8081", "127.0.0.1:8081"),
        (Listen, "localhost:99999", "not an address"),
        (Secret, "hunter2", "{secret: NAME}"),
        (Secret, "{secret: A-b}", "not the name of a secret"),
        (Secret, "{secret: a, more: b}", "not the name of a secret"),
        (SitePath, "''", "not a path"),
        (TransformFile, "a.py", "not a transform file"),
        (TransformFile, "none.xsl", "no file `none.xsl`"),
    ],
)
def test_faults(kind, text, part):
    with pytest.raises(Invalid) as caught:
        read(kind, text)
    assert part in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("his.example", False)],
)  # fmt: skip
def test_who_can_reach_a_listener(host, loopback):
    assert Listen(host, 1).loopback is loopback


def test_addresses_are_shown_as_they_are_written():
    assert str(Listen("::1", 5)) == "[::1]:5"
    assert str(Listen("127.0.0.1", 5)) == "127.0.0.1:5"


def test_paths_start_in_the_folder_of_the_site(tmp_path):
    assert read(SitePath, "var/x", tmp_path) == tmp_path / "var/x"
    assert read(SitePath, "/else/where", tmp_path) == Path("/else/where")
    (tmp_path / "order.xsl").touch()
    made = read(TransformFile, "order.xsl", tmp_path)
    assert made == tmp_path / "order.xsl"
    assert isinstance(pickle.loads(pickle.dumps(made)), TransformFile)
    with pytest.raises(Invalid, match=r"did you mean `order\.xsl`"):
        read(TransformFile, "ordr.xsl", tmp_path)
