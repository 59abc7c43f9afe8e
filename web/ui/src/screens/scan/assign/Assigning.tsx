import { type InputRef, Segmented } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { scan } from "@/api/scan";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { ContactSheet } from "../desk/ContactSheet";
import type { ShownBatch } from "../desk/local";
import type { Desk } from "../desk/useDesk";
import { placesOf } from "../desk/words";
import { PageView } from "../page/PageView";
import { useZoom } from "../page/zoom";
import type { AssignAsked, AssignHow, Candidate, Page, PatientBrief } from "../types";
import { useLists } from "../useLists";
import { Echo, PatientLine } from "./Echo";
import { Mismatch, type Stopped } from "./Mismatch";
import { Proposals } from "./Proposals";
import { ScanField } from "./ScanField";
import { afterScope, nextUnassigned, reach, SCOPES, type Scope, sameAsBefore, scannedText } from "./scope";
import { type Lookup, useLookup } from "./useLookup";

const MISMATCH = "WB-8201";
const MOST = 5;
const NOTHING = () => undefined;
const howOf = (why: Candidate["why"]): AssignHow => (why === "text" ? "ocr" : why);

/** The patient that Enter would assign, and how we came to him. */
interface Choice {
  patient: PatientBrief;
  how: AssignHow;
  note: string;
}

