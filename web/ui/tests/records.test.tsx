import { MockServer } from "@dev/mock/server";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { firstOpen, pathTo, rowsOf } from "@/screens/records/reader/rows";
import { dayBy, dayFrom } from "@/screens/records/Tomorrow";
import type { Tree } from "@/screens/records/types";
import { open } from "./house";

const bodies = (server: MockServer, path: string) =>
  server.calls.filter((call) => call.path === path).map((call) => call.body);
/** Types into the search field what is looked for, in place of what was there. */
async function look(user: ReturnType<typeof open>["user"], text: string) {
  const field = await screen.findByTestId("find-field");
  await user.clear(field);
  await user.type(field, text);
  return field;
}
const dialogBox = async () => within(await screen.findByRole("dialog")).getByRole("textbox");
const forbidden = { status: 403, body: { title: "Forbidden", code: "WB-7003", right: "records" } };
const broken = { status: 500, body: { title: "Internal", code: "WB-7001", detail: "The store is busy." } };

describe("FIND", () => {
  it("is reached by g r and finds by one Chinese character, with the hit lit up", async () => {
    const { server, user } = open("/today");
    await screen.findByText(/Good day/);
    await user.keyboard("gr");
    const field = await screen.findByTestId("find-field");
    expect(document.activeElement).toBe(field);
    expect(screen.getByText("What are you looking for?")).toBeTruthy();
    await user.type(field, "血");
    const [first] = await screen.findAllByTestId("hit");
    expect(first?.querySelector("mark")?.textContent).toBe("血");
    expect(first?.textContent).toContain("Laboratory report");
    expect(first?.textContent).toContain("Page 2 of 3");
    expect(bodies(server, "/records/search")[0]).toMatchObject({ text: "血", order: "newest" });
    expect(location.href).not.toContain("血");
  });
  it("opens the reader at the page by Enter, with the hits on it", async () => {
    const { server, user } = open("/records");
    await look(user, "血");
    await screen.findAllByTestId("hit");
    await user.keyboard("{Enter}{Enter}");
    expect((await screen.findByTestId("page-of")).textContent).toBe("Page 2 of 3");
    expect(location.pathname).toBe("/patients/pat1/documents");
    expect(location.href).not.toContain(encodeURIComponent("血"));
    await waitFor(() => expect(screen.getByTestId("hits-of").textContent).toBe("Hit 1 of 2"));
    expect(bodies(server, "/documents/d1/find")).toEqual([{ text: "血" }]);
    await user.keyboard("n");
    expect(screen.getByTestId("page-of").textContent).toBe("Page 3 of 3");
    expect(screen.getByTestId("hits-of").textContent).toBe("Hit 2 of 2");
    await user.keyboard("N");
    expect(screen.getByTestId("page-of").textContent).toBe("Page 2 of 3");
  });
  it("shows the patients that the same text names, each by a digit", async () => {
    const { user } = open("/records");
    await look(user, "示例甲");
    const people = await screen.findByTestId("people");
    expect(people.textContent).toContain("示例甲");
    expect(people.textContent).toContain("12 Apr 1988");
    await user.keyboard("{Escape}1");
    await waitFor(() => expect(location.pathname).toBe("/patients/pat1/documents"));
  });
  it("goes on by More and says when nothing is found", async () => {
    const server = new MockServer(true);
    for (let n = 0; n < 3; n += 1)
      server.records.documents.push({
        ...(server.records.documents[0] as never as object),
        id: `m${n}`,
      } as never);
    const { user } = open("/records", server);
    await look(user, "血");
    await waitFor(() => expect(screen.getAllByTestId("hit")).toHaveLength(5));
    await look(user, "xyzzy");
    await screen.findByText("No document has this");
    server.records.long = "everywhere";
    await look(user, "everywhere");
    await screen.findByText("Nothing found so far");
    const asked = bodies(server, "/records/search").length;
    await user.click(screen.getByRole("button", { name: "More" }));
    await waitFor(() => expect(bodies(server, "/records/search").length).toBeGreaterThan(asked));
  });
  it("changes what is ticked after a preview, and undoes it", async () => {
    const { server, user } = open("/records");
    await look(user, "血");
    await screen.findAllByTestId("hit");
    await user.keyboard("{Enter} j B");
    await user.keyboard("B");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Author"), "Dr. Prueba");
    expect((await within(dialog).findByTestId("bulk-say")).textContent).toContain("2 of 2");
    expect(dialog.textContent).toContain("Dr. Prueba");
    await user.click(within(dialog).getByTestId("bulk-apply"));
    await waitFor(() => expect(screen.getByTestId("said").textContent).toContain("Changed: 2"));
    expect(bodies(server, "/records/bulk/apply")[0]).toMatchObject({
      documents: ["d1", "d2"],
      set: { author: "Dr. Prueba" },
    });
    await user.keyboard("u");
    await waitFor(() => expect(screen.getByTestId("said").textContent).toContain("Put back: 2"));
  });
  it("shows the code of a failure, and tries again", async () => {
    const server = new MockServer(true);
    server.instead.set("POST /records/search", broken);
    const { user } = open("/records", server);
    await look(user, "血");
    await screen.findByText("WB-7001");
    server.instead.clear();
    await user.click(screen.getByRole("button", { name: "Retry" }));
    await screen.findAllByTestId("hit");
  });
});

