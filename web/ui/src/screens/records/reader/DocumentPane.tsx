import { Button, Input, type InputRef } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { records } from "@/api/records";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Tag } from "@/parts/bits";
import { Failure, Skeleton } from "@/parts/States";
import { PdfView } from "@/pdf/PdfView";
import { PageView } from "../../scan/page/PageView";
import type { ReaderDocument } from "../types";
import { useRecordWords } from "../words";
import { Marks, wrongOf } from "./Marks";
import { pageKeys, ZOOM } from "./pageKeys";
import { Thumbs } from "./Thumbs";
import { type OpenDocument, useDocument } from "./useDocument";

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
  const [marking, setMarking] = useState(false);
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

  const keys: Bindings = pdf
    ? {}
    : {
        ...pageKeys({ frame, at, count: pages.length, go, setZoom }),
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
          <Head data={data}>
            {children}
            {active && (
              <Button size="small" onClick={() => setMarking(true)} data-testid="flag-it">
                {t("flag.mark")} <kbd>!</kbd>
              </Button>
            )}
          </Head>
          <Marks
            document={data}
            at={pdf ? null : at}
            active={active}
            marking={marking}
            onMarking={setMarking}
            onPage={(n) => go(n - 1)}
            reload={loaded.reload}
          />
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
                {thumbs && (
                  <Thumbs
                    pages={pages}
                    at={at}
                    go={go}
                    found={new Set((open.hits ?? []).map((one) => one.n))}
                    warned={wrongOf(data)}
                    warning={t("flag.marked")}
                  />
                )}
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
