import { Button, Input, type InputRef, Segmented, Select, Table, type TableColumnsType } from "antd";
import { useEffect, useRef, useState } from "react";
import { admin, type UserLink, type UserNew, type UserRow } from "@/api/admin";
import { Problem } from "@/api/client";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { usePages } from "../messages/usePages";
import { Said, useSaid } from "../records/say";
import { useLists, useNamed } from "../scan/useLists";
import { AdminNav } from "./AdminNav";
import { ConfirmDialog, LinkDialog } from "./people/dialogs";
import { PersonForm, ROLES } from "./people/PersonForm";
import { useFormBeside } from "./useFormBeside";

const PAGE = 50;
const STATES = ["active", "disabled", "all"] as const;
type State = (typeof STATES)[number];

/** PEOPLE /admin/users: who may sign in, with which roles, and the link that lets a person in. */
export default function People() {
  const { rights } = useSession();
  if (!rights.includes("users")) return <Failure problem={new Problem(403, "WB-7002", "", "", "users")} />;
  return <Kept />;
}

function Kept() {
  const { t, word } = useI18n();
  const [text, setText] = useState("");
  const [role, setRole] = useState<string | null>(null);
  const [state, setState] = useState<State>("active");
  const pages = usePages<UserRow>(
    `users ${text} ${role} ${state}`,
    (after, signal) => admin.users({ text, role, state, after, limit: PAGE }, signal),
    ["users"],
  );
  const counts = (pages.first.data as { counts?: Record<string, number> } | null)?.counts;
  const users = pages.items;
  const [fresh, setFresh] = useState(false);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<"disable" | "enable" | "sign-out" | null>(null);
  const [link, setLink] = useState<UserLink | null>(null);
  const { said, say, fail } = useSaid();
  const find = useRef<InputRef>(null);
  const { form, onDirty, toForm, toTable, cursor, choose, free, steps } = useFormBeside(
    users.map((user) => user.id),
    () => say(t("lists.notsaved")),
  );
  // who was just added comes with the next answer
  const [wished, wish] = useState<string | null>(null);
  const come = wished !== null && users.some((one) => one.id === wished);
  useEffect(() => {
    if (!come) return;
    choose(wished);
    wish(null);
  }, [come, wished, choose]);
  const user = users.find((one) => one.id === cursor) ?? null;

  const save = async (fields: UserNew): Promise<boolean> => {
    const field = document.activeElement as HTMLElement | null;
    toTable();
    setBusy(true);
    say("");
    try {
      const { login, ...rest } = fields;
      if (fresh) await admin.addUser(fields);
      else await admin.changeUser(login, rest);
      say(t(fresh ? "people.added.said" : "people.saved"));
      setFresh(false);
      pages.first.reload();
      wish(login);
      return true;
    } catch (error) {
      fail(error);
      field?.focus();
      return false;
    } finally {
      setBusy(false);
    }
  };
  const deed = async () => {
    if (!user || !asking) return;
    await admin.userDeed(user.login, asking);
    say(t(`people.did.${asking}`, { name: user.name }));
    pages.first.reload();
  };
  const makeLink = () => {
    if (!user || user.disabled_at || !free()) return;
    admin.link(user.login).then(setLink, fail);
  };
  const ask = (what: typeof asking) => user && free() && setAsking(what);
  const add = () => {
    if (!free()) return;
    setFresh(true);
    toForm();
  };
  const back = () => {
    setFresh(false);
    toTable();
  };
  const pick = (id: string) => {
    if ((id === cursor && !fresh) || !free()) return;
    back();
    choose(id);
  };
  useKeys("nav.people", {
    ...steps,
    Enter: { help: "people.key.change", run: toForm },
    e: { help: "people.key.change", run: toForm },
    f: { help: "people.key.find", run: () => find.current?.focus() },
    "[": { help: "people.key.state", run: () => setState(turned(state, -1)) },
    "]": { help: "people.key.state", run: () => setState(turned(state, 1)) },
    N: { help: "people.key.new", run: add },
    L: { help: "people.key.link", run: makeLink },
    D: { help: "people.key.disable", run: () => ask(user?.disabled_at ? "enable" : "disable") },
    X: { help: "people.key.signout", run: () => ask("sign-out") },
  });
  const columns = useColumns();
  return (
    <div className="page fill">
      <PageHead title={t("nav.people")} sub={t("people.sub")}>
        <AdminNav />
        <Button type="primary" onClick={add} data-testid="new-person">
          {t("people.new")} <kbd>N</kbd>
        </Button>
      </PageHead>
      <div className="list-edit">
        <section className="card list find-list" aria-label={t("nav.people")}>
          <div className="list-bar">
            <Input
              ref={find}
              size="small"
              allowClear
              style={{ width: 190 }}
              placeholder={t("people.find")}
              aria-label={t("people.find")}
              suffix={<kbd>f</kbd>}
              value={text}
              maxLength={100}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => (event.key === "Escape" || event.key === "Enter") && toTable()}
            />
            <Select
              size="small"
              allowClear
              style={{ width: 150 }}
              placeholder={t("people.anyrole")}
              aria-label={t("people.roles")}
              value={role ?? undefined}
              onChange={(one: string | undefined) => setRole(one ?? null)}
              options={ROLES.map((value) => ({ value, label: word("role", value) }))}
            />
            <Segmented
              size="small"
              aria-label={t("scan.col.state")}
              value={state}
              onChange={setState}
              options={STATES.map((value) => ({
                value,
                label: `${t(`people.state.${value}`)}${counts && value !== "all" ? ` ${counts[value] ?? 0}` : ""}`,
              }))}
            />
            <Said said={said} />
          </div>
          <div className="rec-scroll">
            <Show of={pages.first} lines={6}>
              {() =>
                users.length ? (
                  <Table
                    size="small"
                    rowKey="id"
                    columns={columns}
                    dataSource={users}
                    pagination={false}
                    tableLayout="fixed"
                    sticky
                    rowClassName={(one) =>
                      `${one.disabled_at ? "retired" : ""}${one.id === cursor && !fresh ? " cursor" : ""}`
                    }
                    onRow={(one) => ({ onClick: () => pick(one.id) })}
                  />
                ) : (
                  <Empty title={t("people.empty")} hint={t("people.hint")} />
                )
              }
            </Show>
            {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
            <More of={pages} />
          </div>
        </section>
        {(fresh || user) && (
          <PersonForm
            key={fresh ? "new" : user?.id}
            user={fresh ? null : user}
            busy={busy}
            form={form}
            onDirty={onDirty}
            onSave={save}
            onBack={back}
          >
            {!fresh && user && (
              <div className="person-acts">
                {!user.disabled_at && (
                  <Button size="small" onClick={makeLink} data-testid="make-link">
                    {t("people.link")} <kbd>L</kbd>
                  </Button>
                )}
                {user.sessions > 0 && (
                  <Button size="small" onClick={() => ask("sign-out")}>
                    {t("people.ask.sign-out")} <kbd>X</kbd>
                  </Button>
                )}
                {!user.me && (
                  <Button
                    size="small"
                    danger={!user.disabled_at}
                    onClick={() => ask(user.disabled_at ? "enable" : "disable")}
                  >
                    {t(user.disabled_at ? "people.ask.enable" : "people.ask.disable")} <kbd>D</kbd>
                  </Button>
                )}
              </div>
            )}
          </PersonForm>
        )}
      </div>
      {asking && user && (
        <ConfirmDialog
          title={t(`people.ask.${asking}`)}
          explain={t(`people.explain.${asking}`, { name: user.name })}
          danger={asking === "disable"}
          onClose={() => setAsking(null)}
          onDo={deed}
        />
      )}
      {link && user && <LinkDialog user={user} link={link} onClose={() => setLink(null)} />}
    </div>
  );
}