describe("the READER", () => {
  it("shows whose record it is, the tree with counts, what is in work and not checked", async () => {
    open("/patients/pat1/documents");
    const whose = await screen.findByTestId("whose");
    expect(whose.textContent).toContain("示例甲");
    expect(whose.textContent).toContain("12 Apr 1988");
    expect(screen.getByTestId("in-work").textContent).toContain("12 pages in work since");
    expect(screen.getByTestId("not-checked").textContent).toContain("Not checked by anybody yet");
    const tree = screen.getByTestId("tree");
    expect(tree.textContent).toContain("Pinned");
    expect(tree.textContent).toContain("Cardiology");
    expect(document.title).not.toContain("示例甲");
  });
  it("moves by j, opens by Enter, flips by the arrows, shows the PDF by p", async () => {
    const { user } = open("/patients/pat1/documents");
    await screen.findByTestId("tree");
    await user.keyboard("jj{Enter}");
    expect((await screen.findByTestId("page-of")).textContent).toBe("Page 1 of 3");
    await user.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}");
    expect(screen.getByTestId("page-of").textContent).toBe("Page 3 of 3");
    await user.keyboard("{Home}");
    expect(screen.getByTestId("page-of").textContent).toBe("Page 1 of 3");
    await user.keyboard("p");
    await screen.findByTestId("pdf-pages");
    await user.keyboard("p");
    await screen.findByTestId("page-of");
  });
  it("is arranged by o in any order, sorted by O", async () => {
    const { server, user } = open("/patients/pat1/documents");
    await screen.findByTestId("tree");
    await user.keyboard("o");
    await screen.findByRole("dialog");
    await user.keyboard("43{Enter}");
    await waitFor(() => expect(screen.getByTestId("arrange").textContent).toContain("Date › Kind"));
    expect(server.calls.some((call) => call.path.includes("by=date,kind"))).toBe(true);
    expect(localStorage.getItem("waybill.tree")).toBe("date,kind");
    await user.keyboard("O");
    await screen.findByText("Oldest");
  });
  it("pins by i and compares by b", async () => {
    const { server, user } = open("/patients/pat1/documents?d=d2");
    await screen.findByTestId("page-of");
    await user.keyboard("i");
    await waitFor(() => expect(bodies(server, "/documents/d2/pin")).toEqual([{ on: true }]));
    await user.keyboard("b");
    await waitFor(() => expect(screen.getAllByTestId("page-of")).toHaveLength(2));
    await user.keyboard("{ArrowRight}");
    expect(screen.getAllByTestId("page-of").map((one) => one.textContent)[0]).toBe("Page 1 of 12");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.getAllByTestId("page-of")).toHaveLength(1));
  });
  it("shows what a route filed as PDF", async () => {
    open("/patients/pat1/documents?d=d4");
    await screen.findByTestId("pdf-pages");
    expect(screen.queryByTestId("page-of")).toBeNull();
  });
  it("says clearly that a document was withdrawn, and names the right that is missing", async () => {
    const server = new MockServer(true);
    server.instead.set("GET /documents/d1/reader", { status: 410, body: { title: "Gone", code: "WB-8312" } });
    const { unmount } = open("/patients/pat1/documents?d=d1", server);
    expect((await screen.findByTestId("withdrawn")).textContent).toContain("was withdrawn");
    unmount();
    const closed = new MockServer(true);
    closed.instead.set("GET /patients/pat1/tree?by=department,kind,date", forbidden);
    open("/patients/pat1/documents", closed);
    expect((await screen.findByRole("alert")).textContent).toContain("Read the records");
  });
  it("is where a patient's tab Documents leads", async () => {
    const { user } = open("/patients/pat1");
    await screen.findByRole("tab", { name: "Documents" });
    await user.keyboard("]");
    await waitFor(() => expect(location.pathname).toBe("/patients/pat1/documents"));
  });
});

