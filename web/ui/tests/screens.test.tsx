import { runId } from "@dev/mock/data";
import { MockServer } from "@dev/mock/server";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { safeNext } from "@/screens/Login";
import { FakeEvents, open } from "./house";

// The PDF needs a real browser: tests/browser looks at it.
vi.mock("@/pdf/PdfView", () => ({
  PdfView: ({ url }: { url: string }) => <div data-testid="pdf">{url}</div>,
}));

const last = (server: MockServer, method: string) =>
  server.calls.filter((call) => call.method === method).at(-1);

describe("signing in", () => {
  it("posts the token of the fragment once and takes it out of the address", async () => {
    const { server } = open("/login?next=%2Fworklist#good", new MockServer());
    await screen.findByRole("tab", { name: /Pending/ });
    expect(location.hash).toBe("");
    expect(server.calls.filter((call) => call.path === "/session/link")).toHaveLength(1);
  });
  it("says the same for every failure, and how to get a link", async () => {
    open("/login#used", new MockServer());
    expect(await screen.findByText(/This link does not work/)).toBeTruthy();
    expect(screen.getByText("waybill user link LOGIN")).toBeTruthy();
    expect(location.hash).toBe("");
  });
  it("is where one lands without a session", async () => {
    open("/sign", new MockServer());
    await screen.findByText("waybill user link LOGIN");
    expect(location.search).toBe("?next=%2Fsign");
  });
  it("goes on to this site only", () => {
    expect(safeNext("/d/abc")).toBe("/d/abc");
    for (const bad of [null, "", "https://x.example", "//x.example", "/\\x.example", "/login"]) {
      expect(safeNext(bad)).toBe("/today");
    }
  });
});

describe("the frame", () => {
  it("shows what the roles allow", async () => {
    const server = new MockServer(true);
    server.session.nav = ["today", "worklist", "unmatched"];
    open("/today", server);
    const nav = await screen.findByRole("navigation", { name: "Screens" });
    expect(
      within(nav)
        .getAllByRole("link")
        .map((link) => link.getAttribute("href")),
    ).toEqual(["/today", "/worklist", "/engine/unmatched"]);
    expect(screen.queryByLabelText(/Find a patient/)).toBeNull();
  });
  it("speaks three languages and tells the server", async () => {
    const { server, user } = open("/worklist");
    await user.click(await screen.findByTestId("language"));
    await user.click(await screen.findByText("中文"));
    expect(await screen.findByRole("heading", { name: "工作列表" })).toBeTruthy();
    expect(document.documentElement.lang).toBe("zh-CN");
    expect(last(server, "PUT")?.body).toEqual({ language: "zh" });
    expect(screen.getByTestId("needs-me").textContent).toContain("需要我");
  });
  it("shows the keys of the screen on ?", async () => {
    const { user } = open("/worklist");
    await screen.findByText("Name not yet known");
    await user.keyboard("?");
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText("go to the signing queue")).toBeTruthy();
    expect(within(dialog).getByText("Processing")).toBeTruthy();
    // what happens below it must not empty it
    FakeEvents.all.at(-1)?.onerror?.();
    await screen.findByText(/Live lost/);
    expect(within(dialog).getByText("Processing")).toBeTruthy();
  });
  it("says when the live stream is lost", async () => {
    open("/today");
    await screen.findByText(/Good day/);
    FakeEvents.all.at(-1)?.onerror?.();
    expect(await screen.findByText(/Live lost \d\d:\d\d:\d\d/)).toBeTruthy();
  });
  it("searches patients by POST and keeps them out of address and title", async () => {
    const { server, user } = open("/today");
    await user.type(await screen.findByLabelText(/Find a patient/), "示例");
    await user.click(await screen.findByText("示例甲"));
    await screen.findByRole("heading", { name: "示例甲" });
    expect(server.calls).toContainEqual({ method: "POST", path: "/patients/search", body: { text: "示例" } });
    expect(decodeURIComponent(location.href)).not.toContain("示例");
    expect(document.title).not.toContain("示例");
  });
});

