import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { listed, oneOf, query, Rows, useList, type List } from '../../manage/lists.tsx';
import type { PageProps } from '../../router.ts';
import { me } from '../../session/session.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { isThere, remove } from '../../ui/removal.ts';
import { Empty } from '../../ui/States.tsx';
import { CompanyPage, type Standing } from './CompanyPage.tsx';
import { Invite } from './Invite.tsx';
import { Person } from './Person.tsx';
import { text } from './people-messages.ts';
import { words } from './words.ts';

export type Member = Schemas['MemberView'];
type Invitation = Schemas['InvitationView'];

const ROLES = ['owner', 'admin', 'member'] as const;
const email = ({ email: address }: { email: string }) => <bdi dir="ltr">{address}</bdi>;

export default function People({ params }: PageProps) {
  const t = text();
  const [isInviting, setInviting] = useState(false);
  return (
    <CompanyPage id={params.id!} title={words().people} lead={t.lead} actions={<Button look="primary" icon="add" onClick={() => setInviting(true)}>{t.invite}</Button>}>
      {(standing) => <Everybody key={standing.company.id} {...standing} isInviting={isInviting} onInvited={() => setInviting(false)} />}
    </CompanyPage>
  );
}

function Everybody({ isInviting, onInvited, ...standing }: Standing & { isInviting: boolean; onInvited: () => void }) {
  const t = text();
  const { company, reload } = standing;
  const path = { companyId: company.id };
  const [search, setSearch] = query('search');
  const [typed, type] = useState(search);
  const [chosen, setRole] = query('role');
  const role = oneOf(chosen, ROLES);
  const [opened, open] = useState<Member | null>(null);
  const [again, inviteAgain] = useState<Invitation | null>(null);
  const members = useList(async (cursor) => {
    const asked = { limit: 25, ...(search && { search }), ...(role && { role }), ...cursor };
    const { data: found, meta } = await page(api.GET('/api/companies/{companyId}/members', { params: { path, query: asked } }));
    return listed(found.members, meta);
  }, [search, role]);
  const invitations = useList(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/companies/{companyId}/invitations', { params: { path, query: { limit: 25, ...cursor } } }));
    return listed(found.invitations, meta);
  });
  const changed = () => {
    open(null);
    members.reload();
    reload();
  };
  return (
    <div class="manage-parts">
      <section>
        <h2>{t.members}</h2>
        <div class="filters">
          <form class="filters-search" onSubmit={(event) => { event.preventDefault(); setSearch(typed.trim()); }}>
            <TextField label={t.search} type="search" dir="auto" maxLength={100} hint={t.searchHint} value={typed} onValue={(value) => { type(value); if (!value) setSearch(''); }} />
            <Button type="submit" icon="search">{t.find}</Button>
          </form>
          <SelectField label={t.role} value={role ?? ''} choices={[{ value: '', label: words().all }, ...ROLES.map((value) => ({ value: value as string, label: words()[value] }))]} onValue={setRole} />
        </div>
        <Rows of={members} empty={<Empty title={t.empty}>{t.emptyWhy}</Empty>}>{(member) => <Row key={member.userId} member={member} standing={standing} onOpen={() => open(member)} />}</Rows>
      </section>
      <section>
        <h2>{t.invitations}</h2>
        <Invitations of={invitations} companyId={company.id} onAgain={inviteAgain} onWithdrawn={reload} />
      </section>
      {(isInviting || again) && (
        <Invite
          {...standing}
          again={again}
          onClose={() => {
            onInvited();
            inviteAgain(null);
          }}
          onInvited={() => {
            invitations.reload();
            reload();
          }}
        />
      )}
      {opened && <Person key={opened.userId} {...standing} member={opened} onClose={() => open(null)} onChange={changed} />}
    </div>
  );
}

/** Whether the API lets this person change that one. */
function mayChange({ role }: Standing, member: Member): boolean {
  return role !== 'admin' || member.role === 'member' || member.userId === me.value?.id;
}

function Row({ member, standing, onOpen }: { member: Member; standing: Standing; onOpen: () => void }) {
  const t = text();
  const name = member.name || member.email;
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name" dir="auto">{name}</p>
        <p class="row-about">
          {member.role !== 'member' && <span class="tag">{words()[member.role]}</span>}
          {member.status === 'suspended' && <span class="tag" data-status="suspended">{words().suspended}</span>}
          {member.userId === me.value?.id && <span>{t.you}</span>}
          {member.name && email(member)}
          <span>{member.licenseType ? words()[member.licenseType] : words().noLicense}</span>
          {member.cap && <Cap cap={member.cap} />}
          <span>{t.joined(date(member.joinedAt))}</span>
        </p>
      </div>
      {mayChange(standing, member) && <div class="row-buttons"><Button small label={t.manage(name)} onClick={onOpen}>{t.change}</Button></div>}
    </li>
  );
}

function Cap({ cap }: { cap: NonNullable<Member['cap']> }) {
  const t = text();
  const { tokens, voiceSeconds } = cap;
  if (tokens === null && voiceSeconds === null) return null;
  return <span>{t.cap(tokens === null ? '' : t.tokens(tokens), voiceSeconds === null ? '' : t.minutes(Math.floor(voiceSeconds / 60)))}</span>;
}

function Invitations({ of, companyId, onAgain, onWithdrawn }: { of: List<Invitation>; companyId: string; onAgain: (again: Invitation) => void; onWithdrawn: () => void }) {
  const t = text();
  const withdraw = (invitation: Invitation) =>
    remove(invitation.id, { removed: t.withdrawn(invitation.email), notRemoved: t.notWithdrawn }, async () => {
      await api.DELETE('/api/companies/{companyId}/invitations/{invitationId}', { params: { path: { companyId, invitationId: invitation.id } } });
      onWithdrawn();
    });
  return (
    <Rows of={of} empty={<p class="field-hint">{t.noInvitations}</p>}>
      {(invitation) =>
        isThere(invitation) && (
          <li key={invitation.id} class="row">
            <div class="row-main">
              <p class="row-name">{email(invitation)}</p>
              <p class="row-about">
                <span class="tag" data-status={invitation.status === 'pending' ? 'new' : undefined}>{t[invitation.status]}</span>
                <span>{words()[invitation.role]}</span>
                {invitation.licenseId && <span>{t.withLicense}</span>}
                {invitation.status === 'pending' && <span>{t.until(date(invitation.expiresAt))}</span>}
              </p>
            </div>
            {invitation.status !== 'accepted' && (
              <div class="row-buttons">
                <Button small label={t.resendOf(invitation.email)} onClick={() => onAgain(invitation)}>{t.resend}</Button>
                {invitation.status === 'pending' && <Button small look="quiet" label={t.withdrawOf(invitation.email)} onClick={() => withdraw(invitation)}>{t.withdraw}</Button>}
              </div>
            )}
          </li>
        )
      }
    </Rows>
  );
}
