import { Button } from "antd";
import { useMemo, useState } from "react";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Tag } from "@/parts/bits";
import { Empty } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { PatientLine } from "../assign/Echo";
import type { ShownBatch } from "../desk/local";
import type { Desk } from "../desk/useDesk";
import { type Mark, PageView } from "../page/PageView";
import { useZoom } from "../page/zoom";
import type { Draft, DraftFields, SuggestedValue } from "../types";
import { useLists } from "../useLists";
import { DraftForm } from "./DraftForm";
import { Groups } from "./Groups";
import { accepting, waiting } from "./suggested";
import { TOP, TopThree } from "./TopThree";

const NOTHING = () => undefined;

/** CLASSIFY: each group of pages becomes a document with a kind, a date and a department, and is filed. */
export function Classifying({ desk, batch }: { desk: Desk; batch: ShownBatch }) {
  const { t } = useI18n();
  const { drafts } = batch;
  const list = useCursor(
    drafts.map((draft) => draft.id),
    NOTHING,
  );
  const draft =
    drafts.find((one) => one.id === list.cursor) ?? drafts.find((one) => one.state === "open") ?? drafts[0];
  if (!draft)
    return (
      <div className="card">
        <Empty title={t("scan.groups.none")} hint={t("scan.groups.hint")} />
      </div>
    );
  return <OneDraft desk={desk} batch={batch} draft={draft} choose={list.choose} />;
}

interface Props {
  desk: Desk;
  batch: ShownBatch;
  draft: Draft;
  choose: (id: string) => void;
}

