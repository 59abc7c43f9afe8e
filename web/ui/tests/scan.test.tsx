import { PEOPLE } from "@dev/mock/scan";
import { MockServer } from "@dev/mock/server";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { group, nextUnassigned, reach, scannedText } from "@/screens/scan/assign/scope";
import { accepting, isoDate, waiting } from "@/screens/scan/classify/suggested";
import { foresee, merge, type ShownBatch } from "@/screens/scan/desk/local";
import { aspect, preview, turned, withinCrop } from "@/screens/scan/page/shape";
import type { Batch, Page, PatientBrief, ScanProblem } from "@/screens/scan/types";
import { FakeEvents, open } from "./house";

const calls = (server: MockServer, path: string) =>
  server.calls.filter((call) => call.path === `/scan/${path}`).map((call) => call.body);
const cells = () => screen.getAllByTestId("cell");
const cell = (id: string) => document.getElementById(`page-${id}`);
const cursor = () => cells().find((one) => one.getAttribute("aria-current"))?.dataset.page;

async function desk(id: string, path = "", change: (server: MockServer) => void = () => undefined) {
  const server = new MockServer(true);
  change(server);
  const opened = open(`/scan/${id}${path}`, server);
  await screen.findAllByTestId(path === "/classify" ? "group" : "cell");
  return opened;
}
const batchOf = (server: MockServer, id: string): Batch =>
  server.scan.batches.find((one) => one.id === id) as Batch;

describe("the batches", () => {
  it("are listed with state, pages of those expected, and who works on them", async () => {
    open("/scan");
    const row = (await screen.findByText("Ward 3, May")).closest("tr");
    expect(row?.textContent).toContain("16 / 16");
    expect(row?.textContent).toContain("me");
    expect(screen.getByText("Separator 2 of 3 is missing after page 6.")).toBeTruthy();
  });
  it("are reached by g b, and the next one is claimed and opened by n", async () => {
    const { server, user } = open("/today");
    await screen.findByText(/Good day/);
    await user.keyboard("gb");
    await screen.findByText("Ward 3, May");
    batchOf(server, "b1").lock = { by: { login: "luz", name: "Luz", me: false }, at: Date.now() };
    await user.keyboard("1");
    FakeEvents.all.at(-1)?.send("changed", { topics: ["scan"] });
    await waitFor(() => expect(screen.getByText("Luz")).toBeTruthy());
    await user.keyboard("n");
    await screen.findByTestId("stopped");
    expect(location.pathname).toBe("/scan/b3");
    expect(calls(server, "batches/b3/claim")).toHaveLength(1);
  });
  it("are begun by N, with the sheets said", async () => {
    const { server, user } = open("/scan");
    await screen.findByText("Ward 3, May");
    await user.keyboard("N");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Title"), "Box 9");
    await user.type(within(dialog).getByLabelText("Sheets fed"), "40");
    await user.type(within(dialog).getByLabelText("Title"), "{Enter}");
    await screen.findByText("No page yet");
    expect(calls(server, "batches")[0]).toMatchObject({ station: "scan-1", title: "Box 9", sheets: 40 });
  });
  it("are taken over with a word why", async () => {
    const { server, user } = open("/scan");
    await screen.findByText("Box 17");
    await user.keyboard("jjt");
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("Luz Muestra");
    await user.type(within(dialog).getByRole("textbox"), "ill{Control>}{Enter}{/Control}");
    await waitFor(() => expect(location.pathname).toBe("/scan/b2"));
    expect(calls(server, "batches/b2/take-over")).toEqual([{ note: "ill" }]);
  });
});

