import { Button, Switch } from "antd";
import { useEffect, useMemo, useState } from "react";
import { Link, useLocation, useNavigate, useParams, useSearchParams } from "react-router";
import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { day, moment } from "@/i18n/time";
import { type Bindings, useKeys } from "@/keys/keys";
import { Empty, Show } from "@/parts/States";
import { PdfView } from "@/pdf/PdfView";
import { iso } from "../scan/desk/words";
import { printed } from "./files";
import { Arrange } from "./reader/Arrange";
import { DocumentPane } from "./reader/DocumentPane";
import { InWorkPane } from "./reader/InWorkPane";
import { documentsOf, type Row } from "./reader/rows";
import { TreePane } from "./reader/TreePane";
import { type RecordTree, useTree } from "./reader/useTree";
import { Said, useSaid } from "./say";
import type { ReaderDocument, Tree } from "./types";

/** READER /patients/:id/documents?d=DOCUMENT&n=PAGE; what was looked for comes in the history's state, never in the
 * address. */
export default function Reader() {
  const { id = "" } = useParams();
  return <Record key={id} id={id} />;
}

function Record({ id }: { id: string }) {
  const tree = useTree(id);
  return (
    <div className="page fill reader">
      <Show of={tree.loaded} lines={10}>
        {(data) => <Opened patient={id} tree={tree} data={data} />}
      </Show>
    </div>
  );
}

