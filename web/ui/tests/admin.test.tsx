import { MockServer } from "@dev/mock/server";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { pressedFor, swapped, unswapped } from "@/keys/own";
import { blank, moved, optionLines, optionsFrom, put, same, sent, trimmed } from "@/screens/admin/lists/rows";
import type { Kind, Station } from "@/screens/scan/types";
import { open } from "./house";

const puts = (server: MockServer, name: string) =>
  server.calls
    .filter((call) => call.method === "PUT" && call.path === `/lists/${name}`)
    .map((call) => call.body);
const codes = (body: unknown) => (body as { items: { code: string }[] }).items.map((item) => item.code);
const said = () => screen.getByTestId("said").textContent;
async function kinds(server = new MockServer(true)) {
  const opened = open("/admin/lists", server);
  await screen.findByText("Laboratory report");
  return opened;
}
const field = (label: string) => screen.getByLabelText(label) as HTMLInputElement;
const asLate = () =>
  waitFor(() => {
    if (document.activeElement === document.body) throw new Error("nothing is focused yet");
  });

describe("LISTS as tables", () => {
  it("rename by Enter, save by Enter, and take it back by u", async () => {
    const { server, user } = await kinds();
    await user.keyboard("j{Enter}");
    await asLate();
    await user.clear(field("Español"));
    await user.type(field("Español"), "Alta{Enter}");
    await waitFor(() => expect(said()).toContain("Saved"));
    expect(puts(server, "kinds")[0]).toMatchObject({ version: "v1" });
    expect(server.admin.lists.kinds[1]?.names.es).toBe("Alta");
    expect(server.admin.lists.kinds[1]).toMatchObject({ code: "letter", position: 1 });
    await user.keyboard("u");
    await waitFor(() => expect(said()).toContain("Undone"));
    expect(server.admin.lists.kinds[1]?.names.es).toBe("Informe de alta");
  });
  it("show the value rules of a kind and how often it is used", async () => {
    await kinds();
    expect((await screen.findByTestId("rule")).textContent).toContain("laboratory_number");
    expect(screen.getByTestId("rule").textContent).toContain("检验号");
    expect(await screen.findByText(/Used 1200 times/)).toBeTruthy();
  });
  it("move rows by J and K, and quick ones go together", async () => {
    const { server, user } = await kinds();
    await user.keyboard("JJK");
    await waitFor(() =>
      expect(server.admin.lists.kinds.map((one) => one.code)).toEqual(["letter", "lab", "consent", "ecg"]),
    );
    await user.keyboard("{Control>}{ArrowUp}{/Control}");
    await waitFor(() => expect(server.admin.lists.kinds[0]?.code).toBe("lab"));
  });
  it("drag a row to another's place", async () => {
    const { server } = await kinds();
    const row = (code: string) => document.querySelector(`[data-row-key=${code}]`) as HTMLElement;
    const dataTransfer = { effectAllowed: "" };
    fireEvent.dragStart(row("ecg"), { dataTransfer });
    fireEvent.dragOver(row("lab"), { dataTransfer });
    expect(row("lab").className).toContain("drop-above");
    fireEvent.drop(row("lab"), { dataTransfer });
    await waitFor(() => expect(codes(puts(server, "kinds")[0])).toEqual(["ecg", "lab", "letter", "consent"]));
  });
  it("take a row off the offer by d, and never delete it", async () => {
    const { server, user } = await kinds();
    await user.keyboard("2");
    await screen.findByText("Cardiology");
    await user.keyboard("jd");
    await waitFor(() => expect(server.admin.lists.departments[1]?.active).toBe(false));
    expect(codes(puts(server, "departments")[0])).toEqual(["lab", "card"]);
    expect((await screen.findByText("no longer")).closest("tr")?.className).toContain("retired");
  });
  it("add a row by N; a code is there once, and a fault stands at its field", async () => {
    const { server, user } = await kinds();
    await user.keyboard("N");
    await asLate();
    expect(document.activeElement).toBe(field("Code"));
    await user.keyboard("lab{Enter}");
    expect((await screen.findByTestId("row-fault")).textContent).toContain("already");
    await user.clear(field("Code"));
    await user.type(field("Code"), "photo{Enter}");
    await waitFor(() => expect(screen.getByTestId("row-fault").textContent).toContain("write a name"));
    await user.type(field("中文"), "照片{Enter}");
    await waitFor(() => expect(server.admin.lists.kinds.at(-1)).toMatchObject({ code: "photo" }));
    await waitFor(() => expect(said()).toContain("Saved"));
    expect(document.querySelector("tr.cursor")?.textContent).toContain("照片");
  });
  it("keep what is typed when somebody else was quicker, and show that", async () => {
    const { server, user } = await kinds();
    await user.keyboard("{Enter}");
    await asLate();
    await user.clear(field("English"));
    await user.type(field("English"), "Lab");
    server.admin.other("kinds", (rows) => {
      (rows as Kind[])[0] = { ...(rows as Kind[])[0], names: { en: "Theirs" } } as Kind;
    });
    await user.keyboard("{Enter}");
    await waitFor(() => expect(said()).toContain("WB-8505"));
    expect(server.admin.lists.kinds[0]?.names.en).toBe("Theirs");
    expect(await screen.findByText(/Somebody else changed this row/)).toBeTruthy();
    expect(field("English").value).toBe("Lab");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(server.admin.lists.kinds[0]?.names.en).toBe("Lab"));
  });
  it("lose nothing that was typed to another row, another view, or Esc by mistake", async () => {
    const { user } = await kinds();
    await user.keyboard("{Enter}");
    await asLate();
    await user.type(field("English"), "!");
    await user.click(screen.getByText("ECG", { selector: "b" }));
    expect(said()).toContain("Not saved yet");
    await user.click(screen.getByTestId("lists-stations"));
    expect(field("English").value).toBe("Laboratory report!");
    field("English").focus();
    await user.keyboard("{Escape}");
    expect(field("English").value).toBe("Laboratory report");
    expect(document.activeElement).toBe(document.body);
  });
  it("change a station's sides, prefix, languages and other options", async () => {
    const { server, user } = await kinds();
    await user.keyboard("3");
    await screen.findByText("scan-2");
    await user.keyboard("{Enter}");
    await asLate();
    await user.clear(field("Prefix of the hand scanner"));
    await user.type(field("More options"), "psm: 6");
    await user.type(field("Title"), " A{Enter}");
    await waitFor(() => expect(server.admin.lists.stations[0]).toMatchObject({ title: "Scanner 1 A" }));
    expect(server.admin.lists.stations[0]?.options).toEqual({ psm: "6" });
    await user.keyboard("J");
    expect(puts(server, "stations")).toHaveLength(1);
  });
  it("say which right is missing", async () => {
    const server = new MockServer(true);
    server.session.rights = server.session.rights.filter((right) => right !== "lists");
    open("/admin/lists", server);
    expect((await screen.findByRole("alert")).textContent).toContain("Lists");
  });
  it("have a line in the help for each key", async () => {
    const { user } = await kinds();
    await user.keyboard("?");
    const help = await screen.findByRole("dialog");
    for (const line of ["a new row", "move the row up", "offer it, or no longer"])
      expect(within(help).getByText(line)).toBeTruthy();
  });
});

