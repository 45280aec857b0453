// The list of keys. Its chunk is loaded when it is first asked for.
import { messages } from '../i18n/index.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { text as shellText } from './messages.ts';

const text = messages(
  {
    keySpeak: 'Speak the text',
    keyPlay: 'Play or pause, in the player',
    keyBack: 'Back or forward ten seconds, in the player',
    keySentence: 'The sentence before or after, in the player',
    keySheet: 'This list',
    keyClose: 'Close what is open',
    control: 'Ctrl',
    space: 'Space',
    enter: 'Enter',
  },
  {
    keySpeak: 'انطق النص',
    keyPlay: 'تشغيل أو إيقاف، في المشغّل',
    keyBack: 'رجوع أو تقدّم عشر ثوانٍ، في المشغّل',
    keySentence: 'الجملة السابقة أو التالية، في المشغّل',
    keySheet: 'هذه القائمة',
    keyClose: 'أغلق ما هو مفتوح',
    control: 'Ctrl',
    space: 'المسافة',
    enter: 'Enter',
  },
);

export function KeySheet({ onClose }: { onClose: () => void }) {
  const t = text();
  const rows: [string[], string][] = [
    [[t.control, t.enter], t.keySpeak],
    [[t.space], t.keyPlay],
    [['J', 'L'], t.keyBack],
    [['[', ']'], t.keySentence],
    [['?'], t.keySheet],
    [['Esc'], t.keyClose],
  ];
  return (
    <Dialog title={shellText().keys} onClose={onClose}>
      <dl class="keys">
        {rows.map(([keys, does]) => (
          <div key={does}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
