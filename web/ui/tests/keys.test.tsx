import { fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { type Bindings, KeyboardProvider, useKeys } from "@/keys/keys";

function Screen({ bindings, modal }: { bindings: Bindings; modal?: boolean }) {
  useKeys("nav.today", bindings, { modal });
  return <input aria-label="field" />;
}

function setup(modal?: Bindings) {
  const open = vi.fn();
  const go = vi.fn();
  const bindings: Bindings = { o: { help: "keys.open", run: open }, "g t": { help: "keys.open", run: go } };
  render(
    <KeyboardProvider>
      <Screen bindings={bindings} />
      {modal && <Screen bindings={modal} modal />}
    </KeyboardProvider>,
  );
  return { open, go };
}

describe("keys", () => {
  it("run on the page", () => {
    const { open } = setup();
    fireEvent.keyDown(document.body, { key: "o" });
    expect(open).toHaveBeenCalledOnce();
  });
  it("rest in fields", () => {
    const { open } = setup();
    fireEvent.keyDown(screen.getByLabelText("field"), { key: "o" });
    expect(open).not.toHaveBeenCalled();
  });
  it("rest while an input method is at work", () => {
    const { open } = setup();
    fireEvent.keyDown(document.body, { key: "o", isComposing: true });
    fireEvent.keyDown(document.body, { key: "o", keyCode: 229 });
    fireEvent.keyDown(document.body, { key: "Process" });
    expect(open).not.toHaveBeenCalled();
  });
  it("rest with Alt, Ctrl and Meta: those are the browser's", () => {
    const { open } = setup();
    for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) {
      fireEvent.keyDown(document.body, { key: "o", ...held });
    }
    expect(open).not.toHaveBeenCalled();
  });
  it("come in pairs", () => {
    const { go } = setup();
    fireEvent.keyDown(document.body, { key: "t" });
    expect(go).not.toHaveBeenCalled();
    fireEvent.keyDown(document.body, { key: "g" });
    fireEvent.keyDown(document.body, { key: "t" });
    expect(go).toHaveBeenCalledOnce();
  });
  it("forget the first of a pair after a while", () => {
    vi.useFakeTimers();
    const { go } = setup();
    fireEvent.keyDown(document.body, { key: "g" });
    vi.advanceTimersByTime(2000);
    fireEvent.keyDown(document.body, { key: "t" });
    vi.useRealTimers();
    expect(go).not.toHaveBeenCalled();
  });
  it("below a dialog are silent", () => {
    const close = vi.fn();
    const { open } = setup({ Escape: { help: "keys.close", run: close } });
    fireEvent.keyDown(document.body, { key: "o" });
    fireEvent.keyDown(document.body, { key: "Escape" });
    expect(open).not.toHaveBeenCalled();
    expect(close).toHaveBeenCalledOnce();
  });
});