describe("a batch", () => {
  it("is walked by arrows, ticked by Space and ranges, and turned by r and R", async () => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}r");
    await waitFor(() => expect(calls(server, "batches/b1/acts")).toHaveLength(1));
    expect(calls(server, "batches/b1/acts")[0]).toMatchObject({ act: "rotate", pages: ["b1p3"], by: 90 });
    await user.keyboard("{Shift>}{ArrowRight}{/Shift}R");
    await waitFor(() => expect(calls(server, "batches/b1/acts")).toHaveLength(2));
    expect(calls(server, "batches/b1/acts")[1]).toMatchObject({ pages: ["b1p3", "b1p4"], by: -90 });
    expect(cell("b1p4")?.getAttribute("aria-selected")).toBe("true");
    await user.keyboard("{Escape}{Home} ");
    expect(cell("b1p1")?.getAttribute("aria-selected")).toBe("true");
    expect((await screen.findByTestId("saving")).textContent).toContain("Rotated. Pages: 2.");
  });
  it("shows a turn at once and takes it back when the server refuses", async () => {
    const { server, user } = await desk("b1");
    server.instead.set("POST /scan/batches/b1/acts", {
      status: 409,
      body: { title: "Conflict", code: "WB-8102", detail: "Somebody else works on this batch." },
    });
    await user.keyboard("{ArrowRight}{ArrowRight}d2");
    await waitFor(() => expect(screen.getByTestId("saving").textContent).toContain("WB-8102"));
    expect(within(screen.getByTestId("saving")).getByRole("alert")).toBeTruthy();
    expect(cell("b1p3")?.dataset.state).toBe("kept");
  });
  it("drops with a reason by one digit, and undoes", async () => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}d");
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText("Scanned twice")).toBeTruthy();
    await user.keyboard("2");
    await waitFor(() =>
      expect(calls(server, "batches/b1/acts")[0]).toMatchObject({ act: "drop", reason: "twice" }),
    );
    await waitFor(() => expect(cell("b1p3")?.dataset.state).toBe("dropped"));
    expect(screen.getByTestId("page-facts").textContent).toContain("dropped: Scanned twice");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await user.keyboard("u");
    await waitFor(() => expect(cell("b1p3")?.dataset.state).toBe("kept"));
  });
  it("takes words for another reason", async () => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}d9");
    await user.type(await screen.findByRole("textbox", { name: "Reason" }), "coffee{Enter}");
    await waitFor(() => expect(calls(server, "batches/b1/acts")[0]).toMatchObject({ reason: "coffee" }));
  });
  it("is cropped by the arrows alone", async () => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}x");
    await screen.findByTestId("crop-box");
    await user.keyboard("{ArrowRight}{ArrowDown}{Shift>}{ArrowLeft}{/Shift}{Enter}");
    await waitFor(() => expect(calls(server, "batches/b1/acts")).toHaveLength(1));
    const [x, y, w, h] = (calls(server, "batches/b1/acts")[0] as { box: number[] }).box;
    expect([x, y, w, h].map((part) => Math.round((part ?? 0) * 100))).toEqual([4, 4, 92, 93]);
    expect(screen.queryByTestId("crop-box")).toBeNull();
    expect(cursor()).toBe("b1p3");
  });
  it("is split and joined: documents begin where one says", async () => {
    const { user } = await desk("b1");
    expect(screen.queryByText("Doc 4")).toBeNull();
    await user.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}s");
    await waitFor(() => expect(cell("b1p5")?.textContent).toContain("Doc 2"));
    await user.keyboard("m");
    await waitFor(() => expect(cell("b1p5")?.textContent).not.toContain("Doc"));
  });
  it.each([
    ["w", { act: "rescan" }],
    ["b", { act: "blank" }],
    ["f", { act: "flag", on: true }],
    ["K", { act: "deskew", angle: null }],
    ["i", { act: "insert", before: "b1p3" }],
    [">", { act: "contrast", level: 25 }],
    ["{Control>}{ArrowRight}{/Control}", { act: "move", before: "b1p5" }],
  ])("does what %s says", async (key, wanted) => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}");
    await user.keyboard(key);
    await waitFor(() =>
      expect(calls(server, "batches/b1/acts")[0]).toMatchObject({ ...wanted, pages: ["b1p3"] }),
    );
  });
  it("shows all its keys on ?", async () => {
    const { user } = await desk("b1");
    await user.keyboard("?");
    const dialog = await screen.findByRole("dialog");
    for (const text of ["rotate right", "crop with the arrows", "close the batch", "undo the last act"])
      expect(within(dialog).getByText(text)).toBeTruthy();
  });
  it("of another person can be seen, not changed, and taken over", async () => {
    const { server, user } = await desk("b2");
    expect(screen.getByTestId("lock").textContent).toContain("Luz Muestra works on this batch");
    await user.keyboard("r");
    expect(calls(server, "batches/b2/acts")).toHaveLength(0);
    expect(screen.getByTestId("saving").textContent).toContain("not your batch");
    await user.keyboard("t");
    await user.type(await screen.findByRole("textbox", { name: /Why/ }), "shift{Control>}{Enter}{/Control}");
    await waitFor(() => expect(screen.queryByTestId("lock")).toBeNull());
    await user.keyboard("r");
    await waitFor(() => expect(calls(server, "batches/b2/acts")).toHaveLength(1));
  });
  it("that is stopped says why and what to do, and goes on by v", async () => {
    const { server, user } = await desk("b3");
    expect(screen.getByTestId("stopped").textContent).toContain("Separator 2 of 3 is missing after page 6.");
    await user.keyboard("c");
    await waitFor(() => expect(screen.queryByTestId("lock")).toBeNull());
    await user.keyboard("v");
    await user.type(
      await screen.findByRole("textbox", { name: /found/ }),
      "was there{Control>}{Enter}{/Control}",
    );
    await waitFor(() => expect(screen.queryByTestId("stopped")).toBeNull());
    expect(calls(server, "batches/b3/resolve")).toEqual([{ note: "was there" }]);
  });
  it("lives: a page that was taken appears", async () => {
    const { server } = await desk("b1");
    const batch = batchOf(server, "b1");
    batch.pages.push({ ...(batch.pages.at(-1) as Page), id: "b1p17", number: 17, position: 17 });
    batch.version += 1;
    FakeEvents.all.at(-1)?.send("changed", { topics: ["batch:b1"] });
    await waitFor(() => expect(screen.getByTestId("page-facts").textContent).toContain("of 17"));
  });
  it("says how far the scanner is", async () => {
    await desk("b1", "", (server) => {
      const one = batchOf(server, "b1");
      one.files = [
        { id: 1, name: "a.pdf", state: "taken", pages: 100, taken: 12, code: "", reason: "", at: 0 },
        { id: 2, name: "gone.tif", state: "dismissed", pages: 3, taken: 0, code: "", reason: "", at: 0 },
      ];
    });
    expect(screen.getByTestId("progress").textContent).toContain("12 of 100 pages taken");
  });
  it("draws only what is seen of 5,000 pages", async () => {
    const { user } = await desk("b1", "", (server) => {
      const one = batchOf(server, "b1");
      const [first] = one.pages as [Page];
      one.pages = Array.from({ length: 5000 }, (_, n) => ({
        ...first,
        id: `n${n}`,
        number: n + 1,
        position: n,
      }));
    });
    expect(cells().length).toBeLessThan(80);
    await user.keyboard("{End}");
    const frame = screen.getByTestId("contact-sheet");
    fireEvent.scroll(frame, { target: { scrollTop: frame.scrollTop } });
    await waitFor(() => expect(cursor()).toBe("n4999"));
    expect(screen.getByTestId("page-facts").textContent).toContain("Page 5000 of 5000");
  });
});

