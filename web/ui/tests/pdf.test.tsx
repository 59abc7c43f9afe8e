import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LanguageProvider } from "@/i18n";
import { KeyboardProvider } from "@/keys/keys";
import { PdfView } from "@/pdf/PdfView";

const asked: number[] = [];
const cleaned: number[] = [];
vi.mock("pdfjs-dist", () => ({
  TextLayer: class {
    render = () => Promise.resolve();
    cancel = () => undefined;
  },
}));
vi.mock("@/pdf/pdfjs", () => ({
  openPdf: () =>
    Promise.resolve({
      numPages: 1200,
      getPage: (number: number) => {
        asked.push(number);
        return Promise.resolve({
          getViewport: ({ scale }: { scale: number }) => ({ width: 595 * scale, height: 842 * scale }),
          render: () => ({ promise: new Promise(() => undefined), cancel: () => undefined }),
          streamTextContent: () => null,
          cleanup: () => cleaned.push(number),
        });
      },
    }),
}));

type Told = (entries: { isIntersecting: boolean }[]) => void;
const coming = new Map<Element, Told>();
class Watch {
  constructor(
    private readonly told: Told,
    private readonly options: { rootMargin: string },
  ) {}
  observe(element: Element) {
    if (this.options.rootMargin === "600px") coming.set(element, this.told);
  }
  disconnect() {}
}
class Sizes {
  constructor(private readonly told: () => void) {}
  observe() {
    this.told();
  }
  disconnect() {}
}

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", Watch);
  vi.stubGlobal("ResizeObserver", Sizes);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const of = (number: number) => document.querySelector(`[data-page="${number}"]`) as HTMLElement;

describe("A PDF in the page", () => {
  it("has all of its pages, and only those near the view are loaded", async () => {
    render(
      <LanguageProvider>
        <KeyboardProvider>
          <PdfView url="/x.pdf" title="All pages" />
        </KeyboardProvider>
      </LanguageProvider>,
    );
    expect((await screen.findByTestId("pdf-pages")).textContent).toContain("1200");
    await act(async () => undefined);
    expect(document.querySelectorAll(".pdf-page")).toHaveLength(1200);
    expect(new Set(asked)).toEqual(new Set([1, 2]));
    expect(of(1200).style.height).toBe(of(1).style.height);
    const near = (is: boolean) => act(async () => coming.get(of(1200))?.([{ isIntersecting: is }]));
    await near(true);
    expect(asked).toContain(1200);
    expect(of(1200).querySelector("canvas")).not.toBeNull();
    await near(false);
    expect(of(1200).querySelector("canvas")).toBeNull();
    expect(cleaned).toEqual([1200]);
  });
});
