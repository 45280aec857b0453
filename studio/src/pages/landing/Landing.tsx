import { api, data, type Schemas } from '../../api/client.ts';
import { locale } from '../../i18n/index.ts';
import { isPlaying, length, pause, play, seek, time, track as current, type Track } from '../../player/player.ts';
import { Transcript } from '../../player/Transcript.tsx';
import { transcript } from '../../player/words.ts';
import { useResource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Page } from '../../ui/Page.tsx';
import { text } from './messages.ts';
import sample from './sample.json';
import sound from './sample.mp3?url';
import './landing.css';

const words = transcript(sample.cues);
const track: Track = { id: 'sample', title: 'Troupe', about: 'English', source: sound, language: 'en', cues: async () => sample.cues };

export default function Landing() {
  const t = text();
  return (
    <Page title={t.tab} hidesTitle wide>
      <div class="landing">
        <section class="hero">
          <p class="hero-title">{t.title.split(/(?<=\.) /).map((sentence) => <span key={sentence}>{sentence} </span>)}</p>
          <div class="hero-side">
            <p class="hero-lead">{t.lead}</p>
            <div class="buttons">
              <LinkButton href="/speak" look="primary" icon="speak">{t.start}</LinkButton>
              <LinkButton href="/api/docs" look="quiet">{t.api}</LinkButton>
            </div>
          </div>
        </section>
        <Sample />
        <section>
          <h2>{t.whatTitle}</h2>
          <dl class="bill">
            {([[t.speakName, t.speakText], [t.castName, t.castText], [t.sceneName, t.sceneText], [t.filmName, t.filmText], [t.dubName, t.dubText]] as const).map(([name, what]) => (
              <div key={name}><dt>{name}</dt><dd>{what}</dd></div>
            ))}
          </dl>
        </section>
        <Plans />
        <Questions />
        <footer class="foot">{t.foot}</footer>
      </div>
    </Page>
  );
}

/** The stage: what the studio is about, before a word is read. */
function Sample() {
  const t = text();
  const isCurrent = current.value?.id === track.id;
  const isSounding = isPlaying.value && isCurrent;
  const start = (at?: number) => {
    void play(track);
    if (at !== undefined && length.value) seek(at);
  };
  return (
    <section class="stage" aria-label={t.sample}>
      <Transcript words={words} time={time} language="en" isCurrent={isCurrent} onSeek={start} class="stage-text" />
      <div class="stage-foot">
        <button type="button" class="stage-play" aria-label={isSounding ? t.pause : t.play} onClick={() => (isSounding ? pause() : start())}>
          <Icon name={isSounding ? 'pause' : 'play'} size={30} />
        </button>
        <p>{t.sampleHint}</p>
      </div>
    </section>
  );
}

const money = (amount: number): string =>
  new Intl.NumberFormat(locale.value, { style: 'currency', currency: 'USD', minimumFractionDigits: amount % 1 ? 2 : 0 }).format(amount);

/** Below the fold: nothing is shown while they load, or if there are none. */
function Plans() {
  const t = text();
  const read = useResource(async () => (await data(api.GET('/api/subscriptions/plans'))).plans);
  const { value } = read.loaded;
  if (value.state !== 'ready' || !value.value.length) return null;
  return (
    <section>
      <h2>{t.plansTitle}</h2>
      <ul class="plans">{value.value.map((plan) => <Plan key={plan.id} plan={plan} />)}</ul>
    </section>
  );
}

function Plan({ plan }: { plan: Schemas['PlanView'] }) {
  const t = text();
  return (
    <li class="plan" data-popular={plan.isPopular || undefined}>
      <h3 dir="auto">{plan.name}</h3>
      {plan.isPopular && <p class="tag">{t.popular}</p>}
      <p class="plan-price"><strong>{plan.price ? <bdi dir="ltr">{money(plan.price)}</bdi> : t.free}</strong> {plan.price > 0 && (plan.billingPeriod === 'yearly' ? t.perYear : t.perMonth)}</p>
      <p>{[plan.voiceMinutes && t.minutes(plan.voiceMinutes), plan.tokens && t.tokens(plan.tokens)].filter(Boolean).join(' · ')}</p>
      {plan.description && <p class="plan-about" dir="auto">{plan.description}</p>}
    </li>
  );
}

function Questions() {
  const t = text();
  const read = useResource(async () => (await data(api.GET('/api/faq', { params: { query: { limit: 8 } } }))).faqs);
  const { value } = read.loaded;
  if (value.state !== 'ready' || !value.value.length) return null;
  return (
    <section>
      <h2>{t.faqTitle}</h2>
      <div class="questions">
        {value.value.map((each) => (
          <details key={each.id} name="questions">
            <summary dir="auto">{each.question}</summary>
            <p dir="auto">{each.answer}</p>
          </details>
        ))}
      </div>
    </section>
  );
}