describe("the ledger bar", () => {
  const unsaid = (server: MockServer) => {
    const one = batchOf(server, "b1");
    one.sheets = null;
    one.ledger = { ...one.ledger, sheets: null, expected: null, balances: false, why: ["unknown"] };
    one.can = { ...one.can, close: false };
  };
  it("asks for the sheets in its place, then says what does not balance, then closes", async () => {
    const { server, user } = await desk("b1", "", unsaid);
    expect(screen.getByTestId("ledger-say").textContent).toContain("Say how many sheets were fed.");
    expect(screen.getByTestId("close")).toHaveProperty("disabled", true);
    await user.keyboard("C");
    expect(document.activeElement?.id).toBe("sheets");
    await user.keyboard("18{Enter}");
    await waitFor(() =>
      expect(screen.getByTestId("ledger-say").textContent).toContain("2 too few: 16 images of 18"),
    );
    expect(calls(server, "batches/b1")).toContainEqual({ sheets: 18 });
    await user.keyboard("C");
    expect(screen.getByTestId("saving").textContent).toContain("2 too few");
    const field = screen.getByLabelText("Sheets fed");
    await user.clear(field);
    await user.type(field, "16{Enter}");
    await waitFor(() => expect(screen.getByTestId("ledger-say").textContent).toContain("Balances"));
    await user.keyboard("C");
    await screen.findAllByTestId("group");
    expect(location.pathname).toBe("/scan/b1/classify");
  });
  it("names the pages that wait to be scanned again", async () => {
    const { user } = await desk("b1");
    await user.keyboard("{ArrowRight}{ArrowRight}w");
    await waitFor(() =>
      expect(screen.getByTestId("ledger-say").textContent).toContain("1 pages wait to be scanned again"),
    );
    const picture = within(screen.getByTestId("ledger")).getByRole("img", { name: /images:/ });
    expect(picture.getAttribute("aria-label")).toBe("16 images: kept 11, separator 3, header 1, rescan 1");
  });
});

