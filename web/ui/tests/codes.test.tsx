import { readFileSync } from "node:fs";
import { MockServer } from "@dev/mock/server";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { DICTIONARIES, LANGUAGES } from "@/i18n";
import { codesEn } from "@/i18n/codes/en";
import { whyIn } from "@/parts/why";
import { open } from "./house";

const TABLE = readFileSync("../../tools/codes.yaml", "utf-8");
const CODES = [...TABLE.matchAll(/^(WB-8\d{3}):/gm)].map(([, code]) => code as string);
/** Codes of scanned records that no screen of the scan desk shows, and where they are met instead. */
const ELSEWHERE: Record<string, string> = {
  "WB-8050": "DUPLICATES",
  "WB-8210": "messages of the HIS: merges",
  "WB-8211": "messages of the HIS: merges",
  "WB-8220": "REPAIR",
  "WB-8307": "Attention",
  "WB-8308": "Attention",
  "WB-8309": "steps of a route",
  "WB-8310": "DOCUMENT EDIT",
  "WB-8311": "export",
  "WB-8312": "READER",
  "WB-8313": "READER",
  "WB-8314": "READER",
  "WB-8315": "READER",
  "WB-8404": "a command",
  "WB-8610": "a program that uploads",
  "WB-8611": "a command",
  "WB-8612": "a command",
  "WB-8620": "a command",
  "WB-8621": "a command",
};
/** Of 85, 87 and 88: lists, appointments, boxes, commands. */
const DESK = /^WB-8[0-46]/;

describe("codes that the scan desk shows", () => {
  const met = CODES.filter((code) => DESK.test(code) && !(code in ELSEWHERE));
  it("are some, and are read from the table of all codes", () => {
    expect(met).toContain("WB-8040");
    expect(met.length).toBeGreaterThan(40);
  });
  it.each(LANGUAGES)("have words: %s", (language) => {
    const words = DICTIONARIES[language] as Record<string, string>;
    expect(met.filter((code) => !words[`code.${code}`])).toEqual([]);
  });
  it("are all there are: none is worded that no table knows", () => {
    const worded = Object.keys(codesEn).map((key) => key.replace(/^code\.(WB-\d+).*/, "$1"));
    expect(worded.filter((code) => !CODES.includes(code))).toEqual([]);
    expect(Object.keys(ELSEWHERE).filter((code) => !CODES.includes(code))).toEqual([]);
  });
});

describe("a reason", () => {
  const gap = { code: "WB-8040", reason: "separator 3 was to come, and 12 came" };
  it("is in the user's language, with the numbers of the server's", () => {
    expect(whyIn("es", gap)).toEqual({ text: "Tocaba el separador 3 y llegó el 12.", detail: "" });
    expect(whyIn("zh", gap)).toEqual({ text: "应为第 3 张分隔页，实际为第 12 张。", detail: "" });
  });
  it("keeps the server's words beside it when they say more, and alone in English", () => {
    const closed = { code: "WB-8104", reason: "the batch is filed" };
    expect(whyIn("es", closed)).toEqual({
      text: "En este estado del lote no se puede hacer.",
      detail: "the batch is filed",
    });
    expect(whyIn("en", closed)).toEqual({ text: "the batch is filed", detail: "" });
    expect(whyIn("en", { code: "WB-8104", reason: "" }).text).toBe(
      "In this state of the batch that cannot be done.",
    );
  });
  it("without words of ours stays as it came", () => {
    expect(whyIn("zh", { code: "WB-3999", reason: "the peer hung up" })).toEqual({
      text: "the peer hung up",
      detail: "",
    });
    expect(whyIn("zh", { code: "", reason: "" })).toEqual({ text: "", detail: "" });
  });
});

describe("in another language", () => {
  const server = () => {
    const mock = new MockServer(true);
    mock.session.user.language = "es";
    const stopped = mock.scan.batches.find((one) => one.id === "b3");
    if (stopped) {
      stopped.reason = "separator 2 was to come, and 3 came";
      stopped.failed_files = 1;
      stopped.files = [
        {
          id: 1,
          name: "a.tif",
          state: "failed",
          pages: 1,
          taken: 0,
          code: "WB-8021",
          reason: "the TIFF is cut off",
          at: 0,
        },
      ];
    }
    return mock;
  };
  it("a batch says why it is stopped, and a file why it failed", async () => {
    open("/scan/b3", server());
    const band = await screen.findByTestId("stopped");
    expect(band.textContent).toContain("Tocaba el separador 2 y llegó el 3.");
    expect(band.textContent).toContain("WB-8040");
    expect(screen.getByTestId("ledger-say").textContent).toContain("Tocaba el separador 2");
    const files = screen.getByTestId("failed-files");
    expect(files.textContent).toContain("cortado o dañado");
    expect(within(files).getByText("the TIFF is cut off").getAttribute("lang")).toBe("en");
  });
  it("an act that is refused says why, and so do the lists", async () => {
    const mock = server();
    mock.instead.set("POST /scan/batches/b1/acts", {
      status: 409,
      body: { title: "Conflict", code: "WB-8102", detail: "somebody else works on this batch" },
    });
    const { user } = open("/scan/b1", mock);
    await screen.findAllByTestId("cell");
    await user.keyboard("r");
    await waitFor(() =>
      expect(screen.getByTestId("saving").textContent).toContain("Otra persona trabaja en este lote."),
    );
    await user.keyboard("gb");
    expect((await screen.findByText("Tocaba el separador 2 y llegó el 3.")).className).toContain("err");
  });
  it("problems are listed in it", async () => {
    open("/scan/problems", server());
    await screen.findByText(/No se pudo leer el texto de la página\./);
    expect(screen.getByText("Reading took too long.").getAttribute("lang")).toBe("en");
  });
});
