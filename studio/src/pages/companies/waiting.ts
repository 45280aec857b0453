// The invitation that somebody has opened and not yet answered. It waits while they make an account
// and confirm its address, and is forgotten when they sign out.
import { draft, dropDraft } from '../../state/drafts.ts';

const NAME = 'invitation';

export const waiting = () => draft(NAME, { token: '' });

export const forgetInvitation = (): void => {
  waiting().value = { token: '' };
  dropDraft(NAME);
};
