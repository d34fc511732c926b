/** Whether the bank runs as a demonstration, with money that anybody may print: asked of its health, again every minute. */
import axios from 'axios';
import type { Ref } from 'vue';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import type { z } from 'zod/mini';
import type { readiness } from '../../../api/src/calls/system.ts';

const askEveryMs = 60_000;
const answerWithinMs = 5_000;

/** While the bank gives no answer, it is as it was. */
export function useDemonstration(): Ref<boolean> {
  const isDemonstration = ref(false);
  async function ask(): Promise<void> {
    try {
      // 503 has the same body.
      const { data } = await axios.get<Partial<z.output<typeof readiness>>>('/health/ready', {
        ...{ timeout: answerWithinMs, validateStatus: () => true },
      });
      if (data.warnings !== undefined)
        isDemonstration.value = data.warnings.some(({ code }) => code === 'demo_terminals');
    } catch {
      // Asked again in a minute.
    }
  }
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    void ask();
    timer = setInterval(() => void ask(), askEveryMs);
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
  });
  return isDemonstration;
}
