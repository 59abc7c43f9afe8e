import { Button } from "antd";
import { useCallback, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { NoteDialog } from "@/parts/NoteDialog";
import { useStable } from "@/parts/useStable";
import { CropBox } from "../page/CropBox";
import { PageView } from "../page/PageView";
import { withinCrop } from "../page/shape";
import { useZoom } from "../page/zoom";
import type { ActAsked, Box } from "../types";
import { CELLS, ContactSheet } from "./ContactSheet";
import { isPlace, nextFlagged } from "./flags";
import { Ledger, useLedgerWords } from "./Ledger";
import type { ShownBatch } from "./local";
import { PageFacts } from "./PageFacts";
import { ReasonPick } from "./ReasonPick";
import { useSelection } from "./select";
import type { Desk } from "./useDesk";
import { placesOf } from "./words";

type Asking = "crop" | "drop" | null;
const CONTRAST = 25;

/** BATCH: every page looked at, put right, kept or dropped; then the ledger balances and the batch is closed. */
export function Check({ desk, batch }: { desk: Desk; batch: ShownBatch }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { pages } = batch;
  const ids = useMemo(() => pages.map((page) => page.id), [pages]);
  const places = useMemo(() => placesOf(batch), [batch]);
  const select = useSelection(ids);
  const [columns, setColumns] = useState(5);
  const [rows, setRows] = useState(3);
  const [cell, setCell] = useState(1);
  const [large, setLarge] = useState(false);
  const [asking, setAsking] = useState<Asking>(null);
  const words = useLedgerWords();
  const { zoom, keys: zooming } = useZoom();
  const page = pages[select.at];
  const many = select.chosen.length;
  const open = batch.state === "open" || batch.state === "stopped";

  const may = () => {
    if (batch.can.edit) return true;
    desk.say(t(open ? "scan.claimfirst" : "scan.isclosed"), "failed");
    return false;
  };
  const act = (kind: ActAsked["act"], more: Partial<ActAsked> = {}, to = select.chosen) => {
    if (to.length && may())
      void desk.act(
        { act: kind, pages: to, ...more },
        t("scan.did", { what: t(`scan.did.${kind}`), n: to.length }),
      );
  };
  const crop = (box: Box | null) => {
    if (page) act("crop", { box: box && withinCrop(box, page.recipe.crop ?? null) }, [page.id]);
    setAsking(null);
  };
  const close = () => {
    if (batch.can.close)
      void desk
        .send(() => scan.deed(batch.id, "close"), t("scan.closed"))
        .then((problem) => {
          if (!problem) void go(`/scan/${batch.id}/classify`, { replace: true });
        });
    else if (batch.ledger.why.includes("unknown") && batch.can.edit)
      document.getElementById("sheets")?.focus();
    else if (open) desk.say(words(batch).join(" ") || t("scan.claimfirst"), "failed");
  };
  const shift = (by: -1 | 1) => {
    const at = ids.indexOf((by < 0 ? select.chosen[0] : select.chosen.at(-1)) ?? "");
    const before = by < 0 ? ids[at - 1] : (ids[at + 2] ?? null);
    if (at >= 0 && before !== undefined) act("move", { before });
  };
  /** Of two pages, the one that was marked for rescan and the one that takes its place. */
  const replace = () => {
    const two = [...new Set([...select.chosen, ...(page ? [page.id] : [])])];
    const chosen = pages.filter((one) => two.includes(one.id));
    const old = chosen.find((one) => one.state === "rescan");
    const fresh = chosen.find((one) => one.state === "kept");
    if (chosen.length === 2 && old && fresh) act("replace", { page: fresh.id }, [old.id]);
    else desk.say(t("scan.replace.how"), "failed");
  };
  const toFlagged = (by: 1 | -1) => () => {
    const found = nextFlagged(pages, select.at, by);
    if (found) select.go(found.at);
    desk.say(found ? t("scan.flagged.at", { n: found.n, of: found.of }) : t("scan.flagged.none"));
  };
  /** Once more on the same page takes the place back: what is scanned next goes to the end again. */
  const insert = (one = page) => {
    if (!one || !may()) return;
    const before = isPlace(one) ? null : one.id;
    const said = t(before ? "scan.did.insert" : "scan.insert.gone");
    void desk.act({ act: "insert", pages: [one.id], before }, said);
  };
  const flagged = page?.flags.includes("flag") ?? false;
  const contrast = (by: number) =>
    act("contrast", { level: Math.max(0, Math.min(100, (page?.recipe.contrast ?? 0) + by)) });

  const step = (by: number, help: "scan.key.previous" | "scan.key.next" | "scan.key.row") => ({
    help,
    run: () => select.go(select.at + by),
  });
  const reach = (by: number) => ({
    help: "scan.key.range" as const,
    run: () => select.extend(select.at + by),
  });
  const size = (by: number) => () => setCell((old) => Math.max(0, Math.min(CELLS.length - 1, old + by)));
  const keys: Bindings = {
    ArrowLeft: step(-1, "scan.key.previous"),
    ArrowRight: step(1, "scan.key.next"),
    ArrowUp: step(-columns, "scan.key.row"),
    ArrowDown: step(columns, "scan.key.row"),
    PageUp: step(-columns * rows, "scan.key.row"),
    PageDown: step(columns * rows, "scan.key.row"),
    Home: { help: "scan.key.first", run: () => select.go(0) },
    End: { help: "scan.key.last", run: () => select.go(ids.length - 1) },
    "Shift+ArrowLeft": reach(-1),
    "Shift+ArrowRight": reach(1),
    "Shift+ArrowUp": reach(-columns),
    "Shift+ArrowDown": reach(columns),
    " ": { help: "scan.key.tick", run: () => select.tick() },
    "Ctrl+a": { help: "scan.key.all", run: select.all },
    Enter: { help: "scan.key.large", run: () => setLarge((old) => !old) },
    r: { help: "scan.key.rotate", run: () => act("rotate", { by: 90 }) },
    R: { help: "scan.key.rotateback", run: () => act("rotate", { by: -90 }) },
    x: { help: "scan.key.crop", run: () => page && may() && setAsking("crop") },
    K: { help: "scan.key.deskew", run: () => act("deskew", { angle: null }) },
    "<": { help: "scan.key.paler", run: () => contrast(-CONTRAST) },
    ">": { help: "scan.key.darker", run: () => contrast(CONTRAST) },
    d: { help: "scan.key.drop", run: () => page && may() && setAsking("drop") },
    b: { help: "scan.key.blank", run: () => act("blank") },
    e: { help: "scan.key.keep", run: () => act("keep") },
    w: { help: "scan.key.rescan", run: () => act("rescan") },
    p: { help: "scan.key.replace", run: replace },
    i: { help: "scan.key.insert", run: () => insert() },
    s: { help: "scan.key.split", run: () => page && act("split", {}, [page.id]) },
    m: { help: "scan.key.join", run: () => page && act("join", {}, [page.id]) },
    D: { help: "scan.key.draft", run: () => act("draft") },
    I: { help: "scan.key.interleave", run: () => act("interleave", {}, many > 1 ? select.chosen : ids) },
    "Ctrl+ArrowLeft": { help: "scan.key.earlier", run: () => shift(-1) },
    "Ctrl+ArrowRight": { help: "scan.key.later", run: () => shift(1) },
    n: { help: "scan.key.nextflag", run: toFlagged(1) },
    N: { help: "scan.key.previousflag", run: toFlagged(-1) },
    f: { help: "scan.key.flag", run: () => act("flag", { on: !flagged }) },
    C: { help: "scan.key.close", run: close },
    ...(large
      ? zooming
      : {
          "+": { help: "scan.key.larger", run: size(1) },
          "-": { help: "scan.key.smaller", run: size(-1) },
          "0": { help: "scan.key.whole", run: () => setCell(1) },
        }),
  };
  const leave = { help: "keys.back" as const, run: large ? () => setLarge(false) : select.clear };
  useKeys("scan.check", large || select.ticked.size ? { ...keys, Escape: leave } : keys);

  // what is given to 50 cells and to the ledger stays the same, or all of them would be drawn anew for each key
  const choose = useStable((at: number, how: { range: boolean; tick: boolean }) => {
    if (how.range) select.extend(at);
    else select.go(at);
    if (how.tick) select.tick(ids[at]);
  });
  const closing = useStable(close);
  const inserting = useStable(insert);
  const fed = useStable(
    (sheets: number) => void desk.send(() => scan.say(batch.id, { sheets }), t("scan.sheets.saved")),
  );
  const enlarge = useCallback(() => setLarge(true), []);
  return (
    <div className="check">
      <div className={large ? "check-pages large" : "check-pages"}>
        {ids.length ? (
          <ContactSheet
            pages={pages}
            places={places}
            cursor={select.at}
            ticked={select.ticked}
            cell={CELLS[large ? 0 : cell] ?? CELLS[1]}
            onChoose={choose}
            onOpen={enlarge}
            onColumns={setColumns}
            rows={setRows}
          />
        ) : (
          <NoPages desk={desk} batch={batch} />
        )}
        <section className="view" aria-label={t("scan.page.large")}>
          <PageFacts page={page} at={select.at} of={ids.length} ticked={select.ticked.size} />
          <PageView pages={pages} at={select.at} zoom={large ? zoom : 1}>
            {asking === "crop" && (
              <CropBox onDone={crop} onWhole={() => crop(null)} onClose={() => setAsking(null)} />
            )}
          </PageView>
        </section>
      </div>
      <Ledger batch={batch} onClose={closing} onInsert={inserting} onSheets={fed} />
      {asking === "drop" && (
        <ReasonPick
          count={many}
          onClose={() => setAsking(null)}
          onDone={(reason) => {
            setAsking(null);
            act("drop", { reason });
          }}
        />
      )}
    </div>
  );
}

/** Nothing was scanned yet; a batch that nobody needs is cancelled. */
function NoPages({ desk, batch }: { desk: Desk; batch: ShownBatch }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  return (
    <div className="sheet state">
      <div className="title">{t("scan.nopages")}</div>
      <p>{t("scan.nopages.hint", { station: batch.station })}</p>
      {batch.can.edit && <Button onClick={() => setAsking(true)}>{t("scan.cancel")}</Button>}
      {asking && (
        <NoteDialog
          title={t("scan.cancel")}
          explain={t("scan.cancel.explain")}
          action={t("scan.cancel")}
          label={t("scan.reason")}
          required
          danger
          onClose={() => setAsking(false)}
          onDone={async (reason) => {
            const problem = await desk.send(() => scan.cancel(batch.id, reason), t("scan.cancelled"));
            if (problem) throw problem;
          }}
        />
      )}
    </div>
  );
}