describe("DOCUMENT EDIT", () => {
  it("saves what was changed alone, shows it in the history, and undoes it by u", async () => {
    const { server, user } = open("/documents/d2/edit");
    const author = await screen.findByLabelText("Author");
    await user.clear(author);
    await user.type(author, "Dr. Prueba{Control>}{Enter}{/Control}");
    await waitFor(() => expect(screen.getByTestId("said").textContent).toContain("Saved"));
    const [said] = server.calls.filter((call) => call.method === "PATCH").map((call) => call.body);
    expect(said).toEqual({ author: "Dr. Prueba", reason: "" });
    const entry = await screen.findByTestId("history-entry");
    expect(entry.textContent).toContain("Dr. Muestra");
    expect(entry.textContent).toContain("Dr. Prueba");
    await user.keyboard("{Escape}");
    (document.activeElement as HTMLElement).blur();
    await user.keyboard("u");
    await waitFor(() => expect(screen.getByTestId("said").textContent).toContain("Undone"));
    await waitFor(() =>
      expect((screen.getByLabelText("Author") as HTMLInputElement).value).toBe("Dr. Muestra"),
    );
  });
  it("makes a new version of the pages by the keyboard, with a reason", async () => {
    const { server, user } = open("/documents/d1/edit");
    await screen.findByTestId("edit-pages");
    await user.keyboard("{Control>}{ArrowRight}{/Control}{ArrowRight}xS");
    await user.type(await dialogBox(), "twice{Control>}{Enter}{/Control}");
    await waitFor(() =>
      expect(bodies(server, "/documents/d1/pages")).toEqual([{ pages: ["d1p2", "d1p1"], reason: "twice" }]),
    );
  });
  it("withdraws with a reason, and restores", async () => {
    const { server, user } = open("/documents/d1/edit");
    await screen.findByTestId("edit-pages");
    await user.keyboard("W");
    await user.type(await dialogBox(), "mixed up{Control>}{Enter}{/Control}");
    await waitFor(() => expect(bodies(server, "/documents/d1/withdraw")).toEqual([{ reason: "mixed up" }]));
    await screen.findByRole("button", { name: /Restore/ });
    await user.keyboard("W");
    await waitFor(() => expect(bodies(server, "/documents/d1/restore")).toHaveLength(1));
  });
});

describe("DUPLICATES", () => {
  it("are decided by b, s and w, side by side with why", async () => {
    const { server, user } = open("/records/duplicates");
    await screen.findByTestId("pairs");
    expect(screen.getByText(/one file was scanned or dropped twice/)).toBeTruthy();
    await user.keyboard("b");
    await screen.findByText(/3 of 64/);
    expect(bodies(server, "/records/duplicates/1/decide")).toEqual([{ decision: "both", note: "" }]);
    await user.keyboard("w");
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("María Muestra López");
    await user.keyboard("2");
    await waitFor(() => expect(location.pathname).toBe("/records/repair"));
    expect(bodies(server, "/records/duplicates/2/decide")).toEqual([{ decision: "patient", note: "" }]);
    expect((await screen.findByTestId("person-from")).textContent).toContain("María Muestra López");
    expect(screen.getByTestId("chosen").textContent).toContain("pages: 1");
  });
});

