// A series as columns. Time runs from left to right in every language.
import { date, number } from '../i18n/index.ts';
import { common } from './messages.ts';

interface Point {
  at: string;
  value: number;
}

interface Props {
  label: string;
  points: Point[];
  /** How a value is written. */
  format?: (value: number) => string;
  /** How a point in time is written. */
  moment?: (iso: string) => string;
  /** What the points are, if not days. */
  unit?: string;
}

const TALL = 100;

export function Chart({ label, points, format = number, moment = date, unit }: Props) {
  const t = common();
  const most = Math.max(1, ...points.map(({ value }) => value));
  const wide = 100 / Math.max(1, points.length);
  const highest = points.reduce<Point | null>((best, each) => (best && best.value >= each.value ? best : each), null);
  const [first, last] = [points[0], points.at(-1)];
  const summary = highest?.value ? `${label}: ${format(highest.value)}, ${moment(highest.at)}` : label;
  return (
    <figure class="chart">
      <div class="chart-plot" dir="ltr">
        <span class="chart-most" aria-hidden="true">{highest?.value ? format(highest.value) : ''}</span>
        <svg viewBox={`0 0 100 ${TALL}`} preserveAspectRatio="none" role="img" aria-label={summary}>
          {points.map(({ at, value }, place) => {
            const tall = (value / most) * TALL;
            return (
              <g key={at} class="chart-column">
                <title>{`${moment(at)}: ${format(value)}`}</title>
                <rect class="chart-reach" x={place * wide} y="0" width={wide} height={TALL} />
                <rect class="chart-value" x={place * wide + wide * 0.12} y={TALL - tall} width={wide * 0.76} height={tall} />
              </g>
            );
          })}
        </svg>
        <div class="chart-axis" aria-hidden="true">
          <span>{first && moment(first.at)}</span>
          <span>{last && moment(last.at)}</span>
        </div>
      </div>
      <details class="chart-numbers">
        <summary>{t.inNumbers}</summary>
        <div class="chart-table" tabIndex={0} role="region" aria-label={label}>
          <table class="table">
            <thead><tr><th scope="col">{unit ?? t.day}</th><th scope="col">{label}</th></tr></thead>
            <tbody>
              {points.filter(({ value }) => value).map(({ at, value }) => (
                <tr key={at}><th scope="row">{moment(at)}</th><td>{format(value)}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** Names with a bar each, the largest as long as there is room. */
export function Bars({ rows }: { rows: { name: string; value: number; shown?: string }[] }) {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  return (
    <dl class="bars">
      {rows.map(({ name, value, shown }) => (
        <div key={name}>
          <dt dir="auto">{name}</dt>
          <dd>
            <span class="bars-bar" style={{ inlineSize: `${(value / most) * 100}%` }} />
            <span>{shown ?? number(value)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Figures that matter most, large: name, value, and a remark. */
export function Figures({ figures }: { figures: [name: string, value: string, remark?: string][] }) {
  return (
    <dl class="figures">
      {figures.map(([name, value, remark]) => <div key={name}><dt>{name} {remark && <small>{remark}</small>}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
