import { ApiError, fieldMessages } from '../../api/errors.ts';
import { failures } from './messages.ts';

const FIELDS: Record<string, string> = { username_taken: 'username', wrong_password: 'currentPassword' };

/** The error with the words of this page. */
export function told(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const words = (failures() as Record<string, string>)[error.code];
  return words ? new ApiError(error.code, words, error) : error;
}

/** What is wrong with the fields of a form, and what else is. */
export function sorted(error: unknown): { fields: Record<string, string>; rest: unknown } {
  const known = told(error);
  const field = known instanceof ApiError && FIELDS[known.code];
  const fields = field ? { [field]: (known as ApiError).message } : fieldMessages(known);
  return { fields, rest: Object.keys(fields).length ? null : known };
}
