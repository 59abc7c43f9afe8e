/** One door to the API: JSON in, JSON out, every failure a Problem with its WB code. */

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly right: string;
  /** Of what was sent or compared, the words of what does not fit. */
  readonly fields: readonly string[];

  constructor(
    status: number,
    code: string,
    title: string,
    detail = "",
    right = "",
    fields: readonly string[] = [],
  ) {
    super(title);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.right = right;
    this.fields = fields;
  }
}

let csrf = "";
let onSignedOut: () => void = () => {};

/** The token of the session, sent with everything that changes something. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Called when the server says that nobody is signed in any more. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

const TIMEOUT = 20_000;

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** A file that is made for what is asked; `batch` is the id of a batch that was begun with it. */
export async function download(
  path: string,
  body: unknown,
  timeout = TIMEOUT,
): Promise<{ blob: Blob; batch: string }> {
  const response = await send("POST", path, body, undefined, timeout);
  return { blob: await response.blob(), batch: response.headers.get("X-Waybill-Batch") ?? "" };
}

/** A text that is no JSON. */
export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await send("GET", path, undefined, signal)).text();
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  timeout = TIMEOUT,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF"] = csrf;
  const limit = AbortSignal.timeout(timeout);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "", "unreachable");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (key: string) => (typeof said[key] === "string" ? (said[key] as string) : "");
  // a link that is used up says nothing about a session that is still there
  if (response.status === 401 && !response.url.endsWith("/session/link")) onSignedOut();
  return new Problem(
    response.status,
    text("code"),
    text("title") || response.statusText,
    text("detail"),
    text("right"),
    Array.isArray(said.fields) ? said.fields.map(String) : [],
  );
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  call<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> =>
  call<T>("POST", path, body, signal);
