import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";

type Listener = (topics: ReadonlySet<string>) => void;
type DashboardListener = (data: unknown) => void;
export type LiveState = { lostAt: Date | null };

/** Topics that mean "anything may have changed": after a lost stream came back. */
const ALL: ReadonlySet<string> = new Set(["*"]);
const SLOWEST = 15_000;
/** A busy engine must not make each screen ask many times a second. */
const CALM = 800;

/** The one event stream of the page, with its own reconnecting: screens subscribe to topics. */
export class LiveStream {
  private readonly listeners = new Set<Listener>();
  private readonly boards = new Set<DashboardListener>();
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delay = 1000;
  private lost = false;
  private withBoards = false;
  /** Opened anew: what changed in between may have been missed. */
  private reopened = false;
  onState: (state: LiveState) => void = () => {};

  constructor(
    private readonly url: string,
    private readonly make: (url: string) => EventSource = (address) => new EventSource(address),
  ) {}

  start(): void {
    this.withBoards = this.boards.size > 0;
    const source = this.make(`${this.url}?dashboard=${this.withBoards}`);
    this.source = source;
    source.onopen = () => this.opened();
    source.onerror = () => this.broke();
    source.addEventListener("changed", (event) => this.tell(topicsOf(event)));
    source.addEventListener("dashboard", (event) => this.tellBoards(event));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Dashboards are sent only while somebody looks: the stream is opened anew with them, and again without. */
  subscribeDashboard(listener: DashboardListener): () => void {
    this.boards.add(listener);
    this.suit();
    return () => {
      this.boards.delete(listener);
      this.suit();
    };
  }

  private suit(): void {
    if (this.source && this.boards.size > 0 !== this.withBoards) {
      this.stop();
      this.reopened = true;
      this.start();
    }
  }

  private opened(): void {
    this.delay = 1000;
    this.onState({ lostAt: null });
    if (this.lost || this.reopened) this.tell(ALL);
    this.lost = false;
    this.reopened = false;
  }

  private broke(): void {
    this.source?.close();
    if (!this.lost) this.onState({ lostAt: new Date() });
    this.lost = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), this.delay);
    this.delay = Math.min(this.delay * 2, SLOWEST);
  }

  private tell(topics: ReadonlySet<string>): void {
    for (const listener of this.listeners) listener(topics);
  }

  private tellBoards(event: MessageEvent<string>): void {
    const data = parse(event.data);
    if (data) for (const listener of this.boards) listener(data);
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function topicsOf(event: MessageEvent<string>): ReadonlySet<string> {
  const topics = parse(event.data)?.topics;
  return new Set(Array.isArray(topics) ? topics.map(String) : ["*"]);
}

const Context = createContext<{ stream: LiveStream; state: LiveState } | null>(null);

export function LiveProvider({ children, stream }: { children: ReactNode; stream?: LiveStream }) {
  const live = useMemo(() => stream ?? new LiveStream("/api/v1/live"), [stream]);
  const [state, setState] = useState<LiveState>({ lostAt: null });
  useEffect(() => {
    live.onState = setState;
    live.start();
    return () => live.stop();
  }, [live]);
  const value = useMemo(() => ({ stream: live, state }), [live, state]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useLiveState(): LiveState {
  return useContext(Context)?.state ?? { lostAt: null };
}

/** `*` is everything; `run:*` is any run, when too many changed to be named. */
function concerns(changed: ReadonlySet<string>, name: string): boolean {
  return changed.has("*") || changed.has(name) || (name.startsWith("run:") && changed.has("run:*"));
}

/** Calls back, at most once in CALM milliseconds, when one of the topics changed. */
export function useTopics(topics: readonly string[], callback: () => void): void {
  const stream = useContext(Context)?.stream;
  const now = useRef(callback);
  now.current = callback;
  const wanted = topics.join(" ");
  useEffect(() => {
    if (!stream || !wanted) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const names = wanted.split(" ");
    const leave = stream.subscribe((changed) => {
      if (!names.some((name) => concerns(changed, name))) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        now.current();
      }, CALM);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [stream, wanted]);
}

export function useDashboardEvents(callback: (data: unknown) => void): void {
  const stream = useContext(Context)?.stream;
  const now = useRef(callback);
  now.current = callback;
  useEffect(() => stream?.subscribeDashboard((data) => now.current(data)), [stream]);
}