function Opened({ patient, tree, data }: { patient: string; tree: RecordTree; data: Tree }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const [search, setSearch] = useSearchParams();
  const state = useLocation().state as { find?: string } | null;
  const [words] = useState(state?.find ?? "");
  const [first, setFirst] = useState(Number(search.get("n")) || 1);
  const shown = search.get("d");
  const [left, setLeft] = useState<string | null>(null);
  const [cursor, setCursor] = useState<string | null>(shown);
  const [arranging, setArranging] = useState(false);
  const [pdf, setPdf] = useState(false);
  const [mode, setMode] = useState<Mode>("documents");
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<ReaderDocument | null>(null);
  const { said, say, fail } = useSaid();
  const { rows, reveal } = tree;
  const mayEdit = rights.includes("edit");

  useEffect(() => {
    if (shown) reveal(shown);
  }, [shown, reveal]);

  const show = (document: string) => {
    setFirst(1);
    setMode("documents");
    setPdf(false);
    setSearch({ d: document }, { replace: true, state });
  };
  const enter = (row: Row | undefined) => {
    if (!row) return;
    setCursor(row.id);
    if (row.kind === "document") show(row.document.id);
    else if (row.kind === "more") tree.more(row.keys);
    else tree.toggle(row);
  };
  const at = rows.findIndex((row) => row.id === cursor);
  const move = (by: number) => {
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) setCursor(next.id);
  };
  const leaves = useMemo(() => rows.filter((row) => row.kind === "document"), [rows]);
  const jump = (by: 1 | -1) => {
    const here = leaves.findIndex((row) => row.document.id === shown && (row.id === cursor || at < 0));
    const near = here >= 0 ? here : leaves.findIndex((row) => row.document.id === shown);
    const next = leaves[near < 0 ? 0 : near + by];
    if (next) enter(next);
  };
  const unread = () => {
    const next = leaves.find((row) => row.document.unread && !seen.has(row.document.id));
    if (next) enter(next);
    else say(t("reader.allread"));
  };
  const document = open?.document.id === shown ? open.document : null;
  const pin = () => {
    if (!document) return;
    const known = documentsOf(data, new Map()).find((one) => one.id === document.id) ?? document;
    records.pin(document.id, !known.pinned).then(() => {
      say(t(known.pinned ? "reader.unpinned" : "reader.ispinned"));
      tree.loaded.reload();
    }, fail);
  };
  const print = () => {
    if (!shown) return;
    say(t("reader.printing"));
    printed([shown]).then(() => say(""), fail);
  };
  /** The open one stays at the left; beside it stands the one under the cursor, and whatever is opened from now on. */
  const compare = () => {
    if (left) {
      setLeft(null);
      return;
    }
    if (!shown) return;
    setLeft(shown);
    const row = rows[at];
    const other = row?.kind === "document" && row.document.id !== shown ? row : undefined;
    const next = other ?? leaves[leaves.findIndex((one) => one.document.id === shown) + 1] ?? leaves[0];
    if (next) enter(next);
  };
  const turn = (to: Mode) => setMode((old) => (old === to ? "documents" : to));
  const keys: Bindings = {
    j: { help: "keys.down", run: () => move(1) },
    k: { help: "keys.up", run: () => move(-1) },
    ArrowDown: { help: "keys.down", run: () => move(1) },
    ArrowUp: { help: "keys.up", run: () => move(-1) },
    Enter: { help: "keys.open", run: () => enter(rows[at]) },
    "]": { help: "reader.key.next", run: () => jump(1) },
    "[": { help: "reader.key.previous", run: () => jump(-1) },
    U: { help: "reader.key.unread", run: unread },
    o: { help: "reader.key.arrange", run: () => setArranging(true) },
    O: { help: "reader.key.sort", run: tree.turn },
    p: { help: "reader.key.pdf", run: () => setPdf((old) => !old) },
    b: { help: "reader.key.compare", run: compare },
    P: { help: "reader.key.print", run: print },
    i: { help: "reader.key.pin", run: pin },
    A: { help: "reader.key.whole", run: () => turn("whole") },
  };
  keys.W = { help: "reader.key.loose", run: () => turn("loose") };
  if (mayEdit && shown) keys.e = { help: "reader.key.edit", run: () => void go(`/documents/${shown}/edit`) };
  if (mayEdit) keys.w = { help: "reader.key.withdrawn", run: () => tree.setWithdrawn(!tree.withdrawn) };
  if (rights.includes("repair"))
    keys.M = {
      help: "reader.key.repair",
      run: () =>
        void go("/records/repair", { state: { from: data.patient, documents: shown ? [shown] : [] } }),
    };
  if (left) keys.Escape = { help: "reader.key.single", run: () => setLeft(null) };
  useKeys("reader", keys);

  const seenNow = (opened: ReaderDocument) => {
    setOpen(opened);
    setSeen((old) => new Set([...old, opened.document.id]));
  };
  return (
    <>
      <Whose data={data} tree={tree} mayEdit={mayEdit} patient={patient}>
        <Said said={said} />
      </Whose>
      <Banners data={data} mode={mode} onMode={turn} />
      <div className={left ? "reader-panes side-by-side" : "reader-panes"}>
        <TreePane
          tree={tree}
          cursor={cursor}
          shown={shown}
          seen={seen}
          onRow={enter}
          onArrange={() => setArranging(true)}
        />
        {mode !== "documents" ? (
          <AllPages mode={mode} patient={patient} />
        ) : (
          <>
            {left && (
              <DocumentPane
                key={`left ${left}`}
                id={left}
                first={1}
                words={words}
                active={false}
                asPdf={false}
                thumbs={false}
                onSeen={() => undefined}
              />
            )}
            {shown ? (
              <DocumentPane
                key={shown}
                id={shown}
                first={first}
                words={words}
                active
                asPdf={pdf}
                thumbs={!left}
                onSeen={seenNow}
              >
                <Deeds
                  pdf={pdf}
                  comparing={left !== null}
                  onPdf={() => setPdf(!pdf)}
                  onCompare={compare}
                  onPrint={print}
                  onPin={pin}
                  onEdit={mayEdit ? () => void go(`/documents/${shown}/edit`) : undefined}
                />
              </DocumentPane>
            ) : (
              <Nothing data={data} />
            )}
          </>
        )}
      </div>
      {arranging && (
        <Arrange
          by={tree.by}
          onClose={() => setArranging(false)}
          onDone={(by) => {
            setArranging(false);
            tree.arrange(by);
          }}
        />
      )}
    </>
  );
}

interface WhoseProps {
  data: Tree;
  tree: RecordTree;
  mayEdit: boolean;
  patient: string;
  children: React.ReactNode;
}

