import { describe, expect, it, vi } from "vitest";
import { type LiveState, LiveStream } from "@/app/live";
import { FakeEvents } from "./house";

function stream() {
  const made: FakeEvents[] = [];
  const live = new LiveStream("/api/v1/live", (url) => {
    const source = new FakeEvents(url);
    made.push(source);
    return source as unknown as EventSource;
  });
  const states: LiveState[] = [];
  const topics: string[][] = [];
  live.onState = (state) => states.push(state);
  live.subscribe((changed) => topics.push([...changed]));
  live.start();
  return { live, made, states, topics };
}

describe("the live stream", () => {
  it("tells topics", () => {
    const { made, topics } = stream();
    made[0]?.send("changed", { topics: ["worklist", "sign"] });
    expect(topics).toEqual([["worklist", "sign"]]);
  });
  it("says when it is lost, tries again more and more slowly, and then has everything read anew", () => {
    vi.useFakeTimers();
    const { made, states, topics } = stream();
    made[0]?.onerror?.();
    expect(states.at(-1)?.lostAt).toBeInstanceOf(Date);
    const lost = states.at(-1)?.lostAt;
    vi.advanceTimersByTime(1000);
    made[1]?.onerror?.();
    vi.advanceTimersByTime(1000);
    expect(made.length).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(made.length).toBe(3);
    expect(states.at(-1)?.lostAt).toBe(lost);
    made[2]?.onopen?.();
    expect(states.at(-1)?.lostAt).toBeNull();
    expect(topics).toEqual([["*"]]);
    vi.useRealTimers();
  });
  it("asks for dashboards only while somebody looks, and then has everything read anew", () => {
    const { live, made, topics } = stream();
    expect(made.map((source) => source.url)).toEqual(["/api/v1/live?dashboard=false"]);
    const leave = live.subscribeDashboard(() => undefined);
    made[1]?.onopen?.();
    leave();
    expect(made.map((source) => source.url.split("?")[1])).toEqual([
      "dashboard=false",
      "dashboard=true",
      "dashboard=false",
    ]);
    expect(topics).toEqual([["*"]]);
  });
  it("survives what is no JSON", () => {
    const { live, made, topics } = stream();
    const boards: unknown[] = [];
    live.subscribeDashboard((data) => boards.push(data));
    made[0]?.send("dashboard", 7);
    made[0]?.send("changed", null);
    expect(boards).toEqual([]);
    expect(topics).toEqual([["*"]]);
  });
});
