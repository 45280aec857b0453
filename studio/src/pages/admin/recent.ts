import { ApiError } from '../../api/errors.ts';
import { signInAgain } from '../../session/session.ts';

/** Does what wants a sign-in of the last minutes, after one more sign-in if the API asks for it. */
export async function afterRecentSignIn<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'recent_sign_in_required' || !(await signInAgain())) throw error;
    return act();
  }
}
