"""The engine from a message in to a request out, on memory channels."""

from __future__ import annotations

from pathlib import Path

from tests.engine.world import World, write_site

SITE = """
connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
routes:
  plain:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}, seen: {optional: true}}
    steps:
      - {id: note, set: {labels: {seen: '$(body/id|upper)'}}}
      - {id: out, call: {to: sink, operation: send, body: '$(body/id)'}}
"""


async def test_a_message_goes_through(tmp_path: Path) -> None:
    world = await World(write_site(tmp_path, SITE)).start()
    try:
        reply = await world.put("<order><id>a1</id></order>", "order")
        assert reply.kind == "accepted"
        await world.ended()
        assert [request.arguments["body"] for request in world.channel("sink").requests] == ["a1"]
        again = await world.put("<order><id>a1</id></order>", "order")
        assert (again.kind, again.message_id) == ("repeat", reply.message_id)
        other = await world.put("<order><id>a1</id><x/></order>", "order")
        assert other.kind == "conflict"
        assert len(world.runs()) == 1
    finally:
        await world.stop()
