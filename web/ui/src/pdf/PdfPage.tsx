import { type PDFDocumentProxy, type PDFPageProxy, TextLayer } from "pdfjs-dist";
import { type CSSProperties, useEffect, useRef, useState } from "react";

interface Props {
  pdf: PDFDocumentProxy;
  number: number;
  scale: number;
  onSeen: (number: number) => void;
}

/** One page on a canvas, drawn when it comes near the view, with its text above it for selection and readers. */
export function PdfPage({ pdf, number, scale, onSeen }: Props) {
  const [page, setPage] = useState<PDFPageProxy | null>(null);
  const [near, setNear] = useState(number <= 2);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let here = true;
    void pdf.getPage(number).then((found) => here && setPage(found));
    return () => {
      here = false;
    };
  }, [pdf, number]);

  useEffect(() => {
    const element = frame.current;
    if (!element || !page) return;
    const root = element.parentElement;
    const coming = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), {
      root,
      rootMargin: "600px",
    });
    const middle = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen(number), {
      root,
      rootMargin: "-45% 0px -45% 0px",
    });
    coming.observe(element);
    middle.observe(element);
    return () => {
      coming.disconnect();
      middle.disconnect();
    };
  }, [page, number, onSeen]);

  useEffect(() => {
    if (!page || !near || !canvas.current || !text.current) return;
    return draw(page, scale, canvas.current, text.current);
  }, [page, near, scale]);

  const view = page?.getViewport({ scale });
  const style: CSSProperties & Record<"--total-scale-factor", number> = {
    width: view?.width,
    height: view?.height ?? 400,
    "--total-scale-factor": scale,
  };
  return (
    <div className="pdf-page" ref={frame} style={style} data-page={number}>
      <canvas ref={canvas} />
      <div ref={text} className="textLayer" />
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
