import { DownloadOutlined, UploadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { records } from "@/api/records";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Tag, type Tone } from "@/parts/bits";
import { Show } from "@/parts/States";
import { Said, useSaid } from "../records/say";
import type { ImportResult, ListFault } from "../records/types";

const MOST = 1 << 20;

/** The lists as one text: edited here or elsewhere, checked with every fault at its line, previewed, and applied whole
 * or not at all. */
export function YamlEditor() {
  const now = useLoad("lists yaml", records.listsText, ["lists"]);
  return <Show of={now}>{(text) => <Editor saved={text} reload={now.reload} />}</Show>;
}

function Editor({ saved, reload }: { saved: string; reload: () => void }) {
  const { t } = useI18n();
  const [text, setText] = useState(saved);
  const [result, setResult] = useState<{ of: string; said: ImportResult } | null>(null);
  const [busy, setBusy] = useState(false);
  const { said, say, fail } = useSaid();
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const before = useRef(saved);
  useEffect(() => {
    // what others changed meanwhile comes in while nothing was typed here
    setText((old) => (old === before.current ? saved : old));
    before.current = saved;
  }, [saved]);

  const dirty = text !== saved;
  const current = result?.of === text ? result.said : null;
  const faults = current?.faults ?? [];
  const ready = current !== null && !faults.length && !current.applied && dirty;
  const ask = async (apply: boolean) => {
    if (busy) return;
    setBusy(true);
    try {
      const answer = await records.importLists(text, apply);
      setResult({ of: text, said: answer });
      if (answer.faults.length) say("");
      else say(t(apply ? "lists.applied" : "lists.checked"));
      if (answer.applied) reload();
      const [first] = answer.faults;
      if (first) toLine(first.line);
    } catch (error) {
      fail(error);
    }
    setBusy(false);
  };
  const toLine = (line: number) => {
    const box = area.current;
    if (!box) return;
    const start =
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    const end = text.indexOf("\n", start);
    box.focus();
    box.setSelectionRange(start, end < 0 ? text.length : end);
    box.scrollTop = Math.max(0, (line - 6) * LINE);
  };
  const download = () => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "lists.yaml";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  const load = async (chosen: File | undefined) => {
    if (!chosen) return;
    if (chosen.size > MOST) {
      say(t("lists.toolarge"));
      return;
    }
    setText(await chosen.text());
    say(t("lists.loaded"));
  };
  const main = () => void ask(ready);
  useKeys("lists.view.yaml", {
    "Ctrl+Enter": { help: "lists.key.check", run: main },
    x: { help: "lists.key.export", run: download },
    a: { help: "lists.key.text", run: () => area.current?.focus() },
  });
  const bad = new Set(faults.map((fault) => fault.line));
  const lines = text.split("\n").length;
  return (
    <div className="yaml">
      <section className="card yaml-text" aria-label={t("lists.view.yaml")}>
        <div className="list-bar">
          <Button size="small" icon={<DownloadOutlined />} onClick={download}>
            {t("lists.export")} <kbd>x</kbd>
          </Button>
          <Button size="small" icon={<UploadOutlined />} onClick={() => file.current?.click()}>
            {t("lists.load")}
          </Button>
          <input
            ref={file}
            type="file"
            accept=".yaml,.yml,text/plain"
            hidden
            aria-label={t("lists.load")}
            onChange={(event) => {
              void load(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          {dirty && <span className="warn small">{t("lists.unsaved")}</span>}
          <Said said={said} />
        </div>
        <div className="yaml-frame">
          <div className="yaml-gutter" ref={gutter} aria-hidden="true">
            {Array.from({ length: lines }, (_, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              <span key={at} className={bad.has(at + 1) ? "bad-line" : ""}>
                {at + 1}
              </span>
            ))}
          </div>
          <textarea
            ref={area}
            spellCheck={false}
            wrap="off"
            aria-label={t("lists.view.yaml")}
            aria-invalid={faults.length > 0}
            data-testid="yaml"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onScroll={(event) => {
              if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && event.ctrlKey) main();
              else if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
        </div>
      </section>
      <aside className="card yaml-side" aria-live="polite">
        <div className="rec-scroll card-body">
          {!current && (
            <>
              <h2>{t("lists.how")}</h2>
              <ol className="steps-list">
                <li>{t("lists.how1")}</li>
                <li>{t("lists.how2")}</li>
                <li>{t("lists.how3")}</li>
              </ol>
            </>
          )}
          {faults.length > 0 && <Faults faults={faults} onLine={toLine} />}
          {current && !faults.length && <ListChanges result={current} />}
        </div>
        <footer className="repair-do">
          <Button
            type="primary"
            loading={busy}
            disabled={!dirty && !ready}
            onClick={main}
            data-testid="yaml-do"
          >
            {t(ready ? "lists.apply" : "lists.check")} <kbd>Ctrl</kbd>
            <kbd>Enter</kbd>
          </Button>
        </footer>
      </aside>
    </div>
  );
}

/** The height of a line of the text, as the style sheet has it. */
const LINE = 18;

function Faults({ faults, onLine }: { faults: readonly ListFault[]; onLine: (line: number) => void }) {
  const { t } = useI18n();
  return (
    <>
      <h2 className="err">{t("lists.faults", { n: faults.length })}</h2>
      <ul className="faults" data-testid="faults">
        {faults.map((fault) => (
          <li key={`${fault.line} ${fault.column} ${fault.text}`}>
            <button type="button" className="as-link" onClick={() => onLine(fault.line)}>
              {t("lists.line", { n: fault.line, column: fault.column })}
            </button>{" "}
            <span className="mono quiet small">{fault.code}</span>
            <p>{fault.text}</p>
            {fault.advice && <p className="quiet">{fault.advice}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

const SORTS: readonly ["added" | "changed" | "retired", Tone][] = [
  ["added", "green"],
  ["changed", "blue"],
  ["retired", "amber"],
];

function ListChanges({ result }: { result: ImportResult }) {
  const { t, word } = useI18n();
  const some = Object.entries(result.changes).filter(([, one]) =>
    SORTS.some(([sort]) => one[sort].length > 0),
  );
  if (!some.length) return <p className="quiet">{t("lists.nochange")}</p>;
  return (
    <div data-testid="list-changes" className="list-changes">
      <h2>{t(result.applied ? "lists.did" : "lists.would")}</h2>
      {some.map(([name, one]) => (
        <section key={name}>
          <h3>{word("lists.view", name)}</h3>
          {SORTS.filter(([sort]) => one[sort].length).map(([sort, tone]) => (
            <p key={sort}>
              <Tag tone={tone} bare tiny>
                {t(sort === "retired" ? "lists.retired.word" : `lists.${sort}`)}
              </Tag>{" "}
              <span className="mono small">{one[sort].join(", ")}</span>
            </p>
          ))}
        </section>
      ))}
    </div>
  );
}
