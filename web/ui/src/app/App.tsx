import { App as AntApp, ConfigProvider } from "antd";
import enGB from "antd/locale/en_GB";
import esES from "antd/locale/es_ES";
import zhCN from "antd/locale/zh_CN";
import { BrowserRouter } from "react-router";
import type { Language } from "@/api/types";
import { LanguageProvider, useI18n } from "@/i18n";
import { KeyboardProvider } from "@/keys/keys";
import { theme } from "@/theme/theme";
import { Pages } from "./Pages";
import { SessionProvider } from "./session";

const ANT: Record<Language, typeof enGB> = { en: enGB, es: esES, zh: zhCN };

export function App() {
  return (
    <LanguageProvider>
      <KeyboardProvider>
        <Themed />
      </KeyboardProvider>
    </LanguageProvider>
  );
}

function Themed() {
  const { language } = useI18n();
  return (
    <ConfigProvider theme={theme} locale={ANT[language]} button={{ autoInsertSpace: false }}>
      <AntApp style={{ height: "100%" }} message={{ maxCount: 3 }}>
        <BrowserRouter>
          <SessionProvider>
            <Pages />
          </SessionProvider>
        </BrowserRouter>
      </AntApp>
    </ConfigProvider>
  );
}
