import { Button, Input, Segmented, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { admin, type OpenSession } from "@/api/admin";
import { api } from "@/api/api";
import type { Language } from "@/api/types";
import { useLoad } from "@/app/load";
import { useSession, useSessionState } from "@/app/session";
import { LANGUAGE_NAMES, LANGUAGES, useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { swapped, unswapped } from "@/keys/own";
import { Ago, At, Facts, PageHead, Tag } from "@/parts/bits";
import { Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { Said, useSaid } from "./records/say";

/** ME /me: a person's own language, keys and sessions. */
export default function Me() {
  const { t, word, language, setLanguage } = useI18n();
  const { user } = useSession();
  const { said, say, fail } = useSaid();
  const choose = (next: Language) => {
    setLanguage(next);
    api.setLanguage(next).catch(fail);
  };
  return (
    <div className="page fill">
      <PageHead title={t("nav.me")} sub={user.name}>
        <Said said={said} />
      </PageHead>
      <div className="me">
        <div className="me-side">
          <section className="card card-body" aria-labelledby="me-who">
            <h2 id="me-who">{t("me.who")}</h2>
            <Facts
              rows={[
                [
                  t("people.login"),
                  <span key="login" className="mono">
                    {user.login}
                  </span>,
                ],
                [t("people.roles"), user.roles.map((role) => word("role", role)).join(", ")],
              ]}
            />
            <p className="quiet small">{t("me.who.hint")}</p>
          </section>
          <section className="card card-body" aria-labelledby="me-language">
            <h2 id="me-language">{t("top.language")}</h2>
            <Segmented
              aria-labelledby="me-language"
              value={language}
              onChange={choose}
              options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
            />
          </section>
          <OwnKeys say={say} fail={fail} />
        </div>
        <Sessions say={say} fail={fail} />
      </div>
    </div>
  );
}

interface Part {
  say: (text: string) => void;
  fail: (error: unknown) => void;
}

/** Two keys change places, on every computer where this person signs in. */
function OwnKeys({ say, fail }: Part) {
  const { t } = useI18n();
  const { user } = useSession();
  const { reload } = useSessionState();
  const [pair, setPair] = useState({ one: "", other: "" });
  const pairs = Object.entries(user.keys).filter(([pressed, meant]) => pressed < meant);
  const set = async (keys: Record<string, string>) => {
    try {
      await admin.setKeys(keys);
      await reload();
      say(t("me.keys.saved"));
    } catch (error) {
      fail(error);
    }
  };
  const ready = /^[!-~]$/.test(pair.one) && /^[!-~]$/.test(pair.other) && pair.one !== pair.other;
  const add = () => {
    if (!ready) return;
    setPair({ one: "", other: "" });
    void set(swapped(user.keys, pair.one, pair.other));
  };
  return (
    <section className="card card-body" aria-labelledby="me-keys">
      <h2 id="me-keys">{t("me.keys")}</h2>
      <p className="quiet small">{t("me.keys.hint")}</p>
      <ul className="own-keys">
        {pairs.map(([one, other]) => (
          <li key={one} className="row" data-testid="own-key">
            <kbd>{one}</kbd> ⇄ <kbd>{other}</kbd>
            <Button size="small" type="text" onClick={() => void set(unswapped(user.keys, one))}>
              {t("me.keys.back")}
            </Button>
          </li>
        ))}
      </ul>
      <div className="row">
        {(["one", "other"] as const).map((name) => (
          <Input
            key={name}
            className="mono one-key"
            maxLength={1}
            aria-label={t(`me.keys.${name}`)}
            placeholder={t(`me.keys.${name}`)}
            value={pair[name]}
            onChange={(event) => setPair((old) => ({ ...old, [name]: event.target.value }))}
            onPressEnter={add}
          />
        ))}
        <Button size="small" disabled={!ready} onClick={add} data-testid="swap">
          {t("me.keys.swap")}
        </Button>
      </div>
    </section>
  );
}

/** Where this person is signed in; another session is ended from here. */
function Sessions({ say, fail }: Part) {
  const { t } = useI18n();
  const sessions = useLoad("my sessions", admin.sessions);
  const items = sessions.data?.items ?? [];
  const others = items.filter((one) => !one.mine);
  const list = useCursor(
    items.map((one) => one.id),
    () => undefined,
  );
  const end = async (one: OpenSession | undefined) => {
    if (!one || one.mine) return;
    try {
      await admin.endSession(one.id);
      say(t("me.ended"));
      sessions.reload();
    } catch (error) {
      fail(error);
    }
  };
  const endAll = async () => {
    if (!others.length) return;
    try {
      const { count } = await admin.endOthers();
      say(t("me.ended.n", { n: count }));
      sessions.reload();
    } catch (error) {
      fail(error);
    }
  };
  const { j, k } = list.keys;
  useKeys("nav.me", {
    ...(j && { j }),
    ...(k && { k }),
    d: { help: "me.key.end", run: () => void end(items.find((one) => one.id === list.cursor)) },
    X: { help: "me.key.others", run: () => void endAll() },
  });
  const columns: TableColumnsType<OpenSession> = [
    { title: t("me.begun"), render: (_, one) => <At at={one.created_at} /> },
    { title: t("people.seen"), render: (_, one) => <Ago at={one.seen_at} /> },
    { title: t("me.until"), render: (_, one) => <At at={one.expires_at} /> },
    {
      title: "",
      width: 170,
      align: "right",
      render: (_, one) =>
        one.mine ? (
          <Tag tone="green">{t("me.this")}</Tag>
        ) : (
          <Button size="small" onClick={() => void end(one)}>
            {t("me.end")} {one.id === list.cursor && <kbd>d</kbd>}
          </Button>
        ),
    },
  ];
  return (
    <section className="card list find-list" aria-label={t("me.sessions")}>
      <div className="list-bar">
        <h2 className="grow">{t("me.sessions")}</h2>
        <Button size="small" disabled={!others.length} onClick={() => void endAll()} data-testid="end-others">
          {t("me.others")} <kbd>X</kbd>
        </Button>
      </div>
      <div className="rec-scroll">
        <Show of={sessions} lines={3}>
          {() => (
            <Table
              size="small"
              rowKey="id"
              columns={columns}
              dataSource={items}
              pagination={false}
              rowClassName={(one) => (one.id === list.cursor ? "cursor" : "")}
              onRow={(one) => ({ onClick: () => list.choose(one.id) })}
            />
          )}
        </Show>
        <p className="quiet small card-body">{t("me.sessions.hint")}</p>
      </div>
    </section>
  );
}
