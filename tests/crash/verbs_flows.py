"""One message of each kind through the site of `verbs_site`, from its sender to its end, and what must be seen then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.crash import verbs_points
from tests.crash.children import until
from tests.crash.verbs_plant import VerbsPlant
from tests.crash.verbs_points import Case

Ends = tuple[tuple[str, str], ...]
SECONDS = 60.0
"""For one message, on a busy machine."""


class Flow:
    """One message. `send` returns when it is taken; `look` does what people and devices do; `done` by the peers."""

    paths: tuple[str, ...] = ()
    ends: Ends = ()
    """Route and state of each run, sorted."""

    def __init__(self, plant: VerbsPlant, number: int) -> None:
        self.plant = plant
        self.name = f"{type(self).__name__}{number}"
        self.after = plant.last()

    def send(self) -> None:
        raise NotImplementedError

    def look(self) -> None:
        self.plant.people()

    def settled(self) -> bool:
        """Every run ended."""
        self.plant.revive()
        self.look()
        return len(self.plant.ends(self.after)) >= len(self.ends) and not self.plant.open()

    def story(self) -> str:
        """For a test that fails."""
        return f"open: {self.plant.open()}, ended: {self.plant.ends(self.after)}; {self.plant.daemon.tail()}"

    def check(self, case: Case) -> None:
        """Each effect once at its peer; a request comes again only where the kill left that open."""
        assert self.plant.ends(self.after) == list(self.ends), self.story()
        outside = self.plant.outside
        came = {path: outside.came[path.format(self.name)] for path in self.paths}
        # A call of another run, or of the route beside it, may have been under way when the daemon was killed.
        beside = case.point.partition(":")[0] in verbs_points.BESIDE
        least, more = len(self.paths) + case.sent, len(self.paths) > 1 or beside
        assert all(1 <= times <= 2 for times in came.values()), came
        assert least <= sum(came.values()) <= max(least, len(self.paths) * (2 if more else 1)), came
        answered = list(self.plant.answered)
        assert answered == case.doubt or (beside and len(answered) == 1), answered
        self.again()

    def again(self) -> None:
        """The sender sends the same once more: no run, no effect."""
        before = (self.plant.last(), sum(self.plant.outside.came.values()), len(self.plant.lab.messages))
        self.send()
        assert (self.plant.last(), sum(self.plant.outside.came.values()), len(self.plant.lab.messages)) == before


class Kinds(Flow):
    paths = ("/kinds/{}%20ok", "/told/{}")
    ends: Ends = (("kinds_on", "done"), ("kinds_on", "done"), ("kinds_on", "filtered"), ("told_on", "done"))

    def send(self) -> None:
        parts = "".join(f"<part><n>{n}</n><kind>{kind}</kind></part>" for n, kind in ((1, "send"), (2, "none")))
        body = f"<kinds><id>{self.name}</id><ward>W</ward>{parts}</kinds>"
        assert self.plant.post("/kinds", body)[1].strip().endswith(b'<said code="0"/>')

    def check(self, case: Case) -> None:
        super().check(case)
        assert self.plant.outside.done[f"/kinds/{self.name}%20ok"] == 1, "its key was the same"
        assert self.plant.outside.bodies[f"/kinds/{self.name}%20ok"] == f"<made><id>{self.name}</id><n>1</n></made>"


class Lab(Flow):
    ends: Ends = (("lab_on", "done"),)

    def send(self) -> None:
        self.plant.hl7(self.name, "P1")

    def check(self, case: Case) -> None:
        super().check(case)
        assert self.plant.at_lab(self.name) == 1


class Waits(Flow):
    paths = ("/waits/{}",)
    ends: Ends = (("renames", "done"), ("waits", "done"), ("wakes", "done"))

    def __init__(self, plant: VerbsPlant, number: int) -> None:
        super().__init__(plant, number)
        self._said: set[str] = set()

    def send(self) -> None:
        self._post("waits")

    def _post(self, route: str) -> None:
        self.plant.post(f"/{route}", f"<{route}><id>{self.name}</id></{route}>")

    def look(self) -> None:
        """The device writes its file; somebody renames before the question is answered; then it is woken."""
        folder = self.plant.site / "drop" / _percent(self.name)
        if folder.is_dir():
            self._once("file", lambda: _write(folder))
        waiting = "SELECT step FROM run WHERE route = 'waits' AND seq > ? AND waits_for <> ''"
        step = next((str(row[0]) for row in self.plant.rows(waiting, self.after)), "")
        if step == "person":
            self._once("renames", lambda: self._post("renames"))
            if ("renames", "done") in self.plant.ends(self.after):
                super().look()
        elif step == "woken":
            self._once("wakes", lambda: self._post("wakes"))

    def _once(self, what: str, act: Callable[[], object]) -> None:
        if what not in self._said:
            act()
            self._said.add(what)

    def check(self, case: Case) -> None:
        super().check(case)
        assert self.plant.outside.bodies[f"/waits/{self.name}"] == "name=renamed"
        folder = self.plant.site / "drop" / _percent(self.name)
        until(lambda: not (folder / "it.txt").exists(), 20, "the file that was taken is not moved")
        assert [path.name for path in (folder / ".done").iterdir()] == ["it.txt"]


class Cancels(Waits):
    paths = ("/cancelled/{}",)
    ends: Ends = (("cancels", "done"), ("waits", "cancelled"))

    def look(self) -> None:
        if self.plant.rows("SELECT 1 FROM run WHERE route = 'waits' AND seq > ? AND step = 'file'", self.after):
            self._once("cancels", lambda: self._post("cancels"))

    def check(self, case: Case) -> None:
        Flow.check(self, case)


class Done(Flow):
    paths = ("/done/{}",)
    ends = (("done_on", "done"),)

    def send(self) -> None:
        body = f"<done><id>{self.name}</id></done>"
        assert self.plant.post("/done", body)[1].strip().endswith(b'<said code="0"/>')
        assert self.plant.outside.done[f"/done/{self.name}"] >= 1, "answered before it was done"


class Fails(Flow):
    paths = ("/fails/{}",)
    ends = (("fails", "done"),)

    def send(self) -> None:
        self.plant.post("/fails", f"<fails><id>{self.name}</id></fails>")

    def check(self, case: Case) -> None:
        super().check(case)
        assert self.plant.mail.letters[self.name] == 1


FLOWS: dict[str, type[Flow]] = {cls.__name__.lower(): cls for cls in (Kinds, Lab, Waits, Cancels, Done, Fails)}


def run(case: Case, plant: VerbsPlant) -> None:
    """One message, killed at the case's point; then everything is counted."""
    plant.answered.clear()
    flow = FLOWS[case.kind](plant, next(plant.numbers))
    kills = plant.kills
    plant.arming.write_text(case.point)
    flow.send()
    until(flow.settled, SECONDS, flow.story)
    # What is settled may be seen an instant before the point behind it is passed.
    until(lambda: plant.kills > kills or plant.revive(), 5, f"the point {case.point} was never reached")
    until(flow.settled, SECONDS, flow.story)
    assert plant.kills == kills + 1
    flow.check(case)


def _write(folder: Path) -> None:
    (folder / ".it").write_text("a file", "utf-8")
    (folder / ".it").rename(folder / "it.txt")


def _percent(name: str) -> str:
    """The filter `filename` for the names of these tests: capitals are percent-encoded."""
    return "".join(f"%{ord(char):02X}" if char.isupper() else char for char in name)