describe("assigning", () => {
  const field = () => screen.getByTestId("scan-field") as HTMLInputElement;
  it("has the scan field focused; a candidate's digit echoes, Enter gives the document", async () => {
    const { server, user } = await desk("b1", "/assign");
    expect(document.activeElement).toBe(field());
    await screen.findByTestId("candidate-1");
    await user.keyboard("1");
    const echo = screen.getByTestId("echo");
    expect(echo.textContent).toContain("示例甲");
    expect(echo.textContent).toContain("12 Apr 1988");
    expect(echo.textContent).toContain("female");
    expect(calls(server, "batches/b1/assign")).toHaveLength(0);
    await user.keyboard("{Enter}");
    await waitFor(() =>
      expect(calls(server, "batches/b1/assign")).toEqual([
        { pages: ["b1p3", "b1p4", "b1p5", "b1p6"], patient: "pat1", how: "label" },
      ]),
    );
    await waitFor(() => expect(cursor()).toBe("b1p8"));
    expect(document.activeElement).toBe(field());
    expect(field().value).toBe("");
  });
  it("shows where the candidates stand on the page", async () => {
    await desk("b1", "/assign");
    await screen.findByTestId("candidate-2");
    expect(document.querySelectorAll(".page-mark")).toHaveLength(2);
  });
  it("takes the hand scanner's digits as text, never as a choice", async () => {
    const { server, user } = await desk("b1", "/assign");
    await screen.findByTestId("candidate-1");
    await user.keyboard("~1{Enter}");
    expect((await screen.findByTestId("echo")).textContent).toContain("1002-7");
    expect(calls(server, "patients/lookup").at(-1)).toEqual({ text: "1", limit: 8 });
    await user.keyboard("{Escape}~1003-5{Enter}");
    await waitFor(() => expect(screen.getByTestId("echo").textContent).toContain("María Muestra López"));
    await user.keyboard("{Enter}");
    await waitFor(() =>
      expect(calls(server, "batches/b1/assign")[0]).toMatchObject({ patient: "pat2", how: "scanned" }),
    );
  });
  it("finds by typing, and says when there is nobody", async () => {
    const { user } = await desk("b1", "/assign");
    await user.keyboard("sam");
    expect((await screen.findByTestId("echo")).textContent).toContain("Sam Sample");
    await user.keyboard("{Escape}nobody");
    await screen.findByText("No patient is found by this.");
  });
  it("stops in red at a mismatch and keeps the wish for a second person", async () => {
    const { server, user } = await desk("b1", "/assign");
    await user.keyboard("sam");
    await screen.findByTestId("echo");
    await user.keyboard("{Enter}");
    const red = await screen.findByTestId("mismatch");
    expect(red.textContent).toContain("name, birth date");
    expect(red.textContent).not.toContain("Sam Sample");
    await user.keyboard("2");
    await user.type(
      await screen.findByRole("textbox", { name: "Reason" }),
      "old name{Control>}{Enter}{/Control}",
    );
    await waitFor(() =>
      expect(calls(server, "batches/b1/assign").at(-1)).toMatchObject({ patient: "pat3", note: "old name" }),
    );
    const kept = await screen.findByTestId("proposals");
    expect(kept.textContent).toContain("Somebody else must confirm it.");
    expect(within(kept).queryByTestId("confirm")).toBeNull();
  });
  it("shows a second person whom and which pages it is about, and lets it be confirmed with the page in sight", async () => {
    const by = { login: "luz", name: "Luz Muestra", me: false };
    const [, second] = PEOPLE;
    const wish = { id: 7, by, at: 0, note: "maiden name", patient: second as PatientBrief };
    const { server, user } = await desk("b1", "/assign", (mock) => {
      batchOf(mock, "b1").proposals = [
        { ...wish, pages: ["b1p8", "b1p9"] },
        { ...wish, id: 8, pages: ["b1p13"] },
      ];
    });
    const kept = screen.getByTestId("proposals");
    expect(kept.textContent).toContain("Luz Muestra proposes");
    expect(kept.textContent).toContain("María Muestra López");
    expect(kept.textContent).toContain("Pages 8 to 9 (2)");
    expect(kept.textContent).toContain("maiden name");
    expect(within(kept).queryByTestId("confirm")).toBeNull();
    // another page is at hand: the first F8 only shows what it is about
    await user.keyboard("{F8}");
    expect(cursor()).toBe("b1p8");
    expect(calls(server, "batches/b1/assign/confirm")).toHaveLength(0);
    expect(within(kept).getByTestId("echo").textContent).toContain("30 Nov 1951");
    await user.keyboard("{F8}");
    await waitFor(() => expect(calls(server, "batches/b1/assign/confirm")).toEqual([{ act: 7 }]));
    await waitFor(() => expect(screen.getByTestId("proposals").textContent).not.toContain("Pages 8 to 9"));
    await user.keyboard("{F4}");
    expect(cursor()).toBe("b1p13");
    await user.click(screen.getByRole("button", { name: /It is not right/ }));
    await waitFor(() => expect(calls(server, "batches/b1/assign/refuse")).toEqual([{ act: 8 }]));
    await waitFor(() => expect(screen.queryByTestId("proposals")).toBeNull());
  });
  it("lets nobody confirm his own wish, but take it back", async () => {
    const by = { login: "demo", name: "Demo User", me: true };
    const { server, user } = await desk("b1", "/assign", (mock) => {
      const patient = PEOPLE[1] as PatientBrief;
      batchOf(mock, "b1").proposals = [{ id: 7, by, at: 0, note: "", patient, pages: ["b1p3"] }];
    });
    await user.keyboard("{F8}");
    expect(screen.getByTestId("saving").textContent).toContain("Somebody else must confirm it.");
    expect(screen.queryByTestId("confirm")).toBeNull();
    await user.keyboard("{F9}");
    await waitFor(() => expect(calls(server, "batches/b1/assign/refuse")).toEqual([{ act: 7 }]));
    expect(calls(server, "batches/b1/assign/confirm")).toHaveLength(0);
  });
  it("reaches one page, a range, or the whole batch without leaving the field", async () => {
    const { server, user } = await desk("b1", "/assign");
    await screen.findByTestId("candidate-1");
    await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
    expect(screen.getByTestId("assign-range").textContent).toContain("Pages 3 to 4 (2)");
    await user.keyboard("{F2}{F2}");
    expect(screen.getByTestId("assign-range").textContent).toContain("Page 4 alone");
    await user.keyboard("{F2}{F2}1{Enter}");
    await waitFor(() => expect(calls(server, "batches/b1/assign")[0]).toMatchObject({ pages: "all" }));
  });
  it("leaves pages unknown by Esc", async () => {
    const { server, user } = await desk("b1", "/assign");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(cursor()).toBe("b1p8"));
    expect(calls(server, "batches/b1/assign")).toHaveLength(0);
  });
  it("keeps patients out of address and title", async () => {
    const { user } = await desk("b1", "/assign");
    await user.keyboard("示例");
    await screen.findByTestId("echo");
    expect(decodeURIComponent(location.href) + document.title).not.toContain("示例");
  });
});

