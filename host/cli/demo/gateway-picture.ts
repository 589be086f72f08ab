/** A picture of a demo of gateways: packets a second by processor over time, as SVG. */

export interface Series {
  readonly name: string;
  /** Packets by second of the demo. */
  readonly values: readonly number[];
}

export interface Mark {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly words: string;
}

const WIDTH = 900;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 110;
const TOP = 60;
const BOTTOM = 50;
/** Okabe and Ito's colours, which people tell apart however they see them; dashes where they come again. */
const COLOURS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#cc79a7',
  '#56b4e9',
  '#8c7a00',
  '#000000',
];

export function drawPicture(
  title: string,
  series: readonly Series[],
  marks: readonly Mark[],
): string {
  const seconds = Math.max(1, ...series.map(({ values }) => values.length));
  const most = niceAbove(Math.max(1, ...series.flatMap(({ values }) => values)));
  const x = (second: number) => LEFT + ((WIDTH - LEFT - RIGHT) * second) / seconds;
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / most;
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20" font-size="15">${escapeXml(title)}</text>`,
  ];
  for (let i = 0; i <= 4; i++) {
    const value = (most * i) / 4;
    out.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#dddddd"/>`,
      `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
    );
  }
  const step = Math.max(1, Math.ceil(seconds / 12));
  for (let second = 0; second <= seconds; second += step) {
    const place = `x="${x(second).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}"`;
    out.push(`<text ${place} text-anchor="middle">${second}</text>`);
  }
  marks.forEach(({ at, words }, i) => {
    const line = x(Math.min(at, seconds)).toFixed(1);
    out.push(
      `<line x1="${line}" x2="${line}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#888888" stroke-dasharray="4 3"/>`,
      `<text x="${line}" y="${TOP - 6 - 14 * (i % 2)}" text-anchor="middle" fill="#444444">${escapeXml(words)}</text>`,
    );
  });
  series.forEach(({ name, values }, i) => {
    const dashes = i < COLOURS.length ? '' : ' stroke-dasharray="6 3"';
    const stroke = `stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2"${dashes}`;
    // What came within a second stands in the middle of it.
    const points = values.map(
      (value, second) => `${x(second + 0.5).toFixed(1)},${y(value).toFixed(1)}`,
    );
    const at = TOP + 20 * i + 2;
    out.push(
      `<polyline points="${points.join(' ')}" fill="none" ${stroke}/>`,
      `<line x1="${WIDTH - RIGHT + 12}" x2="${WIDTH - RIGHT + 32}" y1="${at}" y2="${at}" ${stroke}/>`,
      `<text x="${WIDTH - RIGHT + 38}" y="${at + 4}">${escapeXml(name)}</text>`,
    );
  });
  const middle = { x: (LEFT + WIDTH - RIGHT) / 2, y: (TOP + HEIGHT - BOTTOM) / 2 };
  out.push(
    `<text x="${middle.x}" y="${HEIGHT - 10}" text-anchor="middle" fill="#444444">seconds</text>`,
    `<text transform="translate(18 ${middle.y}) rotate(-90)" text-anchor="middle" fill="#444444">packets a second to each gateway</text>`,
  );
  return `${[...out, '</svg>'].join('\n')}\n`;
}

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * power).find((nice) => nice >= value) ?? value;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
