import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { api } from "@/api/api";
import { type Problem, setCsrf, whenSignedOut } from "@/api/client";
import type { Session } from "@/api/types";
import { isLanguage, useI18n } from "@/i18n";
import { problemFrom } from "./load";

type State =
  | { kind: "loading" }
  | { kind: "out" }
  | { kind: "failed"; problem: Problem }
  | { kind: "in"; session: Session };

interface SessionContext {
  state: State;
  reload: () => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<SessionContext | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ kind: "loading" });
  const { setLanguage } = useI18n();

  const reload = useCallback(async () => {
    try {
      const session = await api.session();
      setCsrf(session.csrf);
      if (isLanguage(session.user.language)) setLanguage(session.user.language);
      setState({ kind: "in", session });
    } catch (error) {
      const problem = problemFrom(error);
      setState((old) => {
        if (problem.status === 401) return { kind: "out" };
        return old.kind === "in" ? old : { kind: "failed", problem };
      });
    }
  }, [setLanguage]);

  const signOut = useCallback(async () => {
    await api.signOut().catch(() => undefined);
    setCsrf("");
    setState({ kind: "out" });
  }, []);

  useEffect(() => {
    whenSignedOut(() => setState({ kind: "out" }));
    void reload();
  }, [reload]);

  const value = useMemo(() => ({ state, reload, signOut }), [state, reload, signOut]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useSessionState(): SessionContext {
  const value = useContext(Context);
  if (!value) throw new Error("useSessionState outside SessionProvider");
  return value;
}

/** The session of the signed-in user; only below the shell. */
export function useSession(): Session {
  const { state } = useSessionState();
  if (state.kind !== "in") throw new Error("useSession without a session");
  return state.session;
}