describe("classifying", () => {
  const closed = (server: MockServer) => {
    const one = batchOf(server, "b1");
    const [patient] = [{ id: "pat1", number: "1002-7", name: "示例甲", birth_date: "1988-04-12", sex: "F" }];
    for (const page of one.pages) if (page.state === "kept") page.patient = patient ?? null;
    for (const draft of one.drafts) Object.assign(draft, { patient, missing: ["kind", "date"] });
    one.state = "closed";
    one.can = { ...one.can, edit: false, close: false, file: true };
  };
  it("takes kind by digit, what was read by a, the rest as before by =, and files by Ctrl+Enter", async () => {
    const { server, user } = await desk("b1", "/classify", closed);
    expect(screen.getByTestId("missing").textContent).toContain("Missing: kind, date");
    expect(screen.getByTestId("kind-1").textContent).toContain("82%");
    await user.keyboard("1");
    await waitFor(() => expect(screen.getByTestId("kind-1").getAttribute("aria-pressed")).toBe("true"));
    expect(calls(server, "drafts/b1d1")[0]).toEqual({ kind: "lab", department: "lab" });
    await user.keyboard("a");
    await waitFor(() => expect(screen.getByTestId("missing").textContent).toContain("Complete"));
    expect(calls(server, "drafts/b1d1")[1]).toEqual({
      date: "2026-05-03",
      details: { laboratory_number: "L-4711" },
    });
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(screen.getAllByTestId("group")[1]?.getAttribute("aria-current")).toBe("true"));
    expect(calls(server, "drafts/b1d1/file")).toHaveLength(1);
    await user.keyboard("=");
    await waitFor(() =>
      expect(screen.getAllByTestId("group")[1]?.textContent).toContain("Laboratory report"),
    );
    await user.keyboard("F");
    await waitFor(() => expect(calls(server, "batches/b1/file-all")).toHaveLength(1));
  });
  it("searches kinds in any language by t", async () => {
    const { server, user } = await desk("b1", "/classify", closed);
    await user.keyboard("t");
    expect(document.activeElement?.id).toBe("kind");
    await user.keyboard("alta");
    await waitFor(() =>
      expect(document.querySelector(".ant-select-item-option-active")?.textContent).toBe("Discharge letter"),
    );
    fireEvent.keyDown(document.activeElement as Element, { key: "Enter", keyCode: 13 });
    await waitFor(() => expect(calls(server, "drafts/b1d1")[0]).toEqual({ kind: "letter" }));
  });
  it("saves what is typed before it files, from within the field", async () => {
    const { server, user } = await desk("b1", "/classify", closed);
    await user.type(screen.getByLabelText("Author"), "Dr Ejemplo{Control>}{Enter}{/Control}");
    await waitFor(() => expect(calls(server, "drafts/b1d1")[0]).toEqual({ author: "Dr Ejemplo" }));
    // it is not complete: the server refuses, and it stays
    await waitFor(() => expect(screen.getByTestId("saving").textContent).toContain("WB-8301"));
    expect(screen.getAllByTestId("group")[0]?.getAttribute("aria-current")).toBe("true");
  });
  it("says that an open batch is not filed yet, and only goes on", async () => {
    const { server, user } = await desk("b1", "/classify");
    expect(screen.getByText("Documents are filed once the batch is closed.")).toBeTruthy();
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(screen.getAllByTestId("group")[1]?.getAttribute("aria-current")).toBe("true"));
    expect(calls(server, "drafts/b1d1/file")).toHaveLength(0);
  });
  it("shows where values were read", async () => {
    await desk("b1", "/classify");
    expect([...document.querySelectorAll(".page-mark")].map((mark) => mark.textContent)).toEqual([
      "date",
      "laboratory number",
    ]);
  });
});

