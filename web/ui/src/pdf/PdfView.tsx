import { ColumnWidthOutlined, MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import type { PDFDocumentProxy } from "pdfjs-dist";
import { useCallback, useEffect, useRef, useState } from "react";
import { Problem } from "@/api/client";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Failure, Skeleton } from "@/parts/States";
import { PdfPage, type Sheet } from "./PdfPage";
import { openPdf } from "./pdfjs";

const ZOOMS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const PADDING = 32;

/** A PDF in the page: all pages below one another, zoom, fit to width. Page sizes at scale 1 are CSS pixels. */
export function PdfView({ url, title }: { url: string; title: string }) {
  const { t } = useI18n();
  const { pdf, problem, retry } = usePdf(url);
  const [zoom, setZoom] = useState<number | "fit">("fit");
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [page, setPage] = useState(1);
  const { box, width } = useWidth();
  const across = sheet ? sheet.width * CSS_PER_POINT : 0;
  const fit = across && width ? Math.max(0.3, Math.min(2, (width - PADDING) / across)) : 0;
  const scale = zoom === "fit" ? fit : zoom;
  const step = (by: 1 | -1) => {
    const next = by > 0 ? ZOOMS.find((z) => z > scale + 0.01) : ZOOMS.findLast((z) => z < scale - 0.01);
    if (next) setZoom(next);
  };
  useKeys("keys.pdf", {
    "+": { help: "pdf.larger", run: () => step(1) },
    "-": { help: "pdf.smaller", run: () => step(-1) },
    "0": { help: "pdf.fit", run: () => setZoom("fit") },
  });
  useEffect(() => {
    void pdf?.getPage(1).then((first) => {
      const { width, height } = first.getViewport({ scale: 1 });
      setSheet({ width, height });
    });
  }, [pdf]);
  const seen = useCallback((number: number) => setPage(number), []);
  const count = pdf?.numPages ?? 0;

  return (
    <section className="pdf" aria-label={title}>
      <div className="pdf-bar row">
        <span className="grow ellipsis strong">{title}</span>
        <span className="quiet" data-testid="pdf-pages">
          {count ? t("pdf.page", { n: page, of: count }) : ""}
        </span>
        <Button
          size="small"
          type="text"
          icon={<MinusOutlined />}
          aria-label={t("pdf.smaller")}
          onClick={() => step(-1)}
        />
        <span className="mono small" style={{ width: 40, textAlign: "center" }}>
          {scale ? `${Math.round(scale * 100)}%` : ""}
        </span>
        <Button
          size="small"
          type="text"
          icon={<PlusOutlined />}
          aria-label={t("pdf.larger")}
          onClick={() => step(1)}
        />
        <Button
          size="small"
          type="text"
          icon={<ColumnWidthOutlined />}
          aria-label={t("pdf.fit")}
          aria-pressed={zoom === "fit"}
          onClick={() => setZoom("fit")}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by the keyboard */}
      <div className="pdf-pages" ref={box} tabIndex={0} role="document" aria-label={title}>
        {problem && <Failure problem={problem} onRetry={retry} />}
        {!pdf && !problem && <Skeleton lines={12} />}
        {pdf &&
          sheet &&
          scale > 0 &&
          Array.from({ length: count }, (_, at) => (
            <PdfPage
              // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
              key={at}
              pdf={pdf}
              number={at + 1}
              scale={scale * CSS_PER_POINT}
              sheet={sheet}
              onSeen={seen}
            />
          ))}
      </div>
    </section>
  );
}

/** 72 points and 96 CSS pixels are an inch. */
const CSS_PER_POINT = 96 / 72;

function usePdf(url: string): { pdf: PDFDocumentProxy | null; problem: Problem | null; retry: () => void } {
  const [attempt, setAttempt] = useState(0);
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { t } = useI18n();
  const words = useRef(t);
  words.current = t;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` asks again
  useEffect(() => {
    const control = new AbortController();
    setPdf(null);
    setProblem(null);
    openPdf(url, control.signal).then(
      (opened) => !control.signal.aborted && setPdf(opened),
      (error: unknown) => {
        if (control.signal.aborted) return;
        const status = Number((error as Error).message) || -1;
        setProblem(new Problem(status, "", words.current("pdf.failed")));
      },
    );
    return () => control.abort();
  }, [url, attempt]);
  return { pdf, problem, retry: () => setAttempt((old) => old + 1) };
}

function useWidth() {
  const [width, setWidth] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { box, width };
}
