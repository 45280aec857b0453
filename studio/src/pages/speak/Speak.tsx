import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fieldMessages } from '../../api/errors.ts';
import { number } from '../../i18n/index.ts';
import { address, go } from '../../router.ts';
import { state } from '../../session/session.ts';
import { useConfig } from '../../state/config.ts';
import { Button } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { Field } from '../../ui/Field.tsx';
import { samples, text } from './messages.ts';
import { Result } from './Result.tsx';
import { Settings } from './Settings.tsx';
import { canSpeak, change, isSending, isTooLong, most, price, problem, quote, speak, speakAs, speech } from './work.ts';
import './speak.css';

export default function Speak() {
  const t = text();
  const wrong = fieldMessages(problem.value);
  useConfig();
  useSignalEffect(() => {
    void [speech.value, state.value];
    return quote();
  });
  const as = address.value.searchParams.get('character');
  useEffect(() => {
    if (!as || state.value !== 'in') return;
    speakAs(as).then(() => go('/speak', { replace: true }), (error: unknown) => (problem.value = error));
  }, [as, state.value]);
  return (
    <Page title={t.title} wide>
      <form
        class="speak"
        onSubmit={(event) => {
          event.preventDefault();
          void speak();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) void speak();
        }}
      >
        <div class="speak-sheet">
          <Words error={wrong.text} />
          <Bar />
        </div>
        <Settings wrong={wrong} />
      </form>
      <Result />
    </Page>
  );
}

function Words({ error }: { error: string | undefined }) {
  const t = text();
  const area = useRef<HTMLTextAreaElement>(null);
  const { text: written } = speech.value;
  // Grows with the text where the browser does not do it (field-sizing).
  useEffect(() => {
    if (CSS.supports('field-sizing', 'content') || !area.current) return;
    area.current.style.blockSize = 'auto';
    area.current.style.blockSize = `${area.current.scrollHeight}px`;
  }, [written]);
  return (
    <>
      <Field label={t.text} hidesLabel error={isTooLong.value ? t.tooLong(most.value!) : error}>
        {(tied) => (
          <textarea
            {...tied}
            ref={area}
            class="speak-text"
            dir="auto"
            lang={speech.value.language}
            rows={7}
            placeholder={t.placeholder}
            value={written}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        )}
      </Field>
      {!written && (
        <p class="speak-samples">
          <span>{t.samples}</span>
          {samples.map((each) => (
            <button key={each.name} type="button" class="chip" lang={each.language} dir="auto" onClick={() => { change({ text: each.text, language: each.language, voiceId: '' }); area.current?.focus(); }}>
              {each.name}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

/** What it costs, and the button. */
function Bar() {
  const t = text();
  const known = price.value;
  const guest = useConfig()?.prices.tokensOfGuest;
  const { text: written } = speech.value;
  const isShort = known.state === 'known' && !known.price.sufficient;
  return (
    <div class="speak-bar">
      <Problem error={problem.value ?? (known.state === 'failed' ? known.error : null)} />
      {isShort && <Shortage needed={known.price.tokens} available={known.price.available} />}
      <div class="speak-go">
        <div class="speak-cost" aria-live="polite">
          {!written.trim() ? <p class="cost"><span>{t.characters(0)}</span></p> : (
            <>
              {known.state === 'known' && !isShort && <Cost price={known.price} />}
              {known.state === 'asking' && <p class="cost"><span>{t.price}</span></p>}
              {state.value === 'out' && <p class="cost"><span>{guest ? t.signInTokens(guest) : t.signIn}</span></p>}
            </>
          )}
          {written && <span class="speak-count" aria-hidden="true">{number(written.length)}</span>}
        </div>
        <Button type="submit" look="primary" icon="speak" isBusy={isSending.value} disabled={!canSpeak.value}>{t.speak}</Button>
      </div>
    </div>
  );
}
