import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from "pdfjs-dist";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = worker;

/** What pdf.js loads on demand lies beside the screens (dev/pdf-files.ts). */
const FILES = "/pdfjs";

/** Fetches a PDF with the session's cookie and opens it; scripts, forms and links in it stay dead. */
export async function openPdf(url: string, signal: AbortSignal): Promise<PDFDocumentProxy> {
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store", signal });
  if (!response.ok) throw new Error(String(response.status));
  const data = new Uint8Array(await response.arrayBuffer());
  const task = getDocument({
    data,
    cMapUrl: `${FILES}/cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${FILES}/standard_fonts/`,
    wasmUrl: `${FILES}/wasm/`,
    iccUrl: `${FILES}/iccs/`,
    enableXfa: false,
    maxImageSize: 64 * 1024 * 1024,
  });
  signal.addEventListener("abort", () => void task.destroy());
  return task.promise;
}
