import { useCallback, useRef } from "react";

/** The same function for ever, which does what the newest does: what it is given to is not drawn anew for it. */
export function useStable<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R {
  const newest = useRef(run);
  newest.current = run;
  return useCallback((...args: A) => newest.current(...args), []);
}
