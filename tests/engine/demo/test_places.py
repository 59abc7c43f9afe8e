"""Where the demonstration's neighbours are."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.demo.places import WEB, DemoFailed, Places, places_of
from engine.site.problems import Invalid
from tests.engine.demo.copy_site import ROOT, copy_site
from tests.ports import free_ports


def test_the_site_of_the_repository_is_on_its_known_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYBILL_WEB", raising=False)
    places = places_of(ROOT)
    assert places.web == WEB
    assert places.ports() == {
        "the screens": ("127.0.0.1", 8080),
        "the HIS listener": ("127.0.0.1", 8081),
        "the HIS simulator": ("127.0.0.1", 8091),
        "the CA simulator": ("127.0.0.1", 8092),
    }
    assert (places.listener, places.phone) == ("http://127.0.0.1:8081/his", "http://127.0.0.1:8092/phone")
    assert (places.app_id, places.secret, places.device_driver) == ("demo", "ca_hmac", "SQLite3")
    assert places.device_folders == ROOT / "var" / "demo" / "PatientData"


def test_a_copy_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = copy_site(tmp_path)
    monkeypatch.setenv("WAYBILL_WEB", addresses["web"])
    places = places_of(tmp_path)
    assert (places.web, places.his) == (addresses["web"], f"http://{addresses['his_out']}/his")
    assert places.device_file == tmp_path / "var" / "demo" / "device.sqlite"
    places.check_free()


@pytest.mark.parametrize("name", ["the screens", "the HIS listener", "the HIS simulator", "the CA simulator"])
def test_a_port_that_is_in_use_is_named(name: str) -> None:
    ports = free_ports(4)
    places = made(*ports)
    _, port = places.ports()[name]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(DemoFailed, match=rf"^port {port} for {name} cannot be used: Address already in use$"):
            places.check_free()
    places.check_free()


def made(*ports: int) -> Places:
    web, listener, his, ca = (f"127.0.0.1:{port}" for port in ports)
    path = Path("device")
    return Places(
        web,
        f"http://{listener}/his",
        f"http://{his}/his",
        f"http://{ca}",
        "demo",
        "k",
        "SQLite3",
        path,
        path,
        f"http://{listener}/appointments",
        path,
    )


def test_a_site_that_is_not_the_demonstrations(tmp_path: Path) -> None:
    copy_site(tmp_path)
    file = tmp_path / "routes.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("http://127.0.0.1", "http://192.0.2.1"), "utf-8")
    with pytest.raises(DemoFailed, match=r"on 127.0.0.1, not on 192.0.2.1"):
        places_of(tmp_path).check_free()
    file.write_text(text.replace("  ca: {type: coss", "  ca2: {type: coss").replace("with: ca,", "with: ca2,"), "utf-8")
    with pytest.raises(DemoFailed, match=r"has no connection ca of type coss$"):
        places_of(tmp_path)
    file.write_text("routes: [", "utf-8")
    with pytest.raises(Invalid):
        places_of(tmp_path)


def test_screens_need_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("localhost", "127.0.0.1:http", ""):
        monkeypatch.setenv("WAYBILL_WEB", wrong)
        with pytest.raises(DemoFailed, match="the address of the screens has no host and port"):
            places_of(ROOT).ports()