describe("the rows of a list", () => {
  const station: Station = {
    code: "a",
    title: "",
    languages: "eng",
    options: { sides: "one", psm: "6" },
    active: true,
  };
  it("are sent in their order, without their places", () => {
    expect(sent({ ...(blank("departments") as Kind), position: 3 })).not.toHaveProperty("position");
    expect(moved([station, { ...station, code: "b" }], 1, 0).map((row) => row.code)).toEqual(["b", "a"]);
    expect(put([station], { ...station, code: "b" })).toHaveLength(2);
    expect(put([station], { ...station, title: "x" })[0]).toMatchObject({ title: "x" });
  });
  it("are the same whatever the order of their keys", () => {
    const other = Object.fromEntries(Object.entries(station).reverse()) as unknown as Station;
    expect(same(station, { ...other, options: { psm: "6", sides: "one" } })).toBe(true);
    expect(same(station, { ...station, active: false })).toBe(false);
  });
  it("are saved without spaces and empty names", () => {
    const row = { ...blank("kinds"), code: " a ", names: { en: " A ", es: " " } } as Kind;
    expect(trimmed(row)).toMatchObject({ code: "a", names: { en: "A" } });
    expect((trimmed(row) as Kind).names).not.toHaveProperty("es");
  });
  it("show options that have no field as lines, and read them back", () => {
    expect(optionLines(station.options)).toBe("psm: 6");
    expect(optionsFrom("psm: 3\n\nclean: a:b\n", station.options)).toEqual({
      sides: "one",
      psm: "3",
      clean: "a:b",
    });
    expect(optionsFrom("", { sides: "" })).toEqual({});
  });
});

