import { cpSync, createReadStream, existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const SOURCE = fileURLToPath(new URL("../node_modules/pdfjs-dist", import.meta.url));
const FOLDERS = ["cmaps", "standard_fonts", "wasm", "iccs"];

/** Puts what pdf.js loads on demand (Chinese character maps, fonts, decoders) beside the screens, under /pdfjs/. */
export function pdfFiles(): Plugin {
  let out = "dist";
  return {
    name: "waybill-pdf-files",
    configResolved(config) {
      out = join(config.root, config.build.outDir);
    },
    configureServer(server) {
      server.middlewares.use("/pdfjs", (request, response, next) => {
        const path = normalize((request.url ?? "/").split("?")[0] ?? "/");
        const file = join(SOURCE, path);
        const known = FOLDERS.some((folder) => path.startsWith(`/${folder}/`));
        if (!known || !existsSync(file)) return next();
        createReadStream(file).pipe(response);
      });
    },
    writeBundle() {
      for (const folder of FOLDERS) {
        cpSync(join(SOURCE, folder), join(out, "pdfjs", folder), { recursive: true });
      }
    },
  };
}
