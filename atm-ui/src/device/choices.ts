/** Choices of a screen: buttons with a number, which the key of that number chooses too. */
import { onBeforeUnmount, onMounted } from 'vue';

export type Choice = { readonly label: string; readonly choose: () => void; readonly isMain?: boolean };

/** The key 1 takes the first, and so on; 0 the tenth. */
export function useChoiceKeys(choices: () => readonly Choice[]): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLInputElement)
      return;
    if (document.querySelector('dialog') !== null || !/^\d$/.test(event.key)) return;
    const choice = choices()[(Number(event.key) + 9) % 10];
    if (choice === undefined) return;
    event.preventDefault();
    choice.choose();
  };
  onMounted(() => {
    addEventListener('keydown', onKey);
  });
  onBeforeUnmount(() => {
    removeEventListener('keydown', onKey);
  });
}
