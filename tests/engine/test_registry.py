"""The folder is the registry."""

import pytest

from engine.registry import Registry, Unknown, names


def test_files_of_the_folder_are_what_there_is():
    assert "soap_in" in names("channels")
    assert "call" in names("engine.steps")
    assert names("no_such_package") == ()
    assert Registry().channel("soap_in").__name__ == "channels.soap_in"
    assert hasattr(Registry().verb("call"), "Settings")


@pytest.mark.parametrize("name", ["soap_inn", "../x", "_soap", "os.path", "", "Soap_in"])
def test_anything_else_is_unknown_and_the_known_are_named(name):
    with pytest.raises(Unknown) as caught:
        Registry().channel(name)
    assert "soap_in" in caught.value.known
