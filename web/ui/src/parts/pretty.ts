/** Bodies as people read and edit them; nothing here changes what a body means unless it is asked to tidy it up. */

export type Form = "xml" | "json" | "hl7" | "text";

export function formOf(contentType: string, text: string): Form {
  const begin = text.trimStart();
  if (/hl7/i.test(contentType) || /^MSH./.test(begin)) return "hl7";
  if (/json/i.test(contentType) || /^[{[]/.test(begin)) return "json";
  if (/xml|soap/i.test(contentType) || begin.startsWith("<")) return "xml";
  return "text";
}

/** HL7's segments end with CR: each is a line in the editor. */
export const toEditor = (text: string, form: Form): string =>
  form === "hl7" ? text.replace(/\r\n?/g, "\n").replace(/\n$/, "") : text.replace(/\r\n/g, "\n");

export const fromEditor = (text: string, form: Form): string =>
  form === "hl7" ? `${text.replace(/\n+$/, "").replace(/\n/g, "\r")}\r` : text;

/** Why it is not well-formed; empty when it is. */
export function fault(text: string, form: Form): string {
  if (form === "json") {
    try {
      JSON.parse(text);
    } catch (error) {
      return error instanceof Error ? error.message : "JSON";
    }
  }
  if (form === "xml") {
    const bad = new DOMParser().parseFromString(text, "application/xml").querySelector("parsererror");
    return bad ? (bad.textContent ?? "XML").split("\n").find((one) => /error|line/i.test(one)) || "XML" : "";
  }
  if (form === "hl7" && !/^MSH./.test(text)) return "MSH";
  return "";
}

/** Each element, member or segment on a line of its own; the text itself where it is not well-formed. */
export function tidy(text: string, form: Form): string {
  if (fault(text, form)) return text;
  if (form === "json") return JSON.stringify(JSON.parse(text), null, 2);
  return form === "xml" ? tidyXml(text) : text;
}

/** Space is put only between tags: an element with text in it stays as it is. */
function tidyXml(text: string): string {
  const parts = text.match(/<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<[^>]*>|[^<]+/g) ?? [];
  const lines: string[] = [];
  let depth = 0;
  let open = "";
  for (const part of parts) {
    if (/^\s*$/.test(part) && !open) continue;
    const isEnd = part.startsWith("</");
    const isTag = part.startsWith("<") && !part.startsWith("<!") && !part.startsWith("<?");
    if (isEnd) depth -= 1;
    if (open && (isEnd || !isTag)) {
      open += part;
      if (isEnd) {
        lines.push(open);
        open = "";
      }
      continue;
    }
    if (open) {
      lines.push(open);
      open = "";
    }
    const line = `${"  ".repeat(Math.max(0, depth))}${part.trim()}`;
    if (isTag && !isEnd && !part.endsWith("/>")) {
      depth += 1;
      open = line;
    } else lines.push(line);
  }
  if (open) lines.push(open);
  return lines.join("\n");
}