describe("problems", () => {
  it("are listed with their reason and retried by r", async () => {
    const { server, user } = open("/scan/problems");
    await screen.findByText("Reading took too long.");
    await user.keyboard("jr");
    await screen.findByText("Nothing chosen can be tried again.");
    await user.keyboard("jr");
    await waitFor(() => expect(calls(server, "problems/retry")).toEqual([{ ids: ["t1"] }]));
    await waitFor(() => expect(screen.queryByText("Reading took too long.")).toBeNull());
  });
});

describe("what no retry can mend", () => {
  it("waits by itself, or is decided in its batch", async () => {
    open(
      "/scan/problems",
      (() => {
        const mock = new MockServer(true);
        const [first] = mock.scan.problems as [ScanProblem];
        mock.scan.problems.push({ ...first, id: "s1", kind: "stopped", batch: "b3", subject: "Box 9" });
        return mock;
      })(),
    );
    const row = (await screen.findByText("Box 9")).closest("tr") as HTMLElement;
    expect(within(row).getByRole("link", { name: "open the batch" }).getAttribute("href")).toBe("/scan/b3");
    expect(screen.getAllByText("waits by itself")).toHaveLength(1);
  });
  it("or is a reader's mark: named by its kind, answered where it is read", async () => {
    const mock = new MockServer(true);
    const [first] = mock.scan.problems as [ScanProblem];
    const mark = { kind: "flagged", subject: "letter", reason: "patient", can_retry: false } as const;
    const where = { batch: "b3", patient: "p1", document: "d1", page: 2 };
    mock.scan.problems.push({ ...first, ...mark, ...where, id: "flag-1" });
    open("/scan/problems", mock);
    const row = (await screen.findByText("marked by a reader")).closest("tr") as HTMLElement;
    expect(within(row).getByText("of another patient")).toBeTruthy();
    const place = "/patients/p1/documents?d=d1&n=2";
    for (const name of ["Discharge letter, Page 2", "Answer"])
      expect((await within(row).findByRole("link", { name })).getAttribute("href")).toBe(place);
  });
});

