// A sample client of the API. It is compiled with --strict and never run. Lines that must not compile
// are marked with @ts-expect-error; the test fails if one compiles.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

type Schemas = components["schemas"];
const api = createClient<paths>({ baseUrl: "http://127.0.0.1:5000" });

export async function signIn(email: string, password: string): Promise<string> {
  const { data, error, response } = await api.POST("/api/auth/login", { body: { email, password } });
  if (error) {
    switch (error.error.code) {
      case "invalid_credentials":
      case "too_many_attempts":
        return `${error.message} ${response.headers.get("Retry-After") ?? ""}`;
      case "invalid_input":
        // Firebase may reject an address without naming a field.
        return (error.error.details?.fields ?? []).map(({ field, message }) => `${field} ${message}`).join();
      default:
        return error.error.code;
    }
  }
  const role: "user" | "admin" = data.data.user.role.name;
  // @ts-expect-error: only lists have `meta`
  void data.meta;
  return `${role} ${data.data.accessToken}`;
}

export async function speak(text: string): Promise<string | null> {
  const { data, error } = await api.POST("/api/voice/generate", {
    params: { header: { "Idempotency-Key": "first", Prefer: "wait=20" } },
    // Fields with a default can be omitted.
    body: { text, language: "en-US", voiceType: "female" },
  });
  if (error) {
    if (error.error.code === "not_enough_tokens") {
      const { meter, needed, available } = error.error.details;
      const missing: number = needed - available;
      return meter === "tokens" ? `${missing} tokens` : `${missing} seconds`;
    }
    if (error.error.code === "text_too_long") return `at most ${error.error.details.maximum}`;
    if (error.error.code === "unknown_choice") return error.error.details.fields[0]?.allowed?.join() ?? "";
    if (error.error.code === "unauthorized") {
      // @ts-expect-error: this code never has details
      return error.error.details;
    }
    // @ts-expect-error: generateVoice does not fail with a code of other operations
    if (error.error.code === "email_taken") return null;
    return error.message;
  }
  // 200 and 202 have the same data.
  const status: "queued" | "in_progress" | "completed" | "failed" | "cancelled" = data.data.job.status;
  // @ts-expect-error: `done` is not a job status
  if (data.data.job.status === "done") return null;
  return status === "completed" ? data.data.audioUrl : null;
}

export async function byStatus(generationId: string): Promise<number> {
  const answer = await api.GET("/api/voice/generations/{generationId}", {
    params: { path: { generationId } },
  });
  if (answer.data) return answer.data.data.job.overallProgress;
  const failure = answer.error;
  switch (failure.statusCode) {
    case 404: {
      const code: "generation_not_found" | "not_found" = failure.error.code;
      return code.length;
    }
    case 401: {
      const code: "api_key_expired" | "api_key_invalid" | "app_check_failed" | "token_expired" | "token_invalid" | "unauthorized" = failure.error.code;
      return code.length;
    }
    default:
      return failure.statusCode;
  }
}

export async function walk(): Promise<Schemas["CharacterView"][]> {
  const found: Schemas["CharacterView"][] = [];
  let cursor: string | undefined;
  do {
    const { data, error } = await api.GET("/api/characters", {
      params: { query: { limit: 50, sort: "newest", ...(cursor === undefined ? {} : { cursor }) } },
    });
    if (error) throw new Error(error.error.code);
    found.push(...data.data.characters);
    const total: number = data.meta.total;
    cursor = found.length < total ? data.meta.nextCursor : undefined;
  } while (cursor !== undefined);
  // @ts-expect-error: parameters are omitted, never null
  await api.GET("/api/characters", { params: { query: { cursor: null } } });
  return found;
}

export async function createCharacter(audioFile: Blob, imageFiles: Blob[]): Promise<string> {
  const { data, error } = await api.POST("/api/characters/complete", {
    body: { displayName: "Marta", consent: "The speaker agrees.", audioFile, imageFiles },
    bodySerializer: (body) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(body)) {
        for (const item of Array.isArray(value) ? value : [value]) {
          form.append(name, item instanceof Blob ? item : String(item));
        }
      }
      return form;
    },
  });
  if (error) {
    switch (error.error.code) {
      case "sample_silent":
        return `${error.error.details.heardSeconds} of ${error.error.details.minimum} s`;
      case "too_many_images":
        return `${error.error.details.images} of ${error.error.details.maximum}`;
      case "unsupported_media_type":
        return error.error.details.allowed.join();
      default:
        return error.message;
    }
  }
  // @ts-expect-error: a character requires consent
  await api.POST("/api/characters/complete", { body: { displayName: "Marta", audioFile } });
  const verdict: "good" | "fair" | "poor" = data.data.character.sampleQuality?.verdict ?? "poor";
  return verdict;
}

export async function download(generationId: string): Promise<Blob | undefined> {
  const { error, response } = await api.GET("/api/voice/generations/{generationId}/audio", {
    params: { path: { generationId } },
    parseAs: "stream",
  });
  if (error?.error.code === "audio_not_ready") console.log(error.error.details?.status);
  return error ? undefined : response.blob();
}

export async function ledger(): Promise<number> {
  const { data } = await api.GET("/api/tokens/ledger", { params: { query: { page: 2 } } });
  const charged = data?.data.entries.filter((entry) => entry.kind === "settle" && entry.meter === "tokens");
  // @ts-expect-error: no ledger entry has this kind
  data?.data.entries.filter((entry) => entry.kind === "gift");
  return (charged ?? []).reduce((sum, entry) => sum + entry.amount, 0);
}

// Handles any failure of any operation.
export function explain(failure: Schemas["Failure"]): string {
  switch (failure.error.code) {
    case "script_busy":
      return `${failure.error.details.kind} ${failure.error.details.jobId}`;
    case "plan_in_use":
      return `${failure.error.details.subscribers} subscribers`;
    case "unavailable":
      return Object.keys(failure.error.details?.checks ?? {}).join();
    default:
      return failure.message;
  }
}
