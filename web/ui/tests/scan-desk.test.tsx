import { MockServer } from "@dev/mock/server";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { sameAsBefore } from "@/screens/scan/assign/scope";
import { foresee, type ShownBatch } from "@/screens/scan/desk/local";
import type { Batch, Page } from "@/screens/scan/types";
import { open } from "./house";

const calls = (server: MockServer, path: string) =>
  server.calls.filter((call) => call.path === `/scan/${path}`).map((call) => call.body);
const cell = (id: string) => document.getElementById(`page-${id}`);
const cursor = () =>
  screen.getAllByTestId("cell").find((one) => one.getAttribute("aria-current"))?.dataset.page;
const batchOf = (server: MockServer, id: string): Batch =>
  server.scan.batches.find((one) => one.id === id) as Batch;

async function desk(id: string, path = "", change: (server: MockServer) => void = () => undefined) {
  const server = new MockServer(true);
  change(server);
  const opened = open(`/scan/${id}${path}`, server);
  await screen.findAllByTestId("cell");
  return opened;
}

describe("flagged pages", () => {
  it("are gone through by n and N, round the end", async () => {
    // 4 and 13 are skewed; 7 is a separator, of which nobody needs to know how it was scanned
    const { user } = await desk("b1", "", (server) => batchOf(server, "b1").pages[6]?.flags.push("dark"));
    await user.keyboard("n");
    expect(cursor()).toBe("b1p4");
    expect(screen.getByTestId("saving").textContent).toContain("Flagged page 1 of 2.");
    await user.keyboard("n");
    expect(cursor()).toBe("b1p13");
    await user.keyboard("n");
    expect(cursor()).toBe("b1p4");
    await user.keyboard("N");
    expect(cursor()).toBe("b1p13");
    expect(screen.getByTestId("saving").textContent).toContain("Flagged page 2 of 2.");
  });
  it("are counted with those that a person flagged, also when they are dropped", async () => {
    const { user } = await desk("b1", "", (server) => {
      for (const page of batchOf(server, "b1").pages) page.flags = page.id === "b1p9" ? ["flag"] : [];
      Object.assign(batchOf(server, "b1").pages[8] as Page, { state: "dropped" });
    });
    await user.keyboard("N");
    expect(cursor()).toBe("b1p9");
  });
  it("may be none, and that is said", async () => {
    const { user } = await desk("b1", "", (server) => {
      for (const page of batchOf(server, "b1").pages) page.flags = [];
    });
    await user.keyboard("n");
    expect(cursor()).toBe("b1p1");
    expect(screen.getByTestId("saving").textContent).toContain("No page is flagged.");
  });
  it("have their keys in the help", async () => {
    const { user } = await desk("b1");
    await user.keyboard("?");
    const dialog = await screen.findByRole("dialog");
    for (const text of ["next flagged page", "flagged page before", /insert here/])
      expect(within(dialog).getByText(text)).toBeTruthy();
  });
});

describe("the place of what is scanned next", () => {
  it("is seen on the contact sheet and in the ledger, and is no flag", async () => {
    const { server, user } = await desk("b1");
    expect(screen.queryByTestId("insert-place")).toBeNull();
    await user.keyboard("{ArrowRight}{ArrowRight}i");
    expect(within(cell("b1p3") as HTMLElement).getByTestId("insert-here").textContent).toBe("next here");
    expect(cell("b1p3")?.getAttribute("aria-label")).toContain("what is scanned next goes before this page");
    expect(cell("b1p3")?.querySelector(".sign-amber")).toBeNull();
    expect(screen.getByTestId("page-facts").textContent).not.toContain("insert");
    expect(screen.getByTestId("insert-place").textContent).toContain("before page 3");
    expect((await screen.findByTestId("saving")).textContent).toContain("What is scanned next goes here.");
    // elsewhere: it goes along, there is one
    await user.keyboard("{ArrowRight}i");
    await waitFor(() => expect(screen.getByTestId("insert-place").textContent).toContain("before page 4"));
    expect(screen.getAllByTestId("insert-here")).toHaveLength(1);
    expect(calls(server, "batches/b1/acts").at(-1)).toMatchObject({ act: "insert", before: "b1p4" });
  });
  it("is taken back by i on the same page, and in the ledger from wherever one stands", async () => {
    const { server, user } = await desk("b1");
    await user.keyboard("{ArrowRight}i");
    await screen.findByTestId("insert-place");
    await user.keyboard("i");
    await waitFor(() => expect(screen.queryByTestId("insert-place")).toBeNull());
    expect(calls(server, "batches/b1/acts").at(-1)).toMatchObject({ act: "insert", before: null });
    await user.keyboard("i{End}");
    await user.click(await screen.findByRole("button", { name: "At the end again" }));
    await waitFor(() => expect(screen.queryByTestId("insert-here")).toBeNull());
    expect(screen.getByTestId("saving").textContent).toContain("goes to the end again");
    expect(cell("b1p2")?.className).not.toContain("here");
  });
  it("cannot be chosen in another person's batch", async () => {
    const { server, user } = await desk("b2", "", (mock) =>
      batchOf(mock, "b2").pages[1]?.flags.push("insert"),
    );
    expect(screen.getByTestId("insert-place").querySelector("button")).toBeNull();
    await user.keyboard("i");
    expect(calls(server, "batches/b2/acts")).toHaveLength(0);
  });
  it("is one, and other flags stay", () => {
    const pages = [
      { id: "a", flags: ["dark", "insert"] },
      { id: "b", flags: ["flag"] },
      { id: "c", flags: [] },
    ];
    const batch = { pages } as unknown as ShownBatch;
    const flags = (before: string | null) =>
      foresee(batch, { act: "insert", pages: [], before }).pages.map((one) => one.flags);
    expect(flags("b")).toEqual([["dark"], ["flag", "insert"], []]);
    expect(flags(null)).toEqual([["dark"], ["flag"], []]);
  });
});

describe("the same patient as before", () => {
  it("is given by = within a document, and not over a separator", async () => {
    const { server, user } = await desk("b1", "/assign");
    await screen.findByTestId("candidate-1");
    await user.keyboard("{F2}1{Enter}");
    await waitFor(() => expect(cursor()).toBe("b1p4"));
    await user.keyboard("=");
    await waitFor(() =>
      expect(calls(server, "batches/b1/assign").at(-1)).toEqual({
        pages: ["b1p4"],
        patient: "pat1",
        how: "previous",
      }),
    );
    await user.keyboard("{ArrowDown}");
    expect(cursor()).toBe("b1p8");
    await user.keyboard("=");
    await waitFor(() => expect(screen.getByTestId("saving").textContent).toContain("a separator begins"));
    expect(calls(server, "batches/b1/assign")).toHaveLength(2);
  });
  it("is the nearest before it, and nobody behind a sheet of ours or what looks like one", () => {
    const at = (id: string, state: string, patient: string | null, flags: string[] = []) =>
      ({ id, state, flags, patient: patient && { id: patient } }) as unknown as Page;
    const pages = [
      at("a", "kept", "p1"),
      at("b", "blank", null),
      at("c", "kept", null),
      at("d", "dropped", null, ["sheet"]),
      at("e", "kept", null),
      at("f", "label", null),
      at("g", "kept", null),
    ];
    const found = ["a", "b", "c", "e", "g", "x"].map((id) => sameAsBefore(pages, id)?.id ?? null);
    expect(found).toEqual([null, "p1", "p1", null, null, null]);
  });
});
