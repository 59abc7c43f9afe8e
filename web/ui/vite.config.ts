/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { pdfFiles } from "./dev/pdf-files.ts";
import { mockApi } from "./dev/plugin.ts";

const API = process.env.WAYBILL_API ?? "http://127.0.0.1:8080";
const mock = process.env.WAYBILL_MOCK === "1";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), pdfFiles(), ...(mock ? [mockApi()] : [])],
  resolve: { alias: { "@": here("./src"), "@dev": here("./dev") } },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: mock ? {} : { "/api": API, "/d": API, "/health": API },
  },
  build: {
    target: "es2022",
    sourcemap: false,
    // The PDF worker and Ant Design are big by nature; each screen is its own chunk.
    chunkSizeWarningLimit: 1500,
  },
  test: {
    environment: "jsdom",
    globals: false,
    setupFiles: ["./tests/setup.ts"],
    testTimeout: 40_000,
    include: ["tests/**/*.test.{ts,tsx}"],
  },
});
