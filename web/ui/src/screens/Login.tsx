import { Alert, Button, Spin } from "antd";
import { useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api } from "@/api/api";
import { problemFrom } from "@/app/load";
import { useSessionState } from "@/app/session";
import { LANGUAGE_NAMES, LANGUAGES, useI18n } from "@/i18n";
import { Mark } from "@/parts/Mark";

type Phase = "ask" | "posting" | "done" | "failed" | "unreachable";

/** The token of the fragment, which is taken out of the address at once. */
function takeToken(): string {
  const token = window.location.hash.replace(/^#/, "");
  if (token) history.replaceState(history.state, "", window.location.pathname + window.location.search);
  return token;
}

/** Where to go after signing in: only an address of this site. */
export function safeNext(next: string | null): string {
  return next && /^\/[^/\\]/.test(next) && !next.startsWith("/login") ? next : "/today";
}

export default function Login() {
  const { t } = useI18n();
  const [search] = useSearchParams();
  const go = useNavigate();
  const { state, reload } = useSessionState();
  const token = useRef<string | null>(null);
  const [phase, setPhase] = useState<Phase>("ask");
  const next = safeNext(search.get("next"));

  useEffect(() => {
    const enter = () => {
      const taken = takeToken();
      if (!taken || taken === token.current) return;
      token.current = taken;
      setPhase("posting");
      api
        .signIn(taken)
        .then(reload)
        .then(() => setPhase("done"))
        .catch((error: unknown) => setPhase(problemFrom(error).status === 0 ? "unreachable" : "failed"));
    };
    enter();
    window.addEventListener("hashchange", enter);
    return () => window.removeEventListener("hashchange", enter);
  }, [reload]);

  const waiting = phase === "posting" || phase === "done";
  useEffect(() => {
    if (state.kind !== "in" || (token.current !== null && phase !== "done")) return;
    // a document's link is the server's own page, not a screen
    if (next.startsWith("/d/")) window.location.assign(next);
    else void go(next, { replace: true });
  }, [state, phase, next, go]);

  return (
    <div className="login">
      <aside>
        <div>
          <Mark />
          <h1>Waybill</h1>
          <p>{t("login.claim")}</p>
        </div>
        <Bars />
      </aside>
      <main>
        {waiting ? (
          <div className="row" role="status">
            <Spin /> {t("login.posting")}
          </div>
        ) : (
          <>
            <h2>{t("login.title")}</h2>
            <p className="quiet">{t("login.how")}</p>
            <ol>
              <li>
                {t("login.step1")}
                <pre>waybill user link LOGIN</pre>
              </li>
              <li>{t("login.step2")}</li>
              <li>{t("login.step3")}</li>
            </ol>
            <div aria-live="assertive">
              {phase === "failed" && <Alert type="error" showIcon title={t("login.failed")} />}
              {phase === "unreachable" && <Alert type="warning" showIcon title={t("ui.unreachable")} />}
            </div>
          </>
        )}
        <LanguageRow />
      </main>
    </div>
  );
}

function LanguageRow() {
  const { language, setLanguage } = useI18n();
  return (
    <div className="langs">
      {LANGUAGES.map((name) => (
        <Button
          key={name}
          size="small"
          type={name === language ? "default" : "text"}
          aria-pressed={name === language}
          onClick={() => setLanguage(name)}
        >
          {LANGUAGE_NAMES[name]}
        </Button>
      ))}
    </div>
  );
}

const WIDTHS = [3, 1, 5, 2, 1, 4, 2, 6, 1, 3, 2, 1, 5, 1, 2, 4, 1, 3, 6, 2, 1, 4, 2, 1, 5, 3];

function Bars() {
  return (
    <div className="bars" aria-hidden="true">
      {WIDTHS.map((width, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an ornament
        <i key={at} style={{ width: width * 2 }} />
      ))}
    </div>
  );
}
