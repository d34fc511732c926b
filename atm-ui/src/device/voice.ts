/** Spoken guidance and the live region: what is announced is in the page for screen readers, and spoken when the voice is on. */
import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import { usePreferences } from './preferences.ts';

export const useVoice = defineStore('voice', () => {
  const preferences = usePreferences();
  const isOn = ref(false);
  /** The page's live region shows it. */
  const announced = ref('');
  let lastScreen = '';
  let frame = 0;

  function speak(text: string): void {
    if (!isOn.value || text === '') return;
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = preferences.language === 'fr' ? 'fr-FR' : 'en-GB';
    speechSynthesis.speak(utterance);
  }

  /** What matters now: whatever was being said gives way to it. */
  function interrupt(text: string): void {
    if (!isOn.value) return;
    speechSynthesis.cancel();
    speak(text);
  }

  /** Something has happened on this screen. */
  function announce(text: string): void {
    // Emptied first, so that the same words twice are two announcements.
    forget();
    frame = requestAnimationFrame(() => {
      announced.value = text;
    });
    interrupt(text);
  }

  /** Nothing that was announced, or is about to be, stays in the page. */
  function forget(): void {
    cancelAnimationFrame(frame);
    announced.value = '';
  }

  /** A screen, or a step of it, has come: its text can be repeated. A screen reader follows the focus there by itself. */
  function enter(text: string): void {
    lastScreen = text;
    interrupt(text);
  }

  function toggle(): void {
    isOn.value = !isOn.value;
    if (isOn.value) {
      speak(preferences.w.voice.isOn);
      speak(lastScreen);
    } else {
      speechSynthesis.cancel();
    }
  }

  const repeat = (): void => {
    interrupt(lastScreen);
  };
  /** The next person decides for themselves, and hears nothing of the last one. */
  const reset = (): void => {
    isOn.value = false;
    speechSynthesis.cancel();
    forget();
    lastScreen = '';
  };

  watch(
    () => preferences.language,
    () => {
      if (isOn.value) interrupt(preferences.w.voice.language);
    },
  );

  return { isOn, announced, announce, enter, forget, interrupt, repeat, reset, toggle };
});

/** Called once: with the voice on, whatever the focus comes to says its name; the keys of a PIN, by touch or by Tab, never do. */
export function speakFocus(): void {
  const voice = useVoice();
  addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement) || target.matches('h1, [role=application], dialog, [data-secret]')) return;
    const label = target instanceof HTMLInputElement ? target.labels?.[0]?.textContent : undefined;
    voice.interrupt((target.getAttribute('aria-label') ?? label ?? target.textContent).trim());
  });
}

/** Called once: `*` switches the voice on and off, `#` repeats; wherever no text is being typed. */
export function watchVoiceKeys(): void {
  const voice = useVoice();
  addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset['typed'] === 'text') return;
    if (event.key === '*') voice.toggle();
    else if (event.key === '#') voice.repeat();
    else return;
    event.preventDefault();
  });
}