describe("PEOPLE", () => {
  const people = async (server = new MockServer(true)) => {
    const opened = open("/admin/users", server);
    await screen.findByText("Ana Muestra");
    return opened;
  };
  const cursor = () => document.querySelector("tr.cursor")?.textContent;
  it("are reached by g p, and filtered by state, role and text", async () => {
    const { user } = await kinds();
    await user.keyboard("gp");
    await screen.findByText("Ana Muestra");
    expect(screen.queryByText("Sam Sample")).toBeNull();
    await user.keyboard("]");
    await screen.findByText("Sam Sample");
    expect(screen.queryByText("Ana Muestra")).toBeNull();
    await user.keyboard("]f");
    await user.type(screen.getByLabelText("Name, login, number"), "D90{Enter}");
    await screen.findByText("示例医师");
    await waitFor(() => expect(screen.queryByText("Sam Sample")).toBeNull());
  });
  it("change roles, which count at once", async () => {
    const { server, user } = await people();
    await user.click(await screen.findByRole("checkbox", { name: /auditor/ }));
    await user.click(screen.getByTestId("person-save"));
    await waitFor(() => expect(server.admin.users[0]?.roles).toEqual(["CL", "SC", "AU"]));
    await waitFor(() => expect(said()).toContain("counts at once"));
    const sentBody = server.calls.find((call) => call.method === "PATCH")?.body;
    expect(sentBody).not.toHaveProperty("login");
  });
  it("add a person by N, then make the link that is shown once", async () => {
    const { server, user } = await people();
    await user.keyboard("N");
    await asLate();
    await user.keyboard("New.One");
    await user.type(field("Name"), "New One");
    await user.click(screen.getByRole("checkbox", { name: /physician/ }));
    await user.type(field("Staff number"), "D77{Enter}");
    await waitFor(() => expect(said()).toContain("Added"));
    expect(server.admin.users.at(-1)).toMatchObject({ login: "new.one", roles: ["PH"], staff_number: "D77" });
    await waitFor(() => expect(cursor()).toContain("new.one"));
    await user.keyboard("L");
    expect(((await screen.findByTestId("link")) as HTMLInputElement).value).toBe(
      `${location.origin}/login#once`,
    );
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("link")).toBeNull());
  });
  it("keep a refused person in the form with the reason", async () => {
    const { user } = await people();
    await user.keyboard("N");
    await asLate();
    await user.keyboard("ana");
    await user.click(screen.getByRole("checkbox", { name: /physician/ }));
    await user.type(field("Name"), "Again{Enter}");
    await waitFor(() => expect(said()).toContain("WB-7031"));
    expect(field("Name").value).toBe("Again");
    await user.keyboard("{Escape}");
    await user.keyboard("j");
    expect(cursor()).toContain("demo");
  });
  it("are disabled after one question, and let in again", async () => {
    const { server, user } = await people();
    await user.keyboard("D");
    await screen.findByText(/signed out at once/);
    await user.keyboard("{Enter}");
    await waitFor(() => expect(server.admin.users[0]?.disabled_at).not.toBeNull());
    await waitFor(() => expect(said()).toContain("disabled"));
    await user.keyboard("]");
    await screen.findByText("Sam Sample");
    await user.keyboard("D");
    await screen.findByText(/may sign in again, by a new link/);
    await user.keyboard("{Enter}");
    await waitFor(() => expect(server.admin.users[0]?.disabled_at).toBeNull());
  });
  it("sign a person out everywhere", async () => {
    const { server, user } = await people();
    await user.keyboard("X");
    await screen.findByText(/end at once/);
    await user.keyboard("{Enter}");
    await waitFor(() => expect(server.admin.users[0]?.sessions).toBe(0));
  });
  it("say which right is missing", async () => {
    const server = new MockServer(true);
    server.session.rights = server.session.rights.filter((right) => right !== "users");
    open("/admin/users", server);
    expect((await screen.findByRole("alert")).textContent).toContain("People");
  });
});

