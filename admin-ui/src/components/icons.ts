/** The console’s icons, drawn on a grid of 24 in the colour of the text around them; what they mean is written beside them or in their button’s label. */
import type { FunctionalComponent, SVGAttributes } from 'vue';
import { h } from 'vue';

const icon =
  (strokes: string): FunctionalComponent<SVGAttributes> =>
  () =>
    h(
      'svg',
      {
        ...{ viewBox: '0 0 24 24', width: 24, height: 24, 'aria-hidden': 'true' },
        ...{ fill: 'none', stroke: 'currentColor', 'stroke-width': 2 },
        ...{ 'stroke-linecap': 'round', 'stroke-linejoin': 'round' },
      },
      h('path', { d: strokes }),
    );

export const ToFirst = icon('M19 5.5v13L9.5 12zM5 5v14');
export const ToLast = icon('M5 5.5v13l9.5-6.5zM19 5v14');
export const StepBack = icon('M15 5l-7 7l7 7');
export const StepForward = icon('M9 5l7 7l-7 7');
export const Undo = icon('M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4');