describe("small parts", () => {
  const page = { width: 1000, height: 1400 } as Page;
  const plain: Page["recipe"] = { rotate: 0, crop: null, deskew: 0, contrast: 0 };
  it("turn a page, its crop with it", () => {
    expect(turned(plain, -90).rotate).toBe(270);
    const cut = turned({ ...plain, crop: [0.1, 0.2, 0.3, 0.4] }, 90).crop?.map((part) =>
      Math.round(part * 10),
    );
    expect(cut).toEqual([4, 1, 4, 3]);
    let round: Page["recipe"] = { ...plain, crop: [0.1, 0.2, 0.3, 0.4] };
    for (let n = 0; n < 4; n += 1) round = turned(round, 90);
    expect(round.crop?.map((part) => Math.round(part * 10))).toEqual([1, 2, 3, 4]);
    expect(aspect(page, { ...plain, rotate: 90 })).toBeCloseTo(1.4);
  });
  it("show a recipe before its picture has come", () => {
    expect(preview(page, plain, plain)).toEqual({});
    expect(preview(page, plain, { ...plain, rotate: 180 }).transform).toBe("rotate(180deg)");
    expect(preview(page, plain, { ...plain, rotate: 90 }).transform).toBe("rotate(90deg) scale(1.4000)");
    expect(preview(page, plain, { ...plain, crop: [0.1, 0, 0.9, 1] }).clipPath).toBe(
      "inset(0.0% 0.0% 0.0% 10.0%)",
    );
  });
  it("put a box into the part that is shown", () => {
    expect(withinCrop([0.5, 0, 0.5, 1], [0.2, 0, 0.4, 1])).toEqual([0.4, 0, 0.2, 1]);
  });
  it("foresee acts and merge answers", () => {
    const pages = ["a", "b", "c"].map((id, at) => ({
      id,
      position: at,
      state: "kept",
      recipe: plain,
      flags: [],
    }));
    const batch = {
      version: 1,
      pages,
      drafts: [],
      acts: [],
      can: {},
      state: "open",
    } as unknown as ShownBatch;
    const moved = foresee(batch, { act: "move", pages: ["a"], before: "c" });
    expect(moved.pages.map((one) => one.id)).toEqual(["b", "a", "c"]);
    const answer = { version: 2, ledger: { balances: true }, drafts: [], act: null } as never as Parameters<
      typeof merge
    >[1];
    const merged = merge(batch, { ...answer, pages: [{ ...pages[0], position: 9 } as unknown as Page] });
    expect(merged.pages.map((one) => one.id)).toEqual(["b", "c", "a"]);
  });
  it("know which pages belong together and which come next", () => {
    const at = (draft: string | null, patient: string | null) =>
      ({ draft, patient: patient && { id: patient } }) as unknown as Page;
    const pages = [at("d1", "p"), at("d1", "p"), at("d2", null), at(null, null), at(null, null)];
    expect(group(pages, 1)).toEqual({ from: 0, to: 1 });
    expect(group(pages, 4)).toEqual({ from: 3, to: 4 });
    expect(reach(pages, 1, "rest", 0)).toEqual({ from: 1, to: 4 });
    expect(nextUnassigned(pages, 3)).toBe(4);
    expect(nextUnassigned(pages, 4)).toBe(2);
  });
  it("tell a hand scanner from a person", () => {
    expect(scannedText("1002", "~")).toBeNull();
    expect(scannedText("1002", "")).toBeNull();
    expect(scannedText("10~2041-9", "~")).toBe("2041-9");
  });
  it("read dates that are typed quickly, and none that is none", () => {
    expect(["2026-05-31", "20260531", "2026/5/1", ""].map(isoDate)).toEqual([
      "2026-05-31",
      "2026-05-31",
      "2026-05-01",
      "",
    ]);
    expect(["2026-02-30", "31.05.2026", "2026", "20261301"].map(isoDate)).toEqual([null, null, null, null]);
  });
  it("accept only what is open", () => {
    const values = [
      { name: "date", value: "2026-01-01", page: null, box: null },
      { name: "author", value: "X", page: null, box: null },
    ];
    const draft = {
      date: "2025-01-01",
      author: "",
      details: {},
      suggested: { values },
    } as never as Parameters<typeof waiting>[0];
    expect(waiting(draft).map((one) => one.name)).toEqual(["author"]);
    expect(accepting(draft, waiting(draft))).toEqual({ author: "X" });
  });
});
