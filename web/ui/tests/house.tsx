import { MockServer } from "@dev/mock/server";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import { App } from "@/app/App";

/** An event stream that the test drives. */
export class FakeEvents {
  static readonly all: FakeEvents[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  private readonly listeners = new Map<string, (event: { data: string }) => void>();

  constructor(readonly url: string) {
    FakeEvents.all.push(this);
  }
  addEventListener(kind: string, listener: (event: { data: string }) => void): void {
    this.listeners.set(kind, listener);
  }
  close(): void {}
  send(kind: string, data: unknown): void {
    this.listeners.get(kind)?.({ data: JSON.stringify(data) });
  }
}

/** The whole application on an address, against the invented API; `server.instead` makes calls fail. */
export function open(path: string, server = new MockServer(true)) {
  history.replaceState(null, "", path);
  FakeEvents.all.length = 0;
  vi.stubGlobal("EventSource", FakeEvents);
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => answer(server, url, init));
  server.onChange = (topics) => FakeEvents.all.at(-1)?.send("changed", { topics });
  const user = userEvent.setup();
  return { server, user, ...render(<App />) };
}

async function answer(server: MockServer, url: string, init: RequestInit): Promise<Response> {
  const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined;
  const said = server.handle(init.method ?? "GET", url.replace("/api/v1", ""), body);
  const text = said.text ?? (said.body === undefined ? null : JSON.stringify(said.body));
  const response = new Response(text, {
    status: said.status,
  });
  Object.defineProperty(response, "url", { value: url });
  return response;
}
