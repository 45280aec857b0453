// A client for Troupe, in browsers and in Node 20 or newer: every operation of the API, typed by its
// OpenAPI document, and by hand what they all need: signing in, waiting for a job, files, and
// retries that are safe.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

export type { components, paths } from "./api.js";

type Schemas = components["schemas"];
export type Job = Schemas["JobView"];
export type Generation = Schemas["GenerationView"];
export type SpeechChoices = Omit<Schemas["GenerateVoice"], "text">;

/** Of a sign-in. A refresh token works once, so keep the newest one. */
export interface Session {
  accessToken: string;
  refreshToken: string;
}

export interface Options {
  /** Of the installation, such as https://example.com. */
  baseUrl: string;
  /** An API key, of a program. */
  key?: string;
  /** Of a person who has signed in. */
  session?: Session;
  /** Gets each renewed session, to be kept for the next start. */
  onSession?: (session: Session) => void;
  /** How often a request is sent at most; 5 by default. */
  attempts?: number;
}

/** The API has refused. `code` is stable and meant for programs; `details` depend on it. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
  }

  static async of(response: Response): Promise<ApiError> {
    try {
      const { message, error } = await response.json();
      return new ApiError(response.status, error.code, message, error.details);
    } catch {
      // Not of Troupe: of a proxy, for example.
      return new ApiError(response.status, "unexpected", `The server answered ${response.status}`);
    }
  }
}

/** A job has failed, or was cancelled. */
export class JobFailed extends Error {
  override name = "JobFailed";
  constructor(readonly job: Job) {
    super(job.errorMessage ?? `The job was ${job.status}`);
  }
}

export interface Waiting {
  onProgress?: (job: Job) => void;
  signal?: AbortSignal;
}

const LONGEST = 30_000; // ms to wait before another attempt; if the server asks for more, give up
const BUSY = new Set([429, 502, 503, 504]);
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const EXPIRED = new Set(["token_expired", "token_invalid", "unauthorized"]);
const KEY = "Idempotency-Key";

export class Troupe {
  /** All operations: `troupe.api.GET("/api/auth/me")`. Its requests are authorised and repeated. */
  readonly api: Client<paths>;
  session: Session | undefined;
  #options: Options;
  #renewing: Promise<void> | undefined;

