/** The kiosk’s icons, drawn on a grid of 24 in the colour of the text around them; what they mean is written beside them. */
import type { FunctionalComponent, SVGAttributes } from 'vue';
import { h } from 'vue';

/** Strokes, and what is filled beside them. */
const icon =
  (strokes: string, filled?: string): FunctionalComponent<SVGAttributes> =>
  () =>
    h(
      'svg',
      {
        ...{ viewBox: '0 0 24 24', width: 24, height: 24, 'aria-hidden': 'true' },
        ...{ fill: 'none', stroke: 'currentColor', 'stroke-width': 2 },
        ...{ 'stroke-linecap': 'round', 'stroke-linejoin': 'round' },
      },
      [h('path', { d: strokes }), filled === undefined ? undefined : h('path', { d: filled, fill: 'currentColor' })],
    );

const circle = 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z';
const speaker = 'M3.5 9.5h3.5L12.5 5v14L7 14.5H3.5z';
const eye =
  'M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12zM12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6z';

export const Contrast = icon(circle, 'M12 3a9 9 0 0 1 0 18z');
export const Languages = icon(`${circle}M3 12h18M12 3c-4.7 5.2-4.7 12.8 0 18c4.7-5.2 4.7-12.8 0-18z`);
export const Repeat = icon('M18.9 8A8 8 0 1 0 20 12M18.9 3v5h-5');
export const VoiceOn = icon(`${speaker}M16 9a4.2 4.2 0 0 1 0 6M18.8 6.2a8.2 8.2 0 0 1 0 11.6`);
export const VoiceOff = icon(`${speaker}M16.5 9.5l5 5M21.5 9.5l-5 5`);
export const Show = icon(eye);
export const Hide = icon(`${eye}M4.5 19.5l15-15`);
export const Done = icon(`${circle}M7.8 12.3l2.9 2.9L16.2 9.5`);
export const Rejected = icon(`${circle}M9 9l6 6M15 9l-6 6`);
export const Waiting = icon('M12 3a9 9 0 1 1-9 9');
/** An open ledger, its lines ruled. */
export const Ledger = icon(
  'M12 6.5C9.4 4.8 6.3 4.2 2.5 4.4v13.4c3.8-.2 6.9.4 9.5 2.1c2.6-1.7 5.7-2.3 9.5-2.1V4.4c-3.8-.2-6.9.4-9.5 2.1zM12 6.5v13.4' +
    'M5 8c1.7 0 3.1.2 4.5.7M5 11c1.7 0 3.1.2 4.5.7M5 14c1.7 0 3.1.2 4.5.7M19 8c-1.7 0-3.1.2-4.5.7M19 11c-1.7 0-3.1.2-4.5.7M19 14c-1.7 0-3.1.2-4.5.7',
);