function OneDraft({ desk, batch, draft, choose }: Props) {
  const { t, word } = useI18n();
  const lists = useLists();
  const [seen, setSeen] = useState({ draft: draft.id, at: 0 });
  const { zoom, keys: zooming } = useZoom();
  const pages = useMemo(() => {
    const known = new Map(batch.pages.map((page) => [page.id, page]));
    return draft.pages.flatMap((id) => known.get(id) ?? []);
  }, [batch.pages, draft.pages]);
  const at = seen.draft === draft.id ? Math.min(seen.at, Math.max(0, pages.length - 1)) : 0;
  const open = waiting(draft);
  const { drafts } = batch;
  const place = drafts.indexOf(draft);
  const fixed = draft.state === "filed" || !(batch.can.edit || batch.can.file);

  const save = (fields: DraftFields) =>
    void desk.send(() => scan.draft(draft.id, fields), t("scan.draft.saved"));
  const kind = (code: string) => {
    const usual = lists.kinds.find((one) => one.code === code)?.department;
    save(usual && !draft.department ? { kind: code, department: usual } : { kind: code });
  };
  const accept = (values: readonly SuggestedValue[]) => {
    if (values.length && !fixed) save(accepting(draft, values));
  };
  const go = (to: number) => {
    const next = drafts[Math.max(0, Math.min(drafts.length - 1, to))];
    if (next) choose(next.id);
  };
  const onward = () => {
    const next = drafts.find((one, i) => i > place && one.state === "open");
    const before = drafts.find((one) => one.id !== draft.id && one.state === "open");
    const found = next ?? before;
    if (found) choose(found.id);
  };
  /** What is being typed is saved by leaving its field; only then it is filed. */
  const file = async () => {
    (document.activeElement as HTMLElement | null)?.blur();
    await Promise.resolve();
    if (draft.state === "filed") return onward();
    if (!batch.can.file) {
      desk.say(
        t(batch.state === "open" || batch.state === "stopped" ? "scan.file.afterclose" : "scan.claimfirst"),
      );
      return onward();
    }
    const problem = await desk.send(() => scan.file(draft.id), t("scan.file.done", { n: place + 1 }));
    if (!problem) onward();
  };
  const fileAll = () =>
    void desk
      .send(async () => {
        const { filed, left } = await scan.fileAll(batch.id);
        desk.loaded.reload();
        desk.say(t("scan.fileall.done", { n: filed, left: left.length }));
      }, t("scan.fileall.did"))
      .then(() => desk.loaded.reload());

  const flip = (by: number) => () =>
    setSeen({ draft: draft.id, at: Math.max(0, Math.min(pages.length - 1, at + by)) });
  const next = { help: "scan.key.groupnext" as const, run: () => go(place + 1) };
  const previous = { help: "scan.key.groupprev" as const, run: () => go(place - 1) };
  const keys: Bindings = {
    j: next,
    ArrowDown: next,
    k: previous,
    ArrowUp: previous,
    ArrowLeft: { help: "scan.key.previous", run: flip(-1) },
    ArrowRight: { help: "scan.key.next", run: flip(1) },
    t: { help: "scan.key.kind", run: () => document.getElementById("kind")?.focus() },
    e: {
      help: "scan.key.edit",
      run: () => document.getElementById(draft.date ? "department" : "date")?.focus(),
    },
    a: { help: "scan.key.accept", run: () => accept(open) },
    "=": {
      help: "scan.key.same",
      run: () => !fixed && void desk.send(() => scan.same(draft.id), t("scan.draft.saved")),
    },
    S: {
      help: "scan.key.suggest",
      run: () => void desk.send(() => scan.suggest(draft.id), t("scan.suggested")),
    },
    "Ctrl+Enter": { help: "scan.key.file", run: () => void file() },
    F: { help: "scan.key.fileall", run: fileAll },
    ...zooming,
  };
  for (let n = 1; n <= TOP; n += 1)
    keys[String(n)] = {
      help: "scan.key.kindn",
      run: () => {
        const code = draft.suggested.kinds?.[n - 1]?.code;
        if (code && !fixed) kind(code);
      },
    };
  useKeys("scan.classify", keys);

  const marks: Mark[] = (draft.suggested.values ?? []).flatMap((value) =>
    value.box && value.page === pages[at]?.id
      ? [
          {
            box: value.box,
            label: word("scan.value", value.name),
            tone: open.includes(value) ? ("amber" as const) : ("green" as const),
          },
        ]
      : [],
  );
  return (
    <div className="classify">
      <Groups drafts={drafts} lists={lists} cursor={draft.id} onChoose={choose} />
      <section className="view" aria-label={t("scan.page.large")}>
        <div className="view-bar">
          <b>{t("scan.doc", { n: place + 1 })}</b>
          <span>{t("scan.page.of", { n: at + 1, of: pages.length })}</span>
          <span className="grow" />
          {draft.state === "filed" && <Tag tone="green">{t("scan.filed")}</Tag>}
        </div>
        <PageView pages={pages} at={at} marks={marks} zoom={zoom} />
      </section>
      <aside
        className="card classify-side"
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            void file();
          }
        }}
      >
        <div className="classify-form">
          {draft.patient ? (
            <PatientLine patient={draft.patient} />
          ) : (
            <p className="err strong">{t("scan.nopatient")}</p>
          )}
          <TopThree draft={draft} lists={lists} disabled={fixed} onKind={kind} />
          <DraftForm
            key={draft.id}
            draft={draft}
            lists={lists}
            open={open}
            disabled={fixed}
            onSave={save}
            onAccept={accept}
          />
        </div>
        <Foot draft={draft} batch={batch} fixed={fixed} onFile={() => void file()} onAll={fileAll} />
      </aside>
    </div>
  );
}

function Foot(props: {
  draft: Draft;
  batch: ShownBatch;
  fixed: boolean;
  onFile: () => void;
  onAll: () => void;
}) {
  const { t, word } = useI18n();
  const { draft, batch, fixed, onFile, onAll } = props;
  const lacks = draft.missing.map((one) => word("scan.missing", one)).join(", ");
  return (
    <div className="sign-box">
      <div aria-live="polite" data-testid="missing">
        {draft.state === "filed" ? (
          <span className="good">{t("scan.filed.hint")}</span>
        ) : lacks ? (
          <span className="warn">{t("scan.lacks", { what: lacks })}</span>
        ) : (
          <span className="good">{t("scan.complete")}</span>
        )}
      </div>
      {!batch.can.file && draft.state === "open" && (
        <span className="small quiet">{t("scan.file.notyet")}</span>
      )}
      <div className="row wrap">
        <Button type="primary" disabled={fixed} onClick={onFile} data-testid="file">
          {t(batch.can.file ? "scan.file.next" : "scan.next")} <kbd>Ctrl</kbd>
          <kbd>Enter</kbd>
        </Button>
        <Button disabled={!batch.can.file} onClick={onAll} data-testid="file-all">
          {t("scan.fileall")} <kbd>F</kbd>
        </Button>
      </div>
    </div>
  );
}
