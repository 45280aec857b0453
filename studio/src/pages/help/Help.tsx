import { api, data, type Schemas } from '../../api/client.ts';
import { useResource } from '../../state/resource.ts';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading } from '../../ui/States.tsx';
import { Contact } from './Contact.tsx';
import { text } from './messages.ts';
import './help.css';

const CATEGORIES: Schemas['FaqCategory'][] = ['General', 'Account', 'Billing', 'Features', 'Technical'];

export default function Help() {
  const t = text();
  const faqs = useResource(async () => (await data(api.GET('/api/faq'))).faqs);
  return (
    <Page title={t.title} lead={t.lead}>
      <div class="help">
        <Loading of={faqs} lines={5}>
          {(listed) => (listed.length === 0 ? <Empty title={t.none}>{t.noneWhy}</Empty> : <Questions faqs={listed} />)}
        </Loading>
        <Contact />
      </div>
    </Page>
  );
}

function Questions({ faqs }: { faqs: Schemas['FaqView'][] }) {
  const t = text();
  const groups = CATEGORIES.map((category) => ({ category, entries: faqs.filter((each) => each.category === category) })).filter(({ entries }) => entries.length > 0);
  return (
    <div class="faq">
      {groups.map(({ category, entries }) => (
        <section key={category}>
          <h2>{t[category]}</h2>
          {entries.map((each) => (
            <details key={each.id} name="faq">
              <summary><bdi>{each.question}</bdi></summary>
              <p><bdi>{each.answer}</bdi></p>
            </details>
          ))}
        </section>
      ))}
    </div>
  );
}