/** Whose record it is: always in sight. */
function Whose({ data, tree, mayEdit, patient, children }: WhoseProps) {
  const { t, word, locale } = useI18n();
  const { rights } = useSession();
  const who = data.patient;
  return (
    <header className="head whose" data-testid="whose">
      <h1>
        <bdi>{who.name || t("worklist.noname")}</bdi>
      </h1>
      <b className="nowrap">{who.birth_date ? day(locale, who.birth_date) : "–"}</b>
      <b className="nowrap">{word("sex", who.sex) || "–"}</b>
      <span className="mono nowrap">{who.number}</span>
      <span className="quiet nowrap">{t("reader.total", { n: data.total })}</span>
      {children}
      <div className="extra">
        {mayEdit && (
          <label htmlFor="withdrawn" className="row quiet nowrap">
            <Switch
              id="withdrawn"
              size="small"
              checked={tree.withdrawn}
              onChange={(on) => tree.setWithdrawn(on)}
            />
            {t("reader.showwithdrawn")} <kbd>w</kbd>
          </label>
        )}
        {rights.includes("patients") && <Link to={`/patients/${patient}`}>{t("reader.patient")}</Link>}
      </div>
    </header>
  );
}

/** What is beside the tree: one document, all pages in one PDF, or the pages that are in no document one by one. */
type Mode = "documents" | "whole" | "loose";

function AllPages({ mode, patient }: { mode: Mode; patient: string }) {
  const { t } = useI18n();
  if (mode === "loose") return <InWorkPane patient={patient} />;
  return <PdfView url={records.whole(patient)} title={t("reader.whole")} />;
}

/** What is not in any document yet, and what nobody has checked. */
function Banners({ data, mode, onMode }: { data: Tree; mode: Mode; onMode: (mode: Mode) => void }) {
  const { t, locale } = useI18n();
  const { rights } = useSession();
  const pages = data.unchecked.reduce((sum, one) => sum + one.pages.length, 0);
  if (!data.in_work) return null;
  return (
    <div className={pages ? "band-row amber" : "band-row"} role="status" data-testid="in-work">
      <span>
        <b>
          {t("reader.inwork", {
            n: data.in_work.pages,
            at: moment(locale, iso(data.in_work.since)),
          })}
        </b>{" "}
        {pages > 0 && <span data-testid="not-checked">{t("reader.notchecked", { n: pages })}</span>}{" "}
        {rights.includes("scan") &&
          data.unchecked.map((one, at) => (
            <Link key={one.batch} to={`/scan/${one.batch}`} className="nowrap batch-link">
              {t("reader.batch", { n: at + 1 })}
            </Link>
          ))}
      </span>
      <Button
        size="small"
        onClick={() => onMode("loose")}
        aria-pressed={mode === "loose"}
        data-testid="read-loose"
      >
        {t(mode === "loose" ? "reader.whole.back" : "reader.loose.open")} <kbd>W</kbd>
      </Button>
      <Button size="small" onClick={() => onMode("whole")} aria-pressed={mode === "whole"}>
        {t(mode === "whole" ? "reader.whole.back" : "reader.whole.open")} <kbd>A</kbd>
      </Button>
    </div>
  );
}

interface DeedsProps {
  pdf: boolean;
  comparing: boolean;
  onPdf: () => void;
  onCompare: () => void;
  onPrint: () => void;
  onPin: () => void;
  onEdit?: () => void;
}

function Deeds({ pdf, comparing, onPdf, onCompare, onPrint, onPin, onEdit }: DeedsProps) {
  const { t } = useI18n();
  return (
    <span className="row deeds-row">
      <Button size="small" aria-pressed={pdf} onClick={onPdf}>
        PDF <kbd>p</kbd>
      </Button>
      <Button size="small" aria-pressed={comparing} onClick={onCompare}>
        {t("reader.compare")} <kbd>b</kbd>
      </Button>
      <Button size="small" onClick={onPrint}>
        {t("scan.print")} <kbd>P</kbd>
      </Button>
      <Button size="small" onClick={onPin}>
        {t("reader.pin")} <kbd>i</kbd>
      </Button>
      {onEdit && (
        <Button size="small" onClick={onEdit} data-testid="edit">
          {t("reader.edit")} <kbd>e</kbd>
        </Button>
      )}
    </span>
  );
}

function Nothing({ data }: { data: Tree }) {
  const { t } = useI18n();
  return (
    <section className="reading">
      {data.total ? (
        <Empty title={t("reader.choose")} hint={t("reader.choose.hint")} />
      ) : (
        <Empty title={t("reader.empty")} hint={t("reader.empty.hint")} />
      )}
    </section>
  );
}
