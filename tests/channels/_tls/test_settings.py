"""`tls:` as an analyst writes it, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels._tls.settings import Tls, check_calling, check_listening
from engine.site.nodes import load_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, build
from engine.site.units import Secret, SitePath


def written(text: str, folder: Path) -> Tls:
    path = folder / "routes.yaml"
    path.write_text(text)
    return build(Tls, load_yaml(path), Context(folder))


def test_files_start_in_the_site_and_the_key_may_be_a_secret(tmp_path: Path) -> None:
    tls = written("{certificate: tls/a.pem, key: {secret: tls_key}, ca: ca.pem, client: required}", tmp_path)
    assert tls == Tls(SitePath(tmp_path / "tls/a.pem"), Secret("tls_key"), SitePath(tmp_path / "ca.pem"), "required")
    assert written("{certificate: a.pem, key: a.key}", tmp_path).key == SitePath(tmp_path / "a.key")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{certificate: a.pem}", "stand together"),
        ("{key: {secret: tls_key}}", "stand together"),
        ("{certificate: a.pem, key: a.key, client: required}", "needs `ca`"),
        ("{certificate: a.pem, key: a.key, client: maybe}", "not one of the choices"),
        ("{cert: a.pem}", "unknown key `cert`"),
    ],
)
def test_what_does_not_fit_is_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        written(text, tmp_path)
    assert said in " ".join(problem.text for problem in caught.value.problems)


def test_a_listener_needs_a_certificate_and_a_caller_an_https_address() -> None:
    both = Tls(SitePath("a.pem"), SitePath("a.key"))
    check_listening(None)
    check_listening(both)
    check_calling(None, secure=False)
    check_calling(both, secure=True)
    with pytest.raises(ValueError, match="needs `certificate`"):
        check_listening(Tls(ca=SitePath("ca.pem")))
    with pytest.raises(ValueError, match="connections that call"):
        check_listening(Tls(SitePath("a.pem"), SitePath("a.key"), server_name="x"))
    with pytest.raises(ValueError, match="https"):
        check_calling(Tls(), secure=False)
    with pytest.raises(ValueError, match="that listen"):
        check_calling(Tls(SitePath("a.pem"), SitePath("a.key"), SitePath("ca.pem"), "required"), secure=True)
