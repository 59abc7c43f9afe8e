"""A token opens what its scope says, for its station, and nothing else."""

from __future__ import annotations

from engine.ops import tokens
from tests.web.api.world import Browser, World

ASKED = {"name": "page.jpg", "size": 3, "sha256": "a" * 64, "station": "admission"}
UPLOADS = "/api/v1/scan/uploads"


def made(world: World, station: str = "") -> Browser:
    """A program with a new token."""
    token = world.write(lambda conn: tokens.add(conn, "scanner", "scan-upload", station))["token"]
    program = Browser(world.app)
    program.headers["authorization"] = f"Bearer {token}"
    return program


def test_a_program_needs_its_token_and_no_session(world: World) -> None:
    program = made(world)
    assert program.post(UPLOADS, ASKED).status == 200
    assert program.get("/api/v1/today").status == 401
    assert Browser(world.app).post(UPLOADS, ASKED).status == 401
    assert world.rows("SELECT used_at FROM token") == [{"used_at": world.bridge.now()}]


def test_a_token_of_a_station_sends_for_it_alone(world: World) -> None:
    program = made(world, "admission")
    begun = program.post(UPLOADS, ASKED)
    assert begun.status == 200
    assert program.post(UPLOADS, {**ASKED, "station": "ward"}).status == 403
    other = made(world, "ward")
    assert other.get(f"{UPLOADS}/{begun.json()['id']}").status == 403
    assert other.send("PUT", f"{UPLOADS}/{begun.json()['id']}?offset=0", b"abc").status == 403


def test_guesses_are_slowed_down_and_a_right_token_is_not(world: World) -> None:
    program = made(world)
    guess = Browser(world.app)
    statuses = []
    for word in ("Bearer wbt_guess", "Basic eDp5", "Bearer", "nonsense") * 4:
        guess.headers["authorization"] = word
        statuses.append(guess.post(UPLOADS, ASKED).status)
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429] * 6
    for _ in range(12):
        assert program.post(UPLOADS, ASKED).status == 200


def test_a_person_needs_the_right_and_the_csrf_token(world: World) -> None:
    person = world.sign_in("SC")
    assert person.post(UPLOADS, ASKED).status == 200
    del person.headers["x-csrf"]
    assert person.post(UPLOADS, ASKED).status == 403
    assert world.sign_in("PH", login="doctor").post(UPLOADS, ASKED).status == 403
