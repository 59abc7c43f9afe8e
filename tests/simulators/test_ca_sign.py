"""What the CA simulator signs is a real signature, by the word of three programs that are not ours."""

from pathlib import Path

import pytest

from simulators.ca_keys import Algorithm, Authority
from simulators.ca_sign import HOSTILE, Seal, Wish, produce
from simulators.report import report_bytes
from tests.signing.oracles import openssl, pdfsig, qpdf

PDF = report_bytes("1||2", "invented", "ANS", pages=3)
SEAL = Seal(page=3, left=360, bottom=120, right=445, top=160)


def make(folder: Path, algorithm: Algorithm = "ecdsa", seal: Seal | None = SEAL) -> Wish:
    return Wish(PDF, Authority(folder / "ca", algorithm), "U-D9001", seal)


@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
@pytest.mark.parametrize("seal", [SEAL, None])
def test_an_honest_signature_passes_the_oracles(tmp_path: Path, algorithm: Algorithm, seal: Seal | None) -> None:
    wish = make(tmp_path, algorithm, seal)
    signed = produce(wish)
    assert signed.startswith(PDF)
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    assert pdfsig(path)
    assert qpdf(path)
    assert openssl(path, wish.authority.root_pem, tmp_path)


@pytest.mark.parametrize("mode", sorted(HOSTILE))
def test_each_hostile_mode_differs_from_an_honest_answer(tmp_path: Path, mode: str) -> None:
    wish = make(tmp_path)
    returned = produce(wish, mode)
    assert isinstance(returned, bytes)
    assert returned != wish.honest()
