import { describe, expect, it } from "vitest";
import { diffLines, isSame, withContext } from "@/parts/lines";
import { fault, formOf, fromEditor, tidy, toEditor } from "@/parts/pretty";

const signs = (before: string, after: string) =>
  diffLines(before, after)
    .map((one) => `${{ same: " ", out: "-", in: "+" }[one.kind]}${one.text}`)
    .join("|");

describe("differences of lines", () => {
  it("finds what is out and what is in", () => {
    expect(signs("a\nb\nc", "a\nB\nc")).toBe(" a|-b|+B| c");
    expect(signs("", "a")).toBe("+a");
    expect(signs("a\nb", "")).toBe("-a|-b");
    expect(signs("a\nb\nc\nd", "a\nc\nx\nd")).toBe(" a|-b| c|+x| d");
  });
  it("rebuilds both texts, whatever they are", () => {
    let seed = 7;
    const next = (n: number) => {
      seed = (seed * 16807) % 2147483647;
      return seed % n;
    };
    for (let round = 0; round < 300; round += 1) {
      const text = () => Array.from({ length: next(12) }, () => "abc"[next(3)] as string);
      const [before, after] = [text(), text()];
      const lines = diffLines(before.join("\n"), after.join("\n"));
      expect(lines.filter((one) => one.kind !== "in").map((one) => one.text)).toEqual(before);
      expect(lines.filter((one) => one.kind !== "out").map((one) => one.text)).toEqual(after);
      expect(lines.filter((one) => one.old).map((one) => one.old)).toEqual(before.map((_, at) => at + 1));
      expect(isSame(lines)).toBe(before.join() === after.join());
    }
  });
  it("leaves out what is far from a change", () => {
    const many = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const shown = withContext(diffLines(many.join("\n"), many.with(20, "other").join("\n")));
    expect(shown[0]).toBeNull();
    expect(shown.filter(Boolean)).toHaveLength(8);
  });
  it("tells texts that share nothing as a whole", () => {
    const long = (word: string) => Array.from({ length: 6000 }, (_, at) => `${word}${at}`).join("\n");
    expect(diffLines(long("a"), long("b"))).toHaveLength(12_000);
  });
});

describe("bodies in the editor", () => {
  it("knows their form", () => {
    expect(formOf("application/hl7-v2", "")).toBe("hl7");
    expect(formOf("", "MSH|^~")).toBe("hl7");
    expect(formOf("application/json", " [1]")).toBe("json");
    expect(formOf("text/xml; charset=utf-8", "<a/>")).toBe("xml");
    expect(formOf("text/plain", "a")).toBe("text");
  });
  it("shows each HL7 segment as a line and sends it as it was", () => {
    const body = "MSH|^~\\&|A\rPID|1\r";
    expect(toEditor(body, "hl7")).toBe("MSH|^~\\&|A\nPID|1");
    expect(fromEditor(toEditor(body, "hl7"), "hl7")).toBe(body);
  });
  it("says what is not well-formed", () => {
    expect(fault("{", "json")).not.toBe("");
    expect(fault("<a>", "xml")).not.toBe("");
    expect(fault("PID|1", "hl7")).not.toBe("");
    expect(fault("<a/>", "xml")).toBe("");
  });
  it("tidies up without touching text", () => {
    expect(tidy('{"a":[1]}', "json")).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(tidy("<a><b> x &amp; </b><c/><d></d></a>", "xml")).toBe(
      "<a>\n  <b> x &amp; </b>\n  <c/>\n  <d></d>\n</a>",
    );
    expect(tidy("<a>", "xml")).toBe("<a>");
  });
});
