import { records } from "@/api/records";

/** Documents as one file: a PDF to look at and print, or a ZIP to keep. */
export async function exported(documents: string[], form: "pdf" | "zip"): Promise<void> {
  const { blob } = await records.export(documents, form);
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = `documents.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The browser's own print dialog with the PDF of these documents. */
export async function printed(documents: string[]): Promise<void> {
  const { blob } = await records.export(documents, "pdf");
  const url = URL.createObjectURL(new Blob([blob], { type: "application/pdf" }));
  const frame = document.createElement("iframe");
  frame.className = "print-frame";
  frame.title = "PDF";
  frame.src = url;
  frame.onload = () => {
    frame.contentWindow?.focus();
    frame.contentWindow?.print();
  };
  document.body.append(frame);
  // the dialog reads from the frame as long as it is open; nobody says when it is closed
  setTimeout(() => {
    frame.remove();
    URL.revokeObjectURL(url);
  }, 600_000);
}