describe("READER marks and pages in work", () => {
  it("marks the page by ! and a digit, shows who, and y answers it", async () => {
    const { server, user } = open("/patients/pat1/documents?d=d1&n=2");
    await screen.findByTestId("page-of");
    await user.keyboard("!1");
    await user.type(await dialogBox(), "is somebody else's");
    await user.keyboard("{Control>}{Enter}{/Control}");
    const mark = await screen.findByTestId("flag");
    expect(mark.textContent).toContain("of another patient");
    expect(mark.textContent).toContain("Page 2");
    expect(mark.textContent).toContain("Demo Person");
    expect(bodies(server, "/documents/d1/flags")).toEqual([
      { reason: "patient", note: "is somebody else's", n: 2 },
    ]);
    expect(screen.getByTestId("flags").className).toBe("flags waiting");
    await user.keyboard("y2");
    await user.type(await dialogBox(), "compared, it is right");
    await user.keyboard("{Control>}{Enter}{/Control}");
    const answer = await screen.findByTestId("flag-answer");
    expect(answer.textContent).toContain("nothing is wrong");
    expect(answer.textContent).toContain("Eva Clerk");
    expect(screen.getByTestId("flags").className).toBe("flags");
    expect(screen.queryByTestId("answer-flag")).toBeNull();
  });
  it("wants words for what is something else, and marks the whole document too", async () => {
    const { server, user } = open("/patients/pat1/documents?d=d1");
    await screen.findByTestId("page-of");
    await user.keyboard("!");
    await user.click(await screen.findByTestId("flag-scope"));
    await user.keyboard("4{Control>}{Enter}{/Control}");
    expect(bodies(server, "/documents/d1/flags")).toEqual([]);
    await user.type(await dialogBox(), "torn");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await screen.findByTestId("flag");
    expect(bodies(server, "/documents/d1/flags")).toEqual([{ reason: "other", note: "torn", n: null }]);
  });
  it("reads pages in work one by one under the banner, and goes back", async () => {
    const { user } = open("/patients/pat1/documents?d=d1");
    await screen.findByTestId("page-of");
    await user.keyboard("W");
    await screen.findByTestId("in-work-pages");
    await screen.findByTestId("page-not-checked");
    expect((await screen.findByTestId("page-of")).textContent).toBe("Page 1 of 3");
    await user.keyboard("{ArrowRight}");
    expect(screen.getByTestId("page-of").textContent).toBe("Page 2 of 3");
    expect(screen.getByTestId("page-not-checked")).toBeTruthy();
    await user.keyboard("{End}");
    expect(screen.queryByTestId("page-not-checked")).toBeNull();
    const shown = screen.getByTestId("large-page").querySelector("img");
    expect(shown?.getAttribute("src")).toContain("/patients/pat1/in-work/b1p3/view");
    await user.keyboard("W");
    await waitFor(() => expect(screen.queryByTestId("in-work-pages")).toBeNull());
  });
});

describe("TOMORROW", () => {
  it("lists who comes with what is scanned, in work or on paper; s scans first", async () => {
    const { server, user } = open("/records/tomorrow");
    const row = (await screen.findByText("08:30")).closest("tr");
    expect(row?.textContent).toContain("Documents: 4");
    expect(row?.textContent).toContain("Shelf 12");
    expect(screen.getByTestId("tomorrow-counts").textContent).toContain("Patients: 3");
    expect(bodies(server, "/records/tomorrow")[0]).toMatchObject({ day: dayFrom(1) });
    await user.keyboard("js");
    await waitFor(() => expect(bodies(server, "/records/tomorrow/t1/first")).toEqual([{ on: true }]));
    await user.keyboard("]");
    await waitFor(() =>
      expect(bodies(server, "/records/tomorrow").at(-1)).toMatchObject({ day: dayFrom(2) }),
    );
  });
  it("counts days without a clock", () => {
    expect(dayBy("2026-02-28", 1)).toBe("2026-03-01");
    expect(dayBy("2026-01-01", -1)).toBe("2025-12-31");
    expect(dayFrom(1, new Date(2026, 11, 31, 23, 59))).toBe("2027-01-01");
  });
});

describe("REPAIR", () => {
  it("echoes both patients, shows what is withdrawn and who read it, then moves with one confirm", async () => {
    const { server, user } = open("/records/repair");
    await screen.findByTestId("person-from");
    await user.keyboard("1");
    await user.keyboard("示例甲");
    await screen.findByRole("button", { name: /示例甲/ });
    await user.keyboard("{Enter}");
    await screen.findAllByText("Laboratory report");
    await user.keyboard("j ");
    await user.keyboard("2");
    await user.keyboard("Sam");
    await screen.findByRole("button", { name: /Sam Sample/ });
    await user.keyboard("{Enter}");
    const preview = await screen.findByTestId("repair-preview");
    expect(preview.textContent).toContain("dr.muestra");
    expect(screen.getByTestId("withdrawals").textContent).toContain("1");
    await user.keyboard("{Control>}{Enter}{/Control}");
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain("Sam Sample");
    await user.type(within(dialog).getByRole("textbox"), "found by ward{Control>}{Enter}{/Control}");
    await screen.findByTestId("repaired");
    expect(bodies(server, "/records/repair/apply")[0]).toMatchObject({ to: "pat3", note: "found by ward" });
  });
  it("does nothing while there is a conflict", async () => {
    const { user } = open("/records/repair");
    await screen.findByTestId("person-from");
    await user.keyboard("1");
    await user.keyboard("示例甲");
    await screen.findByRole("button", { name: /示例甲/ });
    await user.keyboard("{Enter}");
    await screen.findAllByText("Laboratory report");
    await user.keyboard("j 2");
    await user.keyboard("示例甲");
    await screen.findByRole("button", { name: /1002-7/ });
    await user.keyboard("{Enter}");
    expect((await screen.findByTestId("repair-preview")).textContent).toContain("this patient's already");
    expect((screen.getByTestId("repair-do") as HTMLButtonElement).disabled).toBe(true);
  });
});

