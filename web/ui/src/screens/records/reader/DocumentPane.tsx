import { Input, type InputRef } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { records } from "@/api/records";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Tag } from "@/parts/bits";
import { Failure, Skeleton } from "@/parts/States";
import { PdfView } from "@/pdf/PdfView";
import { PageImage } from "../../scan/page/PageImage";
import { PageView } from "../../scan/page/PageView";
import type { ReaderDocument } from "../types";
import { useRecordWords } from "../words";
import { type OpenDocument, useDocument } from "./useDocument";

const ZOOM = 1.5;
const STEP = 1.25;
const MOST = 5;

interface Props {
  id: string;
  first: number;
  words: string;
  /** Its keys count; of two that are compared, only of one. */
  active: boolean;
  asPdf: boolean;
  thumbs: boolean;
  onSeen: (document: ReaderDocument) => void;
  children?: ReactNode;
}

/** A document: its pages with what was found on them, or its PDF. */
export function DocumentPane({ id, first, words: found, active, asPdf, thumbs, onSeen, children }: Props) {
  const { t } = useI18n();
  const open = useDocument(id, first, found);
  const { loaded, pages, at, go } = open;
  const [zoom, setZoom] = useState(ZOOM);
  const frame = useRef<HTMLDivElement>(null);
  const field = useRef<InputRef>(null);
  const data = loaded.data;
  const pdf = data !== null && (asPdf || data.pages === null);

  const seen = useRef(onSeen);
  seen.current = onSeen;
  useEffect(() => {
    if (data) seen.current(data);
  }, [data]);
  const { hit, marks } = open;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the marks of another hit
  useEffect(() => {
    frame.current?.querySelector(".mark-hit-on")?.scrollIntoView({ block: "center", inline: "nearest" });
  }, [hit, marks]);

  /** Reads on: down the page, and at its end to the next. */
  const read = (by: 1 | -1) => {
    const box = frame.current?.querySelector(".view-frame");
    const room = box ? box.scrollHeight - box.clientHeight : 0;
    if (box && (by > 0 ? box.scrollTop < room - 4 : box.scrollTop > 4))
      box.scrollBy({ top: by * box.clientHeight * 0.85 });
    else go(at + by);
  };
  const flip = (by: number, help: "scan.key.next" | "scan.key.previous") => ({
    help,
    run: () => go(at + by),
  });
  const keys: Bindings = pdf
    ? {}
    : {
        ArrowRight: flip(1, "scan.key.next"),
        ArrowLeft: flip(-1, "scan.key.previous"),
        PageDown: flip(1, "scan.key.next"),
        PageUp: flip(-1, "scan.key.previous"),
        Home: { help: "scan.key.first", run: () => go(0) },
        End: { help: "scan.key.last", run: () => go(pages.length - 1) },
        " ": { help: "reader.key.read", run: () => read(1) },
        Backspace: { help: "reader.key.readback", run: () => read(-1) },
        "+": { help: "scan.key.larger", run: () => setZoom((old) => Math.min(MOST, old * STEP)) },
        "-": { help: "scan.key.smaller", run: () => setZoom((old) => Math.max(1, old / STEP)) },
        "0": { help: "scan.key.whole", run: () => setZoom((old) => (old === 1 ? ZOOM : 1)) },
        f: { help: "reader.key.find", run: () => field.current?.focus({ cursor: "all" }) },
        n: { help: "reader.key.hit", run: () => open.step(1) },
        N: { help: "reader.key.hitback", run: () => open.step(-1) },
      };
  useKeys("keys.pdf", keys, { enabled: active });

  return (
    <section className={active ? "reading on" : "reading"} ref={frame} aria-label={t("reader.document")}>
      {loaded.problem && !data && <Gone open={open} />}
      {!data && !loaded.problem && <Skeleton lines={12} />}
      {data && (
        <>
          <Head data={data}>{children}</Head>
          {pdf ? (
            <PdfView
              url={records.version(id, data.document.version)}
              title={t("reader.pdf", { n: data.document.version })}
            />
          ) : (
            <>
              <div className="view-bar reading-bar">
                <span className="strong nowrap" data-testid="page-of">
                  {t("scan.page.of", { n: at + 1, of: pages.length })}
                </span>
                <span className="grow" />
                <Finder open={open} field={field} />
              </div>
              <div className={thumbs ? "reading-pages" : "reading-pages bare"}>
                <div className="view">
                  <PageView pages={pages} at={at} zoom={zoom} marks={marks} />
                </div>
                {thumbs && <Thumbs open={open} />}
              </div>
            </>
          )}
        </>
      )}
    </section>
  );
}

