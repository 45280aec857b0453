// What goes wrong with a request, as one class.
export interface WrongField {
  field: string;
  message: string;
}

interface Details {
  fields?: WrongField[];
  needed?: number;
  available?: number;
  maximum?: number;
  [name: string]: unknown;
}

/** `code` is the API's, or one of `offline` (no answer), `unexpected_answer` (not the API's) and
 * `signed_out`. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly details: Details;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | null;

  constructor(
    code: string,
    message: string,
    more: { status?: number; requestId?: string; details?: Details; retryAfter?: number | null } = {},
  ) {
    super(message);
    this.code = code;
    this.status = more.status ?? 0;
    this.requestId = more.requestId ?? '';
    this.details = more.details ?? {};
    this.retryAfter = more.retryAfter ?? null;
  }
}

/** The failure that a response reports. Hosting and proxies answer with HTML. */
export async function failureOf(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('X-Request-Id') ?? '';
  const wait = Number(response.headers.get('Retry-After'));
  const more = { status: response.status, requestId, retryAfter: wait > 0 ? wait : null };
  try {
    const body = await response.json();
    const { code, details } = body.error;
    return new ApiError(String(code), String(body.message), { ...more, details: details ?? {} });
  } catch {
    const code = response.status === 413 ? 'payload_too_large' : 'unexpected_answer';
    return new ApiError(code, `HTTP ${response.status}`, more);
  }
}

/** The messages beside the fields of a form, by field. */
export function fieldMessages(error: unknown): Record<string, string> {
  const fields = error instanceof ApiError ? (error.details.fields ?? []) : [];
  return Object.fromEntries(fields.map((each) => [each.field, each.message]));
}