describe("BOXES", () => {
  it("show each project as a picture, and take a new one by N", async () => {
    const { server, user } = open("/records/boxes");
    const projects = await screen.findByTestId("projects");
    expect(projects.textContent).toContain("75 %");
    expect(projects.textContent).toContain("about 2 more days");
    await screen.findByText("K-001");
    await user.keyboard("N");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Code"), "K-009{Enter}");
    await waitFor(() => expect(bodies(server, "/records/boxes")[0]).toMatchObject({ code: "K-009" }));
    await screen.findByText("K-009");
  });
});

describe("LISTS", () => {
  it("show the kinds, and every fault of the text at its line", async () => {
    const { server, user } = open("/admin/lists");
    await screen.findByText("Laboratory report");
    await user.keyboard("4");
    const text = (await screen.findByTestId("yaml")) as HTMLTextAreaElement;
    await user.click(text);
    await user.paste("    lonic: x\n");
    await user.keyboard("{Control>}{Enter}{/Control}");
    const faults = await screen.findByTestId("faults");
    expect(faults.textContent).toContain("unknown key `lonic`");
    expect(faults.textContent).toContain("Write `loinc`.");
    expect(bodies(server, "/lists/import")[0]).toMatchObject({ apply: false });
  });
  it("preview what a text would change, then apply it", async () => {
    const { server, user } = open("/admin/lists");
    await screen.findByText("Laboratory report");
    await user.keyboard("4");
    await user.click(await screen.findByTestId("yaml"));
    await user.paste("# new\n");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect((await screen.findByTestId("list-changes")).textContent).toContain("ecg");
    await user.click(screen.getByTestId("yaml-do"));
    await waitFor(() => expect(bodies(server, "/lists/import").at(-1)).toMatchObject({ apply: true }));
  });
  it("show what was learnt, and put another model to work", async () => {
    const { server, user } = open("/admin/lists");
    await screen.findByText("Laboratory report");
    await user.keyboard("5");
    await screen.findByText("only 55% of the held-out documents were told right");
    await user.keyboard("U");
    await screen.findByRole("dialog");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(bodies(server, "/lists/models/2/use")).toHaveLength(1));
  });
});

describe("the tree's lines", () => {
  const tree = {
    by: ["kind", "date"],
    total: 3,
    nodes: [
      {
        key: "lab",
        label: "lab",
        count: 2,
        nodes: [{ key: "2026-05", label: "", count: 2, nodes: [], documents: null }],
      },
      {
        key: "ecg",
        label: "ecg",
        count: 1,
        nodes: [{ key: "2025-01", label: "", count: 1, nodes: [], documents: [] }],
      },
    ],
  } as unknown as Tree;
  const label = (_: string, key: string) => key;
  it("ask for the documents of a branch that did not come with the tree", () => {
    const all = rowsOf({ tree, fetched: new Map(), isOpen: () => true, order: "newest", label });
    expect(all.map((row) => row.id)).toEqual(["/ecg", "/ecg/2025-01", "/lab", "/lab/2026-05"]);
    expect(all.at(-1)).toMatchObject({ ask: ["lab", "2026-05"], count: 2 });
  });
  it("show More while a branch has more", () => {
    const fetched = new Map([["/lab/2026-05", { items: [], next: "k" }]]);
    const rows = rowsOf({ tree, fetched, isOpen: () => true, order: "newest", label });
    expect(rows.at(-1)).toMatchObject({ kind: "more", keys: ["lab", "2026-05"] });
    expect(firstOpen(tree)).toContain("/lab/2026-05");
    expect(pathTo(tree, "nobody")).toEqual([]);
  });
});
