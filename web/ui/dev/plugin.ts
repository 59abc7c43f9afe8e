import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import type { Connect, Plugin } from "vite";
import { dashboard } from "./mock/data.ts";
import { MockServer } from "./mock/server.ts";

const REPORT = fileURLToPath(new URL("./report.pdf", import.meta.url));

/** Serves the invented API of dev/mock under /api/v1, so that the screens can be looked at without an engine. */
export function mockApi(): Plugin {
  const mock = new MockServer(process.env.WAYBILL_MOCK_SIGNED !== "0");
  const middleware = (
    request: Connect.IncomingMessage,
    response: ServerResponse,
    next: Connect.NextFunction,
  ) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/api/v1/live") live(mock, response);
    else if (path.startsWith("/d/")) pdf(response);
    else if (!path.startsWith("/api/v1/")) next();
    else
      void read(request).then((body) =>
        answer(mock, request.method ?? "GET", (request.url ?? "").slice("/api/v1".length), body, response),
      );
  };
  return {
    name: "waybill-mock-api",
    configureServer: (server) => void server.middlewares.use(middleware),
    configurePreviewServer: (server) => void server.middlewares.use(middleware),
  };
}

function answer(
  mock: MockServer,
  method: string,
  path: string,
  body: unknown,
  response: ServerResponse,
): void {
  const said = mock.handle(method, path, body);
  if (said.pdf) {
    pdf(response);
    return;
  }
  if (said.svg) {
    response.setHeader("Content-Type", "image/svg+xml");
    response.end(said.svg);
    return;
  }
  if (said.text !== undefined) {
    response.setHeader("Content-Type", "application/yaml");
    response.end(said.text);
    return;
  }
  response.statusCode = said.status;
  response.setHeader("Content-Type", said.status < 400 ? "application/json" : "application/problem+json");
  response.end(said.body === undefined ? undefined : JSON.stringify(said.body));
}

function pdf(response: ServerResponse): void {
  response.setHeader("Content-Type", "application/pdf");
  response.end(readFileSync(REPORT));
}

function live(mock: MockServer, response: ServerResponse): void {
  response.setHeader("Content-Type", "text/event-stream");
  response.write(": hello\n\n");
  let tick = 0;
  const timer = setInterval(() => {
    tick += 1;
    response.write(`event: dashboard\ndata: ${JSON.stringify(dashboard(tick))}\n\n`);
  }, 1000);
  mock.onChange = (topics) => response.write(`event: changed\ndata: ${JSON.stringify({ topics })}\n\n`);
  response.on("close", () => clearInterval(timer));
}

async function read(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text ? JSON.parse(text) : undefined;
}
