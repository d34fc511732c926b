/** A long list in a box that scrolls: rows of one height, of which only those in sight are drawn, however many there are. */
import type { Ref } from 'vue';
import { computed, nextTick, onBeforeUnmount, onMounted, ref } from 'vue';

/** Browsers draw nothing further down (Firefox 17.9 million pixels, Chromium 33.5): a million rows are taller. */
const tallestPx = 16_000_000;
/** Rows drawn above and below those in sight. */
const spare = 10;
/** Wheel and keys move a list by less than so many boxes at a time; a bar that is dragged, by far more. */
const farBoxes = 4;

type Row = { readonly index: number; readonly topPx: number };

/** Near its ends a list moves as its bar does, so that they are reached like those of any other. */
const endPx = 1_000_000;

/** An offset between 0 and `from` as one between 0 and `to`: near both ends as far from them, evenly in between. */
function mapped(px: number, from: number, to: number): number {
  if (from === to || px <= endPx) return px;
  if (px >= from - endPx) return to - (from - px);
  return endPx + ((px - endPx) * (to - 2 * endPx)) / (from - 2 * endPx);
}

/**
 * A list too tall for a browser is as tall as can be, and its bar covers more of it than it has pixels. Wheel and
 * keys still move it by as much as they say; who drags the bar gets the same share of the list as of the bar.
 */
export function useLongList(options: {
  readonly box: Ref<HTMLElement | undefined>;
  readonly count: () => number;
  readonly rowPx: number;
  /** Of the head that stays in sight at the top of the box. */
  readonly headPx?: number;
}) {
  const { box, count, rowPx, headPx = 0 } = options;
  const viewPx = ref(0);
  const barPx = ref(0);
  /** How much further down the list is than the bar says. */
  const shiftPx = ref(0);

  const fullPx = computed(() => count() * rowPx);
  const heightPx = computed(() => Math.min(fullPx.value, tallestPx));
  const lastOffsetPx = computed(() => Math.max(0, fullPx.value - viewPx.value));
  const lastBarPx = computed(() => Math.max(0, heightPx.value - viewPx.value));
  const offsetPx = computed(() => Math.min(Math.max(0, barPx.value + shiftPx.value), lastOffsetPx.value));

  const rows = computed((): readonly Row[] => {
    const first = Math.max(0, Math.floor(offsetPx.value / rowPx) - spare);
    const end = Math.min(count(), Math.ceil((offsetPx.value + viewPx.value) / rowPx) + spare);
    return Array.from({ length: Math.max(0, end - first) }, (_, row) => {
      const index = first + row;
      return { index, topPx: index * rowPx - (offsetPx.value - barPx.value) };
    });
  });

  function onScroll(): void {
    const nowPx = box.value?.scrollTop ?? 0;
    const isFar = Math.abs(nowPx - barPx.value) > viewPx.value * farBoxes;
    barPx.value = nowPx;
    if (isFar) shiftPx.value = mapped(nowPx, lastBarPx.value, lastOffsetPx.value) - nowPx;
  }

  /** Once it is still: the bar goes to where the list is, so that there is room to move on; the rows stay. */
  const onScrollEnd = (): void => {
    moveTo(offsetPx.value);
  };

  function moveTo(wantedPx: number): void {
    if (box.value === undefined) return;
    box.value.scrollTop = mapped(wantedPx, lastOffsetPx.value, lastBarPx.value);
    barPx.value = box.value.scrollTop;
    shiftPx.value = wantedPx - barPx.value;
  }

  /** Brings a row into sight, if it is not. */
  async function show(index: number): Promise<void> {
    // The list may only now become as long as it has to be.
    await nextTick();
    const [topPx, bottomPx] = [index * rowPx, (index + 1) * rowPx];
    if (topPx < offsetPx.value) moveTo(topPx);
    else if (bottomPx > offsetPx.value + viewPx.value) moveTo(bottomPx - viewPx.value);
  }

  const watcher = new ResizeObserver(() => {
    viewPx.value = (box.value?.clientHeight ?? 0) - headPx;
  });
  onMounted(() => {
    const { value: element } = box;
    if (element === undefined) return;
    viewPx.value = element.clientHeight - headPx;
    watcher.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('scrollend', onScrollEnd, { passive: true });
  });
  onBeforeUnmount(() => {
    watcher.disconnect();
  });

  return { rows, heightPx, show };
}
