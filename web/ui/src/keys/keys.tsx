import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import type { Key } from "@/i18n";
import type { OwnKeys } from "./own";

/** One key of a screen: what it does, and its line in the help (`?`). */
export interface Binding {
  help: Key;
  run: () => void;
}
/** By key as the browser names it (`j`, `Enter`, `?`), `g t` for two keys one after the other, or `Ctrl+Enter`;
 * keys that are no characters may be told apart by `Shift+ArrowLeft`. */
export type Bindings = Record<string, Binding>;

interface Layer {
  title: Key;
  modal: boolean;
  bindings: () => Bindings;
}

/** How long the second key of `g t` may take. */
const PAIR = 1500;

/** Knows which keys count now: the newest layer first, down to the first modal one. */
export class Keyboard {
  private readonly layers: Layer[] = [];
  private first = "";
  private firstAt = 0;
  /** What the person's keys mean, where that is not what is written on them. */
  own: OwnKeys = {};

  add(layer: Layer): () => void {
    this.layers.push(layer);
    return () => {
      const at = this.layers.indexOf(layer);
      if (at >= 0) this.layers.splice(at, 1);
    };
  }

  active(): { title: Key; bindings: Bindings }[] {
    const seen: { title: Key; bindings: Bindings }[] = [];
    for (const layer of [...this.layers].reverse()) {
      seen.push({ title: layer.title, bindings: layer.bindings() });
      if (layer.modal) break;
    }
    return seen;
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || composing(event)) return;
    const key = (!event.ctrlKey && this.own[event.key]) || event.key;
    if (inField(event, key) || event.altKey || event.metaKey) return;
    const name = event.ctrlKey ? `Ctrl+${key}` : key;
    const shifted = event.shiftKey && event.key.length > 1 ? `Shift+${name}` : "";
    const pair = this.first && Date.now() - this.firstAt < PAIR ? `${this.first} ${name}` : "";
    this.first = "";
    const layers = this.active();
    const found = (pair && find(layers, pair)) || (shifted && find(layers, shifted)) || find(layers, name);
    if (found) {
      event.preventDefault();
      found.run();
      return;
    }
    if (layers.some((layer) => Object.keys(layer.bindings).some((key) => key.startsWith(`${name} `)))) {
      this.first = name;
      this.firstAt = Date.now();
      event.preventDefault();
    }
  }
}

function find(layers: { bindings: Bindings }[], name: string): Binding | undefined {
  for (const layer of layers) {
    const binding = layer.bindings[name];
    if (binding) return binding;
  }
  return undefined;
}

/** An input method is at work: its keys are characters, not commands. */
function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229 || event.key === "Process";
}

const FIELDS =
  "input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable=true],[role=combobox]";
const ACTS = "a[href],button,summary,[role=button],[role=tab],[role=menuitem],[role=option]";

function inField(event: KeyboardEvent, key: string): boolean {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  const field = target.closest(FIELDS);
  if (field) return !passes(field, key);
  // Enter on a focused button or link is that button's, whatever the screen does with Enter
  return (event.key === "Enter" || event.key === " ") && target.closest(ACTS) !== null;
}

/** A field that is always focused (a hand scanner writes into it) lets some keys through while it is empty:
 * `data-keys="ArrowUp ["`. */
function passes(field: Element, key: string): boolean {
  if (!(field instanceof HTMLInputElement) || field.value !== "") return false;
  return (field.dataset.keys ?? "").split(" ").includes(key);
}

const Context = createContext<Keyboard | null>(null);

export function KeyboardProvider({ children, keyboard }: { children: ReactNode; keyboard?: Keyboard }) {
  const board = useMemo(() => keyboard ?? new Keyboard(), [keyboard]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => board.press(event);
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [board]);
  return <Context.Provider value={board}>{children}</Context.Provider>;
}

export function useKeyboard(): Keyboard {
  const board = useContext(Context);
  if (!board) throw new Error("useKeyboard outside KeyboardProvider");
  return board;
}

/** Puts keys in force while the component is shown; `modal` silences all that lie below. */
export function useKeys(
  title: Key,
  bindings: Bindings,
  options: { modal?: boolean; enabled?: boolean } = {},
): void {
  const board = useKeyboard();
  const now = useRef(bindings);
  now.current = bindings;
  const { modal = false, enabled = true } = options;
  useEffect(() => {
    if (!enabled) return;
    return board.add({ title, modal, bindings: () => now.current });
  }, [board, title, modal, enabled]);
}