/** 410: it was here, and was withdrawn. Everything else as everywhere. */
function Gone({ open }: { open: OpenDocument }) {
  const { t } = useI18n();
  const { problem, reload } = open.loaded;
  if (problem?.status === 410)
    return (
      <div className="state" role="alert" data-testid="withdrawn">
        <div className="title">{t("reader.withdrawn")}</div>
        <p>{t("reader.withdrawn.hint")}</p>
        <span className="mono quiet">{problem.code}</span>
      </div>
    );
  return problem && <Failure problem={problem} onRetry={reload} />;
}

function Head({ data, children }: { data: ReaderDocument; children?: ReactNode }) {
  const { t } = useI18n();
  const words = useRecordWords();
  const { document } = data;
  const details = [
    document.title ? words.kind(document.kind) : "",
    words.date(document.date),
    document.department && words.department(document.department),
    document.author,
    document.episode && t("reader.episode", { n: document.episode }),
    document.version > 1 ? t("reader.version", { n: document.version }) : "",
  ];
  return (
    <header className="reading-head">
      <span className="two grow">
        <h2 className="ellipsis">{words.title(document)}</h2>
        <span className="small quiet ellipsis">{details.filter(Boolean).join(" · ")}</span>
      </span>
      {document.state === "withdrawn" && <Tag tone="red">{t("find.state.withdrawn")}</Tag>}
      {children}
    </header>
  );
}

function Finder({ open, field }: { open: OpenDocument; field: React.RefObject<InputRef | null> }) {
  const { t } = useI18n();
  const { hits, hit, text } = open;
  return (
    <>
      <span className="quiet nowrap" aria-live="polite" data-testid="hits-of">
        {hits && text && (hits.length ? t("reader.hit", { n: hit + 1, of: hits.length }) : t("reader.nohit"))}
      </span>
      <Input
        ref={field}
        size="small"
        allowClear
        maxLength={200}
        placeholder={t("reader.find")}
        aria-label={t("reader.find")}
        suffix={<kbd>f</kbd>}
        style={{ width: 210 }}
        data-testid="find-in"
        value={text}
        onChange={(event) => open.setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") event.currentTarget.blur();
          else if (event.key === "Enter") {
            event.currentTarget.blur();
            if (open.hits?.length) open.step(event.shiftKey ? -1 : 1);
          }
        }}
      />
    </>
  );
}

/** All pages small; those with a hit are marked. */
function Thumbs({ open }: { open: OpenDocument }) {
  const { t } = useI18n();
  const { pages, at, go, hits } = open;
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const found = new Set((hits ?? []).map((one) => one.n));
  return (
    <ol className="thumbs" ref={list} aria-label={t("reader.thumbs")} data-testid="thumbs">
      {pages.map((page, nth) => (
        <li key={page.id}>
          <button
            type="button"
            className={nth === at ? "on" : ""}
            aria-current={nth === at ? "page" : undefined}
            onClick={() => go(nth)}
          >
            <span className="thumb">
              <PageImage page={page} kind="thumb" alt={t("scan.page.n", { n: page.number })} lazy />
            </span>
            <span className="small">
              {page.number}
              {found.has(page.number) && <i className="dot" title={t("reader.hashit")} />}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