describe("ME", () => {
  const me = async (server = new MockServer(true)) => {
    const opened = open("/today", server);
    await screen.findByText(/Good day/);
    await opened.user.keyboard("gy");
    await screen.findByText("Where I am signed in");
    return opened;
  };
  it("is reached by g y, and ends one session or all others, never this one", async () => {
    const { server, user } = await me();
    await screen.findByText("this one");
    await user.keyboard("jd");
    expect(server.admin.sessions).toHaveLength(3);
    await user.keyboard("jd");
    await waitFor(() => expect(server.admin.sessions).toHaveLength(2));
    await waitFor(() => expect(said()).toContain("ended"));
    await user.keyboard("X");
    await waitFor(() => expect(server.admin.sessions.map((one) => one.mine)).toEqual([true]));
  });
  it("changes the language", async () => {
    const { server, user } = await me();
    await user.click(screen.getByText("Español", { selector: ".ant-segmented-item-label" }));
    await screen.findByText("Dónde estoy conectado");
    expect(server.calls.at(-1)).toMatchObject({ path: "/session/language", body: { language: "es" } });
  });
  it("swaps two keys, everywhere and in the help, and puts them back", async () => {
    const { server, user } = await me();
    await user.type(screen.getByLabelText("key"), "g");
    await user.type(screen.getByLabelText("with"), "q{Enter}");
    await screen.findByTestId("own-key");
    expect(server.session.user.keys).toEqual({ g: "q", q: "g" });
    await waitFor(() => expect(said()).toContain("saved"));
    (document.activeElement as HTMLElement).blur();
    await user.keyboard("?");
    const help = await screen.findByRole("dialog");
    const line = within(help).getByText("go to my settings").closest("div");
    expect(line?.textContent).toContain("qy");
    await user.keyboard("{Escape}");
    await user.keyboard("qt");
    await screen.findByText(/Good day/);
    await user.keyboard("qy");
    await user.click(await screen.findByText("as it was"));
    await waitFor(() => expect(server.session.user.keys).toEqual({}));
  });
});

describe("own keys", () => {
  it("are pairs: each key is meant by exactly one", () => {
    const one = swapped({}, "a", "b");
    expect(one).toEqual({ a: "b", b: "a" });
    expect(swapped(one, "b", "c")).toEqual({ b: "c", c: "b" });
    expect(unswapped(one, "b")).toEqual({});
  });
  it("are written as they are pressed", () => {
    expect(pressedFor({ g: "q", q: "g" }, "g t")).toBe("q t");
    expect(pressedFor({ g: "q", q: "g" }, "g")).toBe("q");
    expect(pressedFor({ E: "x", x: "E" }, "Ctrl+Enter")).toBe("Ctrl+Enter");
    expect(pressedFor({}, " ")).toBe(" ");
  });
});