describe("states", () => {
  const failing = (status: number, body: object) => {
    const server = new MockServer(true);
    server.instead.set("GET /attention", { status, body });
    return open("/engine/attention", server);
  };
  it("names the missing right", async () => {
    failing(403, { title: "Forbidden", code: "WB-7002", detail: "", right: "attention" });
    expect(await screen.findByText(/right “Attention”/)).toBeTruthy();
    expect(screen.getByText("WB-7002")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
  });
  it("shows the code and tries again", async () => {
    const { server, user } = failing(500, {
      title: "Internal",
      code: "WB-7009",
      detail: "A bug; it was written down.",
    });
    expect(await screen.findByText("WB-7009")).toBeTruthy();
    server.instead.clear();
    await user.click(screen.getByRole("button", { name: "Retry" }));
    expect(await screen.findByTestId("deed-arrived")).toBeTruthy();
  });
  it("says what would fill an empty list", async () => {
    failing(200, { groups: [] });
    expect(await screen.findByText("Nothing needs a person")).toBeTruthy();
  });
});

describe("the worklist", () => {
  it("chooses a tab by number and opens a row by j and Enter", async () => {
    const { user } = open("/worklist");
    await screen.findByText("Name not yet known");
    await user.keyboard("2");
    await screen.findByText("900000014-1");
    expect(location.search).toBe("?status=Processing");
    await user.keyboard("j{Enter}");
    await screen.findByTestId("line");
    expect(location.pathname).toBe(`/engine/runs/${runId(4)}`);
  });
  it("rolls up by patient", async () => {
    const { user } = open("/worklist?status=Processing");
    await screen.findByText("900000014-1");
    await user.keyboard("p");
    expect(await screen.findByText("Orders: 2")).toBeTruthy();
  });
});

describe("the waybill", () => {
  it("answers doubt with y, with a note", async () => {
    const { server, user } = open(`/engine/runs/${runId(19)}`);
    expect((await screen.findByTestId("line")).textContent).toContain("Held at send_back");
    await user.keyboard("y");
    await user.type(await screen.findByLabelText(/Note/), "seen in the HIS");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() =>
      expect(server.calls).toContainEqual({
        method: "POST",
        path: `/runs/${runId(19)}/doubt`,
        body: { answer: "arrived", note: "seen in the HIS" },
      }),
    );
  });
  it("opens the body only when asked", async () => {
    const { server, user } = open(`/engine/runs/${runId(14)}`);
    await screen.findByTestId("open-body");
    expect(server.calls.some((call) => call.path.endsWith("/open"))).toBe(false);
    await user.keyboard("o");
    expect((await screen.findByTestId("body")).textContent).toContain("PATPatientID");
  });
});

describe("alerts", () => {
  it("says what, whose, and who could not be told; a looks after it, z puts it off", async () => {
    const { server, user } = open("/engine/alerts");
    await screen.findByText("Look at the line to the HIS.");
    expect(screen.getByText(/could not be told through mail \(3 attempts\)/)).toBeTruthy();
    await user.keyboard("z");
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByText("8 hours"));
    await user.type(within(dialog).getByRole("textbox"), "works{Control>}{Enter}{/Control}");
    await waitFor(() => expect(last(server, "POST")?.path).toBe("/alerts/2/snooze"));
    expect(last(server, "POST")?.body).toEqual({ minutes: 480, note: "works" });
    await screen.findByText(/^put off until/);
    await user.keyboard("a");
    await user.type(await screen.findByRole("textbox"), "mine{Control>}{Enter}{/Control}");
    await waitFor(() => expect(last(server, "POST")?.path).toBe("/alerts/2/acknowledge"));
    await user.click(screen.getByTestId("alerts-acknowledged"));
    await screen.findByText("demo looks after it");
  });
  it("shows those that ended, with nothing to do", async () => {
    const { user } = open("/engine/alerts");
    await user.click(await screen.findByTestId("alerts-ended"));
    await screen.findByText("ca");
    expect(screen.queryByTestId("acknowledge")).toBeNull();
  });
  it("says when no rule watches the site", async () => {
    const server = new MockServer(true);
    server.instead.set("GET /alerts", { status: 200, body: { alerts: [], untold: [], rules: 0 } });
    open("/engine/alerts", server);
    await screen.findByText(/No rule watches this site/);
  });
});