  constructor(options: Options) {
    if (!options.key && !options.session) throw new TypeError("a key or a session is needed");
    this.#options = options;
    this.session = options.session;
    this.api = createClient<paths>({ baseUrl: options.baseUrl, fetch: (request) => this.#send(request) });
  }

  /** A new account without a name, which can do little, and ends by itself. */
  static async guest(options: Options): Promise<Troupe> {
    return Troupe.#signedIn(options, "/api/auth/guest");
  }

  static async signIn(email: string, password: string, options: Options): Promise<Troupe> {
    return Troupe.#signedIn(options, "/api/auth/login", { email, password });
  }

  static async #signedIn(options: Options, path: string, body: object = {}): Promise<Troupe> {
    const request = post(options.baseUrl, path, body);
    const { accessToken, refreshToken } = await data(await repeated(request, options.attempts));
    return new Troupe({ ...options, session: { accessToken, refreshToken } });
  }

  /** Has a text spoken, and waits until it is. With the same `idempotencyKey`, it continues what an
   * earlier call has begun. */
  async speak(
    text: string,
    choices: SpeechChoices,
    { idempotencyKey = crypto.randomUUID(), ...waiting }: Waiting & { idempotencyKey?: string } = {},
  ): Promise<Generation> {
    const made = await this.api.POST("/api/voice/generate", {
      params: { header: { [KEY]: idempotencyKey } },
      body: { ...choices, text },
    });
    if (made.error) throw failure(made.error);
    const generationId = made.data.data.generation.id;
    const found = await this.follow(async () => {
      const answer = await this.api.GET("/api/voice/generations/{generationId}", {
        params: { path: { generationId } },
      });
      if (answer.error) throw failure(answer.error);
      return answer.data.data;
    }, waiting);
    return found.generation;
  }

  /** Looks again until the `job` of what `look` returns has ended; returns the last. */
  async follow<Found extends { job: Job }>(
    look: () => Promise<Found>,
    { onProgress, signal }: Waiting = {},
  ): Promise<Found> {
    for (let wait = 300; ; wait = Math.min(3000, wait * 1.5)) {
      signal?.throwIfAborted();
      const found = await look();
      onProgress?.(found.job);
      if (found.job.status === "completed") return found;
      if (found.job.status === "failed" || found.job.status === "cancelled") throw new JobFailed(found.job);
      await pause(wait, signal);
    }
  }

  async upload(file: Blob, name: string): Promise<Schemas["FileView"]> {
    const form = new FormData();
    form.set("file", file, name);
    const url = new URL("/api/files/upload", this.#options.baseUrl);
    const headers = { [KEY]: crypto.randomUUID() };
    return (await data(await this.#send(new Request(url, { method: "POST", body: form, headers })))).file;
  }

  /** What is at a path of the API, or at a URL that it has returned, such as `generation.audioUrl`. */
  async download(path: string): Promise<Blob> {
    const response = await this.#send(new Request(new URL(path, this.#options.baseUrl)));
    if (!response.ok) throw await ApiError.of(response);
    return response.blob();
  }

  async #send(request: Request): Promise<Response> {
    // Only the installation gets the credentials.
    const ours = new URL(request.url).origin === new URL(this.#options.baseUrl).origin;
    const used = this.#token;
    if (ours) request.headers.set("Authorization", `Bearer ${used}`);
    const again = request.clone();
    const response = await repeated(request, this.#options.attempts);
    if (!ours || response.status !== 401 || !this.session) return response;
    if (!EXPIRED.has((await ApiError.of(response.clone())).code)) return response;
    // Of several requests, one renews the session.
    if (this.#token === used) await (this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined)));
    if (this.#token === used) return response;
    again.headers.set("Authorization", `Bearer ${this.#token}`);
    return repeated(again, this.#options.attempts);
  }

  get #token(): string {
    return this.#options.key ?? this.session?.accessToken ?? "";
  }

  async #renew(): Promise<void> {
    const { refreshToken } = this.session!;
    const response = await repeated(post(this.#options.baseUrl, "/api/auth/refresh", { refreshToken }));
    if (!response.ok) return;
    const renewed = await data(response);
    this.session = { accessToken: renewed.accessToken, refreshToken: renewed.refreshToken };
    this.#options.onSession?.(this.session);
  }
}

/** Repeats what is safe to repeat: what was refused for its rate, what HTTP calls idempotent, and
 * what has an idempotency key. The server may say how long to wait. */
async function repeated(request: Request, attempts = 5): Promise<Response> {
  const safe = IDEMPOTENT.has(request.method) || request.headers.has(KEY);
  for (let attempt = 1; ; attempt++) {
    const wait = Math.min(LONGEST, 250 * 2 ** attempt) * (0.5 + Math.random() / 2);
    let told: number | undefined;
    try {
      const response = await fetch(attempt < attempts ? request.clone() : request);
      const header = response.headers.get("Retry-After");
      told = header === null ? undefined : Number(header) * 1000;
      const again = response.status === 429 || (safe && BUSY.has(response.status));
      if (!again || attempt >= attempts || (told ?? 0) > LONGEST) return response;
      await response.body?.cancel();
    } catch (error) {
      // fetch does not say whether the request was sent.
      if (!safe || attempt >= attempts || request.signal.aborted) throw error;
    }
    await pause(told ?? wait, request.signal);
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function post(baseUrl: string, path: string, body: object): Request {
  const headers = { "Content-Type": "application/json" };
  return new Request(new URL(path, baseUrl), { method: "POST", headers, body: JSON.stringify(body) });
}

async function data(response: Response): Promise<any> {
  if (!response.ok) throw await ApiError.of(response);
  return (await response.json()).data;
}

function failure(error: { statusCode: number; message: string; error: { code: string; details?: unknown } }): ApiError {
  return new ApiError(error.statusCode, error.error.code, error.message, error.error.details);
}
