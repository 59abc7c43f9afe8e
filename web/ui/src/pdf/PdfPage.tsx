import { type PDFDocumentProxy, type PDFPageProxy, TextLayer } from "pdfjs-dist";
import { type CSSProperties, useEffect, useRef, useState } from "react";

/** Of a page at scale 1. */
export interface Sheet {
  width: number;
  height: number;
}

interface Props {
  pdf: PDFDocumentProxy;
  number: number;
  scale: number;
  /** How large the page is taken to be until it was near once. */
  sheet: Sheet;
  onSeen: (number: number) => void;
}

/** One page on a canvas with its text above it for selection and readers. Only a page near the view is loaded and drawn;
 * one that is far again keeps its room and nothing else, so that a PDF may have thousands. */
export function PdfPage({ pdf, number, scale, sheet, onSeen }: Props) {
  const [page, setPage] = useState<PDFPageProxy | null>(null);
  const [near, setNear] = useState(number <= 2);
  const [size, setSize] = useState<Sheet | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!near) return;
    let here = true;
    let loaded: PDFPageProxy | null = null;
    void pdf.getPage(number).then((found) => {
      if (!here) return;
      loaded = found;
      const { width, height } = found.getViewport({ scale: 1 });
      setSize({ width, height });
      setPage(found);
    });
    return () => {
      here = false;
      setPage(null);
      loaded?.cleanup();
    };
  }, [pdf, number, near]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const root = element.parentElement;
    const coming = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting === true), {
      root,
      rootMargin: "600px",
    });
    const middle = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && onSeen(number), {
      root,
      rootMargin: "-45% 0px -45% 0px",
    });
    coming.observe(element);
    middle.observe(element);
    return () => {
      coming.disconnect();
      middle.disconnect();
    };
  }, [number, onSeen]);

  useEffect(() => {
    if (!page || !canvas.current || !text.current) return;
    return draw(page, scale, canvas.current, text.current);
  }, [page, scale]);

  const room = size ?? sheet;
  const style: CSSProperties & Record<"--total-scale-factor", number> = {
    width: room.width * scale,
    height: room.height * scale,
    "--total-scale-factor": scale,
  };
  return (
    <div className="pdf-page" ref={frame} style={style} data-page={number}>
      {near && <canvas ref={canvas} />}
      {near && <div ref={text} className="textLayer" />}
    </div>
  );
}

/** Draws at the screen's own resolution; the answer stops an unfinished drawing. */
function draw(
  page: PDFPageProxy,
  scale: number,
  canvas: HTMLCanvasElement,
  text: HTMLDivElement,
): () => void {
  const dense = Math.min(window.devicePixelRatio || 1, 2);
  const view = page.getViewport({ scale: scale * dense });
  // a fresh bitmap each time, so that a stopped drawing never mixes with the next
  const sheet = document.createElement("canvas");
  sheet.width = Math.floor(view.width);
  sheet.height = Math.floor(view.height);
  const drawing = page.render({ canvas: sheet, viewport: view });
  let stopped = false;
  drawing.promise.then(
    () => {
      if (stopped) return;
      canvas.width = sheet.width;
      canvas.height = sheet.height;
      canvas.getContext("2d")?.drawImage(sheet, 0, 0);
      canvas.dataset.drawn = "yes";
    },
    () => undefined,
  );
  text.replaceChildren();
  const layer = new TextLayer({
    textContentSource: page.streamTextContent(),
    container: text,
    viewport: page.getViewport({ scale }),
  });
  layer.render().catch(() => undefined);
  return () => {
    stopped = true;
    drawing.cancel();
    layer.cancel();
  };
}