describe("attention", () => {
  it("acknowledges the chosen entry by a, and shows by whom", async () => {
    const { server, user } = open("/engine/attention");
    await screen.findByTestId("deed-arrived");
    await user.keyboard("a");
    await waitFor(() => expect(last(server, "POST")?.path).toBe("/attention/1/acknowledge"));
    expect((await screen.findAllByText("looked after by demo")).length).toBe(2);
  });
  it("asks with the number before it retries a whole cause", async () => {
    const { server, user } = open("/engine/attention");
    await screen.findByTestId("deed-arrived");
    await user.keyboard("]r");
    const dialog = await screen.findByRole("dialog");
    await within(dialog).findByText("Runs that this is done to: 12");
    expect(server.calls.find((call) => call.path === "/bulk/preview")?.body).toMatchObject({
      act: "retry",
      filter: { state: ["dead"], code: "WB-3004", step: ["device_row"] },
    });
    await user.click(within(dialog).getByTestId("bulk-go"));
    expect(await within(dialog).findByText("Done: 2 of 2")).toBeTruthy();
  });
});

describe("unmatched files", () => {
  it("opens none by itself, and gives one to an order after a second look", async () => {
    const { server, user } = open("/engine/unmatched");
    await screen.findByText("Choose a file");
    await user.keyboard("j");
    expect((await screen.findByTestId("pdf")).textContent).toBe("/api/v1/unmatched/11/content");
    await user.keyboard("2");
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Give it to this order" }));
    await waitFor(() =>
      expect(server.calls).toContainEqual({
        method: "POST",
        path: "/unmatched/11/choose",
        body: { run_id: runId(12) },
      }),
    );
  });
  it("discards only with a reason", async () => {
    const { server, user } = open("/engine/unmatched");
    await screen.findByText("Choose a file");
    await user.keyboard("jd");
    const dialog = await screen.findByRole("dialog");
    const button = within(dialog).getByRole("button", { name: "Discard" });
    expect(button).toHaveProperty("disabled", true);
    await user.type(within(dialog).getByLabelText(/Reason/), "a test print");
    await user.click(button);
    await waitFor(() => expect(last(server, "POST")?.body).toEqual({ reason: "a test print" }));
  });
});

describe("a report", () => {
  it("is signed by s; the phone is asked, then it is sent", async () => {
    const server = new MockServer(true);
    server.phone = 100;
    const { user } = open(`/sign/${runId(13)}`, server);
    await screen.findByTestId("pdf");
    await user.keyboard("s");
    expect(await screen.findByText("Your phone is asked")).toBeTruthy();
    expect(await screen.findByText("Signed", {}, { timeout: 5000 })).toBeTruthy();
    expect(last(server, "POST")?.path).toBe(`/sign/${runId(13)}/sign`);
  });
  it("is not signed while a match is red, until the change was read", async () => {
    const { server, user } = open(`/sign/${runId(18)}`);
    const sign = await screen.findByTestId("sign");
    expect(sign).toHaveProperty("disabled", true);
    await user.keyboard("s");
    expect(server.calls.some((call) => call.path.endsWith("/sign"))).toBe(false);
    await user.click(screen.getByTestId("reread"));
    await waitFor(() => expect(screen.getByTestId("sign")).toHaveProperty("disabled", false));
  });
  it("is refused with a reason only", async () => {
    const { server, user } = open(`/sign/${runId(13)}`);
    await screen.findByTestId("pdf");
    await user.keyboard("x");
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/Reason/), "wrong patient on the print");
    await user.click(within(dialog).getByRole("button", { name: "Refuse" }));
    await waitFor(() => expect(last(server, "POST")?.body).toEqual({ reason: "wrong patient on the print" }));
  });
});

describe("the dashboard", () => {
  it("lives by the stream", async () => {
    open("/engine");
    await screen.findByText("his_in");
    const { dashboard } = await import("@dev/mock/data");
    const board = dashboard(1);
    FakeEvents.all.at(-1)?.send("dashboard", { ...board, engine: { ...board.engine, queue: 4711 } });
    expect(await screen.findByText("4711")).toBeTruthy();
  });
});
