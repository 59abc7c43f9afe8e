"""Secrets: environment first, then files that nobody else reads."""

import pytest

from engine.site.secrets import MAX_BYTES, SecretMissing, Secrets


@pytest.fixture
def write(tmp_path):
    def make(content, mode=0o600, name="ca_hmac"):
        folder = tmp_path / "secrets"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(mode)
        return Secrets(tmp_path)

    return make


def test_a_file_of_mode_0600(write):
    assert write(b"top secret\n").get("ca_hmac") == "top secret"
    assert write(b" kept \r\n").get("ca_hmac") == " kept "
    assert write(b"x", 0o400).get("ca_hmac") == "x"


def test_the_environment_comes_first(write, monkeypatch):
    monkeypatch.setenv("WAYBILL_SECRET_CA_HMAC", "from the environment")
    assert write(b"file").get("ca_hmac") == "from the environment"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_a_file_that_others_can_read_is_refused(write, mode):
    with pytest.raises(SecretMissing, match="chmod 600 secrets/ca_hmac") as caught:
        write(b"hunter2", mode).get("ca_hmac")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "part"), [(b"", "empty"), (b"\n", "empty"), (b"\xff", "not UTF-8"), (b"x" * (MAX_BYTES + 1), "larger")]
)
def test_unusable_content(write, content, part):
    with pytest.raises(SecretMissing, match=part):
        write(content).get("ca_hmac")


def test_what_is_missing_is_said_with_both_ways_out(tmp_path):
    with pytest.raises(SecretMissing, match=r"WAYBILL_SECRET_CA_HMAC.*secrets/ca_hmac"):
        Secrets(tmp_path).get("ca_hmac")
    (tmp_path / "secrets" / "folder").mkdir(parents=True)
    with pytest.raises(SecretMissing, match="cannot be read"):
        Secrets(tmp_path).get("folder")


@pytest.mark.parametrize("name", ["../x", "A", "", "a/b", "x" * 65])
def test_names_that_are_no_names(tmp_path, name):
    with pytest.raises(SecretMissing, match="lower-case"):
        Secrets(tmp_path).get(name)