/** ASSIGN: the scan field has the focus; who is chosen is echoed large; Enter gives him the pages. */
export function Assigning({ desk, batch }: { desk: Desk; batch: ShownBatch }) {
  const { t, word } = useI18n();
  const pages = useMemo(
    () => batch.pages.filter((page) => page.state === "kept" || page.state === "rescan"),
    [batch.pages],
  );
  const places = useMemo(() => placesOf(batch), [batch]);
  const numbers = useMemo(() => new Map(batch.pages.map((one, nth) => [one.id, nth + 1])), [batch.pages]);
  const numberOf = useCallback((one: Page) => numbers.get(one.id) ?? 0, [numbers]);
  const [wished, setAt] = useState(() => nextUnassigned(pages, -1) ?? 0);
  const at = Math.min(wished, Math.max(0, pages.length - 1));
  const [scope, setScope] = useState<Scope>("document");
  const [anchor, setAnchor] = useState(0);
  const [text, setText] = useState("");
  const [pick, setPick] = useState(0);
  const [stopped, setStopped] = useState<Stopped | null>(null);
  const field = useRef<InputRef>(null);
  const giving = useRef(false);
  const { zoom, keys: zooming } = useZoom();
  const page = pages[at];
  // whose the pages are may still be said when they are checked
  const may = batch.can.edit || batch.can.file;

  const prefix = usePrefix(batch.station);
  const scanned = scannedText(text, prefix);
  const asked = (scanned ?? text).trim();
  const digit = scanned === null && /^[1-5]$/.test(asked) ? Number(asked) : 0;
  const lookup = useLookup(asked, digit === 0);
  const candidates = useLoad(`candidates ${page?.id ?? ""} ${page?.text ?? ""} ${page?.r ?? ""}`, (signal) =>
    page ? scan.candidates(batch.id, page.id, signal) : Promise.resolve({ items: [] }),
  );
  const offered = (candidates.data?.items ?? []).slice(0, MOST);
  const choice = chosenOf();
  const range = reach(pages, at, scope, anchor);
  const numberAt = (place: number) => numbers.get(pages[place]?.id ?? "") ?? 0;
  const chosen = pages.slice(range.from, range.to + 1).map((one) => one.id);

  function chosenOf(): Choice | null {
    const candidate = offered[digit - 1];
    if (digit)
      return candidate
        ? {
            patient: candidate.patient,
            how: howOf(candidate.why),
            note: word("scan.cand", candidate.why),
          }
        : null;
    const found = lookup.found?.[Math.min(pick, (lookup.found?.length ?? 1) - 1)];
    if (!found) return null;
    const note = found.merged_from ? t("scan.merged", { number: found.merged_from }) : "";
    return { patient: found, how: scanned === null ? "typed" : "scanned", note };
  }

  const clear = () => {
    setText("");
    setPick(0);
    field.current?.focus();
  };
  const go = (to: number) => {
    setAt(Math.max(0, Math.min(pages.length - 1, to)));
    if (scope === "range") setScope("document");
  };
  const onward = () => {
    const rest = pages.map((one, i) => (i >= range.from && i <= range.to ? { ...one, patient: GIVEN } : one));
    const next = nextUnassigned(rest, range.to);
    if (next === null) desk.say(t("scan.assigned.all"));
    else setAt(next);
    setScope((old) => (old === "page" ? "page" : "document"));
    clear();
  };
  const give = async (patient: PatientBrief | null, how: AssignHow) => {
    if (!may) {
      desk.say(t("scan.claimfirst"), "failed");
      return;
    }
    const ask: AssignAsked = {
      pages: scope === "all" ? "all" : chosen,
      patient: patient?.id ?? null,
      how,
    };
    const said = patient
      ? t("scan.assigned", { n: chosen.length, name: patient.name })
      : t("scan.unassigned", { n: chosen.length });
    // a second Enter before the answer must not give the next pages to the same person
    if (giving.current) return;
    giving.current = true;
    const problem = await desk.send(() => scan.assign(batch.id, ask), said);
    giving.current = false;
    if (problem?.code === MISMATCH && patient) {
      setStopped({ ask, patient, problem });
      desk.say("", "still");
    } else if (!problem) onward();
  };
  const enter = async () => {
    if (choice) await give(choice.patient, choice.how);
    else if (asked && !digit) {
      await lookup.now();
      field.current?.select();
    }
  };
  const unknown = () => {
    if (text) clear();
    else if (pages.slice(range.from, range.to + 1).some((one) => one.patient)) void give(null, "typed");
    else {
      desk.say(t("scan.leftunknown", { n: chosen.length }));
      onward();
    }
  };
  const propose = async (note: string) => {
    if (!stopped) return;
    const problem = await desk.send(
      () => scan.assign(batch.id, { ...stopped.ask, note }),
      t("scan.proposed.done"),
    );
    if (problem && problem.code !== MISMATCH) throw problem;
    desk.loaded.reload();
    setStopped(null);
    onward();
  };
  const back = () => {
    setStopped(null);
    clear();
  };

  // the dialog that asked is gone, and with it the focus
  useEffect(() => {
    if (stopped === null) field.current?.focus();
  }, [stopped]);

  const stretch = (by: number) => () => {
    if (scope !== "range") setAnchor(at);
    setScope("range");
    setAt(Math.max(0, Math.min(pages.length - 1, at + by)));
  };
  const same = () => {
    const previous = sameAsBefore(batch.pages, pages[range.from]?.id);
    if (previous) void give(previous, "previous");
    else desk.say(t("scan.sameperson.none"), "failed");
  };
  const keys: Bindings = {
    "/": { help: "scan.key.field", run: () => field.current?.focus() },
    ArrowLeft: { help: "scan.key.previous", run: () => go(at - 1) },
    ArrowRight: { help: "scan.key.next", run: () => go(at + 1) },
    ArrowUp: { help: "scan.key.groupback", run: () => go(reach(pages, range.from - 1, "document", 0).from) },
    ArrowDown: { help: "scan.key.group", run: () => go(reach(pages, at, "document", 0).to + 1) },
    "Shift+ArrowLeft": { help: "scan.key.range", run: stretch(-1) },
    "Shift+ArrowRight": { help: "scan.key.range", run: stretch(1) },
    "Shift+ArrowUp": { help: "scan.key.range", run: stretch(-1) },
    "Shift+ArrowDown": { help: "scan.key.range", run: stretch(1) },
    Home: { help: "scan.key.first", run: () => go(0) },
    End: { help: "scan.key.last", run: () => go(pages.length - 1) },
    F2: {
      help: "scan.key.scope",
      run: () => setScope((old) => afterScope(old)),
    },
    "=": { help: "scan.key.sameperson", run: same },
    Escape: { help: "scan.key.unknown", run: unknown },
    ...zooming,
  };
  for (let n = 1; n <= MOST; n += 1)
    keys[String(n)] = {
      help: "scan.key.candidate",
      run: () => {
        setText(String(n));
        field.current?.focus();
      },
    };
  useKeys("scan.assign", keys, { enabled: stopped === null });

  const marks = offered.flatMap((one, i) =>
    one.place && one.page === page?.id
      ? [
          {
            box: one.place,
            label: String(i + 1),
            tone: digit === i + 1 ? ("amber" as const) : ("green" as const),
          },
        ]
      : [],
  );
  const ticked = useMemo(
    () => new Set(pages.slice(range.from, range.to + 1).map((one) => one.id)),
    [pages, range.from, range.to],
  );
  const onChoose = useCallback((to: number) => setAt(to), []);
  if (!pages.length) return <p className="card card-body">{t("scan.assign.none")}</p>;
  return (
    <div className="assign">
      <ContactSheet
        pages={pages}
        places={places}
        cursor={at}
        ticked={ticked}
        cell={96}
        numberOf={numberOf}
        onChoose={onChoose}
        onOpen={NOTHING}
        onColumns={NOTHING}
        rows={NOTHING}
      />
      <section className="view" aria-label={t("scan.page.large")}>
        <div className="view-bar" data-testid="assign-range">
          <b>
            {chosen.length === 1
              ? t("scan.range.one", { n: numberAt(range.from) })
              : t("scan.range", {
                  from: numberAt(range.from),
                  to: numberAt(range.to),
                  n: chosen.length,
                })}
          </b>
          <span className="grow ellipsis quiet" style={{ textAlign: "end" }}>
            {t("scan.page.of", { n: numberAt(at), of: batch.pages.length })}
          </span>
        </div>
        <PageView pages={pages} at={at} marks={marks} zoom={zoom} />
      </section>
      <aside className="card assign-side">
        <div className="row wrap">
          <Segmented
            size="small"
            aria-label={t("scan.scope")}
            value={scope}
            onChange={(value) => {
              setScope(value);
              field.current?.focus();
            }}
            options={[...SCOPES, ...(scope === "range" ? (["range"] as const) : [])].map((value) => ({
              value,
              label: t(`scan.scope.${value}`),
            }))}
          />
          <kbd>F2</kbd>
        </div>
        <Has page={page?.patient ?? null} />
        <ScanField
          field={field}
          text={text}
          prefix={prefix}
          disabled={!may}
          onText={(value) => {
            setText(value);
            setPick(0);
          }}
          onEnter={() => void enter()}
          onEscape={unknown}
          onUndo={() => void desk.send(() => scan.undo(batch.id), t("scan.undone"))}
          onPick={(by) => setPick((old) => Math.max(0, Math.min((lookup.found?.length ?? 1) - 1, old + by)))}
        />
        {stopped && <Mismatch stopped={stopped} onBack={back} onPropose={propose} />}
        {choice && !stopped && (
          <>
            <Echo patient={choice.patient} note={choice.note} />
            <p className="enter-hint">
              <kbd>Enter</kbd> {t("scan.enter", { n: chosen.length })}
            </p>
          </>
        )}
        {asked && !digit && <FoundList lookup={lookup} pick={pick} onPick={setPick} />}
        <Offered offered={offered} onTake={(n) => setText(String(n))} />
        <Proposals
          desk={desk}
          batch={batch}
          current={page?.id}
          numberOf={(id) => numbers.get(id) ?? 0}
          onShow={(id) => go(pages.findIndex((one) => one.id === id))}
        />
        <p className="small quiet assign-foot">
          {batch.unassigned ? t("scan.unassigned.left", { n: batch.unassigned }) : t("scan.assigned.all")}
        </p>
      </aside>
    </div>
  );
}

