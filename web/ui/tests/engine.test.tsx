import { dashboard } from "@dev/mock/data";
import { MockServer } from "@dev/mock/server";
import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { arcsOf } from "@/screens/engine/layout";
import { chosen, rowsOf, sections } from "@/screens/engine/rows";
import { filterOf, formFrom } from "@/screens/messages/filter";
import { FakeEvents, open } from "./house";

const row = (key: string) => document.querySelector(`[data-row-key="${key}"]`) as HTMLElement;

describe("the dashboard", () => {
  it("puts trouble first and filters", () => {
    const rows = rowsOf(dashboard());
    expect(sections(rows)[0]?.name).toBe("trouble");
    expect(sections(rows)[0]?.rows.map((one) => one.name)).toContain("ca");
    expect(chosen(rows, "all", "SOAP").map((one) => one.name)).toEqual(["his_in", "his_out"]);
    expect(chosen(rows, "paused", "")).toEqual([]);
  });
  it("asks before it stops a connection, and tells the server why", async () => {
    const { server, user } = open("/engine");
    await screen.findByText("his_in", {}, { timeout: 10_000 });
    await user.click(row("connection:his_in"));
    await user.keyboard("s");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByRole("textbox"), "upgrade");
    await user.click(within(dialog).getByRole("button", { name: "Stop" }));
    await waitFor(() =>
      expect(server.calls.find((call) => call.path === "/connections/his_in/stop")?.body).toEqual({
        note: "upgrade",
      }),
    );
  });
  it("leaves the acts away without the right", async () => {
    const server = new MockServer(true);
    server.session.rights = server.session.rights.filter((right) => right !== "operate");
    const { user } = open("/engine", server);
    await screen.findByText("his_in", {}, { timeout: 10_000 });
    await user.click(row("connection:his_in"));
    await user.keyboard("p");
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  it("draws only the row that changed of five hundred", async () => {
    const server = new MockServer(true);
    const board = dashboard();
    const first = board.connections[0];
    if (!first) throw new Error("no connection");
    board.connections = Array.from({ length: 500 }, (_, at) => ({ ...first, name: `c${at}` }));
    server.instead.set("GET /dashboard", { status: 200, body: board });
    open("/engine", server);
    await screen.findByText("c499", {}, { timeout: 20_000 });
    const drawn: string[] = [];
    const watch = new MutationObserver((list) => {
      for (const one of list) {
        const key = (one.target as Element).parentElement
          ?.closest("[data-row-key]")
          ?.getAttribute("data-row-key");
        if (key) drawn.push(key);
      }
    });
    watch.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    const next = structuredClone(board);
    const changed = next.connections[250];
    if (changed) changed.rate_in = 42;
    act(() => FakeEvents.all.at(-1)?.send("dashboard", next));
    await screen.findByText("42");
    watch.disconnect();
    expect(new Set(drawn)).toEqual(new Set(["connection:c250"]));
  }, 40_000);
});

describe("a route", () => {
  it("draws ways back on the left and ways on at the right, none over another", () => {
    const way = (from: string, to: string) => ({ from, to, way: "choose" as const, label: "" });
    const next = { from: "a", to: "b", way: "next" as const, label: "" };
    const arcs = arcsOf(
      ["a", "b", "c", "d"],
      [next, way("a", "d"), way("b", "c"), way("d", "a"), way("c", "")],
    );
    expect(arcs.map((arc) => [arc.edge.from, arc.side, arc.lane])).toEqual([
      ["b", "right", 1],
      ["c", "right", 2],
      ["a", "right", 3],
      ["d", "left", 1],
    ]);
  });
  it("shows the difference to a revision and goes back to it", async () => {
    const { server, user } = open("/engine/routes/exam_report");
    expect((await screen.findByTestId("diff", {}, { timeout: 10_000 })).textContent).toContain("order_old");
    expect(screen.getByTestId("at-send_back-dead").textContent).toContain("2");
    await user.keyboard("b");
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Roll back" }));
    await waitFor(() =>
      expect(server.calls.find((call) => call.path === "/routes/reload")?.body).toMatchObject({
        route: "exam_report",
        revision: "5c0aa91f2277e0",
      }),
    );
  });
});

describe("messages", () => {
  it("takes only names of the site from the address", () => {
    const form = formFrom(new URLSearchParams("state=dead&route=exam_report&label=x&step=%E7%A4%BA"));
    expect(filterOf(form, "runs")).toEqual({ state: ["dead"], route: ["exam_report"] });
    expect(filterOf({ ...form, text: "wb-3004" }, "runs")).toMatchObject({ code: "WB-3004" });
    expect(filterOf({ ...form, label: "order_id", value: " 17 " }, "runs")).toMatchObject({
      labels: { order_id: "17*" },
    });
  });
  it("acts on what is ticked, after a preview", async () => {
    const { server, user } = open("/engine/messages");
    await screen.findAllByRole("row");
    await screen.findByText("All that fit the search");
    await waitFor(() => expect(document.querySelectorAll("[data-row-key]").length).toBeGreaterThan(2));
    await user.keyboard("j j ");
    expect(await screen.findByText("2 ticked")).toBeTruthy();
    await user.keyboard("c");
    const dialog = await screen.findByRole("dialog");
    await within(dialog).findByText("Runs that this is done to: 2");
    await user.click(within(dialog).getByTestId("bulk-go"));
    await within(dialog).findByText("Done: 2 of 2");
    const asked = server.calls.find((call) => call.path === "/bulk")?.body as { act: string; ids: string[] };
    expect(asked.act).toBe("cancel");
    expect(asked.ids).toHaveLength(2);
  });
});
