import { Button, Modal } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { At, PageHead, Tag, type Tone } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { usePages } from "../messages/usePages";
import { PatientLine } from "../scan/assign/Echo";
import { iso } from "../scan/desk/words";
import type { Picture } from "../scan/page/PageImage";
import { PageView } from "../scan/page/PageView";
import { PLAIN } from "../scan/page/shape";
import { RecordsNav } from "./RecordsNav";
import { Said, useSaid } from "./say";
import type { Decision, Duplicate, DuplicatePage } from "./types";

const PAGE = 50;
const TONES: Record<Duplicate["why"], Tone> = { bytes: "red", image: "amber", text: "blue" };
type Row = Omit<Duplicate, "id"> & { id: string };

/** DUPLICATES /records/duplicates: each pair is decided once; nothing is deleted. */
export default function Duplicates() {
  const { t } = useI18n();
  const pages = usePages<Row>(
    "duplicates",
    async (after, signal) => {
      const page = await records.duplicates({ after, limit: PAGE }, signal);
      return { ...page, items: page.items.map((one) => ({ ...one, id: String(one.id) })) };
    },
    ["duplicates"],
  );
  const open = (pages.first.data as { open?: number } | null)?.open;
  return (
    <div className="page fill">
      <PageHead title={t("nav.duplicates")} sub={t("dup.sub")}>
        <RecordsNav counts={{ duplicates: open }} />
      </PageHead>
      <div className="dups">
        <Show of={pages.first} lines={8}>
          {() =>
            pages.items.length ? (
              <Pairs pages={pages} />
            ) : (
              <section className="card">
                <Empty title={t("dup.empty")} hint={t("dup.hint")} />
              </section>
            )
          }
        </Show>
      </div>
    </div>
  );
}