/** Stands for whoever is being assigned, while the answer is on its way. */
const GIVEN: PatientBrief = { id: "", number: "", name: "", birth_date: "", sex: "" };

/** What the station's hand scanner writes before what it read; empty: nothing. */
function usePrefix(station: string): string {
  const { stations } = useLists();
  const prefix = stations.find((one) => one.code === station)?.options?.prefix;
  return typeof prefix === "string" ? prefix : "";
}

function Has({ page }: { page: PatientBrief | null }) {
  const { t } = useI18n();
  return (
    <div className="has">
      <span className="small quiet">{t("scan.has")}</span>
      {page ? <PatientLine patient={page} /> : <b>{t("scan.nopatient")}</b>}
    </div>
  );
}

function Offered({ offered, onTake }: { offered: readonly Candidate[]; onTake: (n: number) => void }) {
  const { t, word } = useI18n();
  if (!offered.length) return <p className="quiet small">{t("scan.candidates.none")}</p>;
  return (
    <>
      <h2 className="small quiet">{t("scan.candidates")}</h2>
      <ol className="candidates">
        {offered.map((one, i) => (
          <li key={`${one.patient.id} ${one.why}`}>
            <button type="button" onClick={() => onTake(i + 1)} data-testid={`candidate-${i + 1}`}>
              <kbd>{i + 1}</kbd>
              <PatientLine patient={one.patient} />
              <span className="small quiet">{word("scan.cand", one.why)}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Whom the text fits: one is only echoed, of several one is picked. */
function FoundList(props: { lookup: Lookup; pick: number; onPick: (at: number) => void }) {
  const { t } = useI18n();
  const { lookup, pick, onPick } = props;
  const found = lookup.found ?? [];
  if (lookup.found && !found.length)
    return (
      <p className="err" role="alert">
        {lookup.failed || t("scan.nobody")}
      </p>
    );
  if (found.length < 2) return null;
  return (
    <ul className="found-list" aria-label={t("scan.found")}>
      {found.map((one, i) => (
        <li key={one.id} className={i === pick ? "on" : ""} aria-current={i === pick || undefined}>
          <button type="button" tabIndex={-1} onClick={() => onPick(i)}>
            <PatientLine patient={one} />
          </button>
        </li>
      ))}
    </ul>
  );
}
