/** The end of everything that somebody did or set: the next person finds the kiosk as if nobody had been there. */
import { useSession } from '../bank/session.ts';
import { usePreferences } from './preferences.ts';
import { useScreen } from './screen.ts';
import { useVoice } from './voice.ts';

/** How long the page waits for a new page before it goes on as it is. */
const newPageWithinMs = 2_000;

export function useStartOver(): () => void {
  const session = useSession();
  const preferences = usePreferences();
  const screen = useScreen();
  const voice = useVoice();
  return () => {
    if (session.isOpen) session.leave();
    sessionStorage.clear();
    voice.reset();
    preferences.reset();
    screen.go({ screen: 'renewing' });
    void renewPage(() => {
      screen.go({ screen: 'welcome' });
    });
  };
}

/** A new page has no memory of this one; where the bank is away there is none, and this one has nothing left of anybody either. */
async function renewPage(goOn: () => void): Promise<void> {
  const { BASE_URL: page } = import.meta.env;
  try {
    const { ok } = await fetch(page, {
      method: 'HEAD',
      cache: 'no-store',
      signal: AbortSignal.timeout(newPageWithinMs),
    });
    if (ok) location.replace(page);
    else goOn();
  } catch {
    goOn();
  }
}