function Pairs({ pages }: { pages: ReturnType<typeof usePages<Row>> }) {
  const { t, word } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const [wrong, setWrong] = useState<Row | null>(null);
  const { said, say, fail } = useSaid();
  const items = pages.items.filter((one) => !done.has(one.id));
  const list = useCursor(
    items.map((one) => one.id),
    () => undefined,
  );
  const pair = items.find((one) => one.id === list.cursor) ?? items[0];
  const decide = async (row: Row, decision: Decision, then: () => void) => {
    try {
      const at = items.indexOf(row);
      await records.decide(Number(row.id), decision);
      const next = items[at + 1] ?? items[at - 1];
      setDone((old) => new Set([...old, row.id]));
      if (next) list.choose(next.id);
      say(t(`dup.did.${decision}`));
      then();
    } catch (error) {
      fail(error);
    }
  };
  const settle = () => {
    if (items.length <= 1) pages.first.reload();
  };
  /** The pair is decided, and the page goes to REPAIR with the document in which it is filed. */
  const repair = (row: Row, page: DuplicatePage) =>
    void decide(row, "patient", () => {
      setWrong(null);
      if (rights.includes("repair") && page.patient)
        void go("/records/repair", { state: { from: page.patient, pages: [page.page], documents: [] } });
    });
  useKeys("nav.duplicates", {
    j: list.keys.j ?? NONE,
    k: list.keys.k ?? NONE,
    b: { help: "dup.both", run: () => pair && void decide(pair, "both", settle) },
    s: { help: "dup.same", run: () => pair && void decide(pair, "same", settle) },
    w: { help: "dup.patient", run: () => pair && setWrong(pair) },
  });
  if (!pair)
    return (
      <section className="card">
        <Empty title={t("dup.empty")} hint={t("dup.hint")} />
      </section>
    );
  return (
    <>
      <section className="card rec-scroll" aria-label={t("dup.list")}>
        <ul className="dup-list" data-testid="pairs">
          {items.map((one) => (
            <li key={one.id} data-row-key={one.id} className={one.id === pair.id ? "cursor" : ""}>
              <button type="button" onClick={() => list.choose(one.id)} aria-current={one.id === pair.id}>
                <Tag tone={TONES[one.why]}>{word("dup.why", one.why)}</Tag>
                <span className="small quiet ellipsis">
                  <bdi>{one.a.patient?.name ?? t("scan.nopatient")}</bdi>
                  {one.b.patient?.id !== one.a.patient?.id && (
                    <>
                      {" ≠ "}
                      <bdi>{one.b.patient?.name ?? t("scan.nopatient")}</bdi>
                    </>
                  )}
                </span>
                <span className="small quiet">
                  <At at={iso(one.b.at)} />
                </span>
              </button>
            </li>
          ))}
        </ul>
        {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
        <More of={pages} small />
      </section>
      <section className="dup-pair" aria-label={t("dup.pair")}>
        <div className="card list-bar">
          <Tag tone={TONES[pair.why]}>{word("dup.why", pair.why)}</Tag>
          <span className="grow">{t(`dup.why.${pair.why}.hint`, { n: pair.distance })}</span>
          <Said said={said} />
          <Button onClick={() => void decide(pair, "both", settle)} data-testid="both">
            {t("dup.both")} <kbd>b</kbd>
          </Button>
          <Button onClick={() => void decide(pair, "same", settle)}>
            {t("dup.same")} <kbd>s</kbd>
          </Button>
          <Button danger onClick={() => setWrong(pair)}>
            {t("dup.patient")} <kbd>w</kbd>
          </Button>
        </div>
        <div className="dup-sides">
          <Side page={pair.a} other={pair.b} name={t("dup.older")} />
          <Side page={pair.b} other={pair.a} name={t("dup.newer")} />
        </div>
      </section>
      {wrong && <Which row={wrong} onClose={() => setWrong(null)} onDone={(page) => repair(wrong, page)} />}
    </>
  );
}

const NONE = { help: "keys.down" as const, run: () => undefined };

function Side({ page, other, name }: { page: DuplicatePage; other: DuplicatePage; name: string }) {
  const { t, word } = useI18n();
  const pictures = useMemo((): Picture[] => [pictureOf(page)], [page]);
  const differs = page.patient?.id !== other.patient?.id;
  return (
    <section className="card dup-side" aria-label={name}>
      <header className={differs ? "differs" : ""}>
        <span className="row">
          <b>{name}</b>
          <span className="small quiet">
            <At at={iso(page.at)} />
          </span>
          {page.state !== "kept" && (
            <Tag tone="slate" bare tiny>
              {word("scan.state", page.state)}
            </Tag>
          )}
        </span>
        {page.patient ? <PatientLine patient={page.patient} /> : <b>{t("scan.nopatient")}</b>}
        <span className="small quiet ellipsis">
          {page.document && page.patient ? (
            <Link to={`/patients/${page.patient.id}/documents?d=${page.document}`}>
              {page.title || t("dup.document")}
            </Link>
          ) : (
            <Link to={`/scan/${page.batch}`}>{t("dup.batch")}</Link>
          )}
          {" · "}
          {t("scan.page.n", { n: page.number })} · {page.file}
        </span>
      </header>
      <div className="view">
        <PageView pages={pictures} at={0} zoom={1} />
      </div>
    </section>
  );
}

const pictureOf = (page: DuplicatePage): Picture => ({
  id: page.page,
  number: page.number,
  r: page.r,
  width: page.width,
  height: page.height,
  recipe: PLAIN,
  ready: true,
});

interface WhichProps {
  row: Row;
  onClose: () => void;
  onDone: (page: DuplicatePage) => void;
}

/** `w`, then 1 or 2: which of the two lies at the wrong patient. */
function Which({ row, onClose, onDone }: WhichProps) {
  const { t } = useI18n();
  useKeys(
    "dup.which",
    {
      "1": { help: "dup.older", run: () => onDone(row.a) },
      "2": { help: "dup.newer", run: () => onDone(row.b) },
      Escape: { help: "keys.close", run: onClose },
    },
    { modal: true },
  );
  return (
    <Modal open title={t("dup.which")} footer={null} onCancel={onClose} width={460}>
      <p className="quiet">{t("dup.which.hint")}</p>
      <ol className="reason-list">
        {[row.a, row.b].map((page, at) => (
          <li key={page.page}>
            <button type="button" onClick={() => onDone(page)}>
              <kbd>{at + 1}</kbd>
              <span className="two">
                <b>{t(at ? "dup.newer" : "dup.older")}</b>
                {page.patient && <PatientLine patient={page.patient} />}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Modal>
  );
}
