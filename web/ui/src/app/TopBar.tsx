import { BellOutlined, DownOutlined, GlobalOutlined, UserOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import type { Language } from "@/api/types";
import { LANGUAGE_NAMES, LANGUAGES, useI18n } from "@/i18n";
import { problemFrom } from "./load";
import { PatientSearch } from "./PatientSearch";
import { useSession, useSessionState } from "./session";

export function TopBar() {
  const { t, word } = useI18n();
  const { user, site, needs_me, version, nav } = useSession();
  const { signOut } = useSessionState();
  const go = useNavigate();
  const bell = nav.includes("attention") ? "/engine/attention" : "/today";
  return (
    <header className="top">
      <span className="site ellipsis">{site.name}</span>
      <span className={`band band-${site.band}`}>{word("band", site.band)}</span>
      <Link className={needs_me ? "needs" : "needs none"} to={bell} data-testid="needs-me">
        <BellOutlined />
        {needs_me ? t("top.needs", { n: needs_me }) : t("top.needs.none")}
      </Link>
      <div className="search">{nav.includes("patients") && <PatientSearch />}</div>
      <LanguageMenu />
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            {
              key: "who",
              type: "group",
              label: `${user.login} · ${user.roles.map((role) => word("role", role)).join(", ")}`,
            },
            { key: "version", disabled: true, label: `Waybill ${version}` },
            { type: "divider" },
            { key: "me", label: t("nav.me") },
            { key: "out", label: t("top.signout") },
          ],
          onClick: ({ key }) => {
            if (key === "out") void signOut();
            else if (key === "me") void go("/me");
          },
        }}
      >
        <Button type="text" className="user" icon={<UserOutlined />} data-testid="user-menu">
          <span className="ellipsis">{user.name}</span>
          <DownOutlined style={{ fontSize: 10 }} />
        </Button>
      </Dropdown>
    </header>
  );
}

function LanguageMenu() {
  const { t, language, setLanguage } = useI18n();
  const { message } = App.useApp();
  const choose = (next: Language) => {
    setLanguage(next);
    api.setLanguage(next).catch((error: unknown) => message.error(problemFrom(error).message));
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectedKeys: [language],
        items: LANGUAGES.map((name) => ({ key: name, label: LANGUAGE_NAMES[name] })),
        onClick: ({ key }) => choose(key as Language),
      }}
    >
      <Button type="text" icon={<GlobalOutlined />} aria-label={t("top.language")} data-testid="language">
        {LANGUAGE_NAMES[language]}
      </Button>
    </Dropdown>
  );
}
