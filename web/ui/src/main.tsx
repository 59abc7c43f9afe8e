import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import "@/theme/base.css";
import "@/theme/shell.css";
import "@/theme/screens.css";
import "@/theme/engine.css";
import "@/theme/scan.css";
import "@/theme/records.css";

const root = document.getElementById("root");
if (!root) throw new Error("no #root in the page");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
