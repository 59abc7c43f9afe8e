import { SearchOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Skeleton } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { PatientLine } from "../scan/assign/Echo";
import { exported } from "./files";
import { BulkEdit } from "./find/BulkEdit";
import { Filters, isFiltered, NO_FILTER } from "./find/Filters";
import { HitRow } from "./find/HitRow";
import { type Hits, useHits } from "./find/useHits";
import { RecordsNav } from "./RecordsNav";
import { Said, useSaid } from "./say";
import type { PatientBrief, RecordsAsked, SearchHit } from "./types";
import { usePeople } from "./usePeople";
import { useRecordWords } from "./words";

/** What this person looked for when the reader was opened: coming back finds it again. Kept in memory alone. */
const last = { login: "", text: "", filter: NO_FILTER };

/** FIND /records */
export default function Find() {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights, user } = useSession();
  if (last.login !== user.login) Object.assign(last, { login: user.login, text: "", filter: NO_FILTER });
  const [text, setText] = useState(last.text);
  const [settled, setSettled] = useState(last.text.trim());
  const [composing, setComposing] = useState(false);
  const [filter, setFilter] = useState(last.filter);
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const [changing, setChanging] = useState(false);
  const [bulks, setBulks] = useState<readonly string[]>([]);
  const { said, say, fail } = useSaid();
  const field = useRef<InputRef>(null);
  const words = useRecordWords();
  last.text = text;
  last.filter = filter;

  const wants = settled !== "" || isFiltered(filter);
  const asked: RecordsAsked | null = wants ? { text: settled, ...filter } : null;
  const hits = useHits(asked);
  const people = usePeople(settled);
  const items = hits.items ?? [];
  const open = (hit: SearchHit) =>
    void go(`/patients/${hit.patient.id}/documents?d=${hit.document}&n=${hit.page ?? 1}`, {
      state: { find: hit.page === null ? "" : settled },
    });
  const list = useCursor(
    items.map((hit) => hit.document),
    (id) => {
      const hit = items.find((one) => one.document === id);
      if (hit) open(hit);
    },
  );
  const tick = (id: string) =>
    setTicked((old) => (old.includes(id) ? old.filter((one) => one !== id) : [...old, id]));
  const shownIds = new Set(items.map((hit) => hit.document));
  const chosen = ticked.filter((id) => shownIds.has(id));
  const choose = chosen.length ? chosen : list.cursor === null ? [] : [String(list.cursor)];
  const may = rights.includes("edit");
  const send = (form: "pdf" | "zip") => {
    if (!choose.length) return;
    say(t("find.exporting", { n: choose.length }));
    exported([...choose], form).then(() => say(t("find.exported", { n: choose.length })), fail);
  };
  const undo = async () => {
    if (!bulks.length) return;
    try {
      let [count, left] = [0, 0];
      for (const bulk of [...bulks].reverse()) {
        const undone = await records.bulkUndo(bulk);
        count += undone.count;
        left += undone.left;
      }
      setBulks([]);
      say(t("many.undone", { n: count, left }));
      hits.again();
    } catch (error) {
      fail(error);
    }
  };
  const toList = () => {
    field.current?.blur();
    if (list.cursor === null && items[0]) list.choose(items[0].document);
  };
  const person = (n: number) => {
    const found = people.found?.[n - 1];
    if (found) void go(`/patients/${found.id}/documents`);
  };

  const keys: Bindings = {
    ...list.keys,
    f: { help: "find.key.field", run: () => field.current?.focus({ cursor: "all" }) },
    " ": { help: "scan.key.tickrow", run: () => list.cursor !== null && tick(String(list.cursor)) },
    "Ctrl+a": { help: "scan.key.all", run: () => setTicked(items.map((hit) => hit.document)) },
    x: { help: "find.key.pdf", run: () => send("pdf") },
    z: { help: "find.key.zip", run: () => send("zip") },
  };
  if (may) {
    keys.B = { help: "find.key.bulk", run: () => chosen.length && setChanging(true) };
    keys.u = { help: "find.key.undo", run: () => void undo() };
  }
  if (chosen.length) keys.Escape = { help: "find.key.untick", run: () => setTicked([]) };
  for (const [at] of (people.found ?? []).slice(0, 5).entries())
    keys[String(at + 1)] = { help: "find.key.patient", run: () => person(at + 1) };
  useKeys("nav.find", keys);
  useEffect(() => {
    // what an input method has not finished is no word yet
    if (!composing) setSettled(text.trim());
  }, [text, composing]);

  return (
    <div className="page fill">
      <PageHead title={t("nav.find")} sub={t("find.sub")}>
        <RecordsNav />
      </PageHead>
      <div className="find-bar">
        <Input
          ref={field}
          autoFocus
          size="large"
          allowClear
          maxLength={200}
          prefix={<SearchOutlined className="quiet" />}
          placeholder={t("find.placeholder")}
          aria-label={t("find.placeholder")}
          data-testid="find-field"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onCompositionStart={() => setComposing(true)}
          onCompositionEnd={() => setComposing(false)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === "Enter" || event.key === "ArrowDown") {
              event.preventDefault();
              setSettled(text.trim());
              toList();
            } else if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <Filters filter={filter} onChange={setFilter} />
      </div>
      <Found people={people.found?.slice(0, 5) ?? []} onOpen={person} />
      <section className="card list find-list" aria-label={t("find.list")} aria-busy={hits.busy}>
        <div className="list-bar">
          <span className="quiet" data-testid="find-count">
            <Count hits={hits} />
          </span>
          {chosen.length > 0 && <b>{t("scan.ticked", { n: chosen.length })}</b>}
          {may && (
            <Button size="small" disabled={!chosen.length} onClick={() => setChanging(true)}>
              {t("find.change")} <kbd>B</kbd>
            </Button>
          )}
          <Exports disabled={!choose.length} onSend={send} />
          {bulks.length > 0 && (
            <Button size="small" onClick={() => void undo()}>
              {t("many.undo")} <kbd>u</kbd>
            </Button>
          )}
          <Said said={said} />
        </div>
        <div className="rec-scroll">
          <Answer hits={hits} wants={wants} />
          {items.length > 0 && (
            <ul className="hits" data-testid="hits">
              {items.map((hit) => (
                <HitRow
                  key={hit.document}
                  hit={hit}
                  words={words}
                  isCursor={hit.document === list.cursor}
                  isTicked={ticked.includes(hit.document)}
                  onOpen={open}
                  onTick={tick}
                />
              ))}
            </ul>
          )}
          {hits.items && <More of={hits} />}
        </div>
      </section>
      {changing && (
        <BulkEdit
          hits={items.filter((hit) => chosen.includes(hit.document))}
          onClose={() => setChanging(false)}
          onDone={(made, count) => {
            setChanging(false);
            setBulks(made);
            setTicked([]);
            say(t("many.done", { n: count }));
            hits.again();
          }}
        />
      )}
    </div>
  );
}