const turned = (state: State, by: number): State =>
  STATES[(STATES.indexOf(state) + by + STATES.length) % STATES.length] ?? "active";

const dash = <span className="quiet">–</span>;

function useColumns(): TableColumnsType<UserRow> {
  const { t, word } = useI18n();
  const named = useNamed();
  const { departments } = useLists();
  return [
    {
      title: t("people.name"),
      render: (_, user) => (
        <span className="two">
          <span className="row">
            <b className="ellipsis">{user.name}</b>
            {user.me && <span className="quiet small">{t("people.me")}</span>}
          </span>
          <span className="mono small quiet">{user.login}</span>
        </span>
      ),
    },
    {
      title: t("people.roles"),
      width: 200,
      render: (_, user) => (
        <span className="role-tags">
          {user.roles.map((role) => (
            <span key={role} title={word("role", role)}>
              <Tag tone={role === "AD" ? "amber" : "slate"} bare tiny>
                {role}
              </Tag>
            </span>
          ))}
        </span>
      ),
    },
    {
      title: t("scan.field.department"),
      width: 130,
      ellipsis: true,
      render: (_, { department }) =>
        named(
          departments.find((one) => one.code === department),
          department,
        ) || dash,
    },
    {
      title: t("people.staff_number"),
      width: 100,
      ellipsis: true,
      render: (_, user) => <span className="mono">{user.staff_number || dash}</span>,
    },
    {
      title: t("people.seen"),
      width: 110,
      render: (_, user) =>
        user.seen_at ? <Ago at={user.seen_at} /> : <span className="quiet small">{t("people.never")}</span>,
    },
    {
      title: t("scan.col.state"),
      width: 118,
      render: (_, user) =>
        user.disabled_at ? (
          <Tag tone="slate">{t("people.disabled")}</Tag>
        ) : user.sessions ? (
          <Tag tone="green">{t("people.in")}</Tag>
        ) : (
          <Tag tone="blue">{t("people.may")}</Tag>
        ),
    },
  ];
}