/** Why there is no list: nothing asked, on its way, failed, or nothing found. */
function Answer({ hits, wants }: { hits: Hits; wants: boolean }) {
  const { t } = useI18n();
  if (hits.problem) return <Failure problem={hits.problem} onRetry={hits.again} />;
  if (!wants) return <Empty title={t("find.start")} hint={t("find.start.hint")} />;
  if (!hits.items) return <Skeleton lines={9} />;
  if (hits.items.length || hits.busy) return null;
  return hits.next ? (
    <Empty title={t("find.sofar")} hint={t("find.sofar.hint")} />
  ) : (
    <Empty title={t("find.empty")} hint={t("find.empty.hint")} />
  );
}

/** Patients that the same text names, each by its digit. */
function Found({ people, onOpen }: { people: readonly PatientBrief[]; onOpen: (n: number) => void }) {
  const { t } = useI18n();
  if (!people.length) return null;
  return (
    <ul className="people" aria-label={t("find.people")} data-testid="people">
      {people.map((one, at) => (
        <li key={one.id}>
          <button type="button" className="person" onClick={() => onOpen(at + 1)}>
            <kbd>{at + 1}</kbd>
            <PatientLine patient={one} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** How many there are, as far as is known, and how long it took. */
function Count({ hits }: { hits: Hits }) {
  const { t } = useI18n();
  if (!hits.items) return t("find.none.yet");
  return t(hits.next ? "find.some" : "find.all", { n: hits.items.length, ms: hits.ms });
}

function Exports({ disabled, onSend }: { disabled: boolean; onSend: (form: "pdf" | "zip") => void }) {
  return (
    <>
      <Button size="small" disabled={disabled} onClick={() => onSend("pdf")}>
        PDF <kbd>x</kbd>
      </Button>
      <Button size="small" disabled={disabled} onClick={() => onSend("zip")}>
        ZIP <kbd>z</kbd>
      </Button>
    </>
  );
}
