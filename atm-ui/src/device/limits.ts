/** How long the kiosk waits for somebody. WCAG 2.2.1: a warning of at least 20 seconds, extended by one key, as often as one likes. */

export const warnAfterSeconds = 60;
export const endAfterSeconds = 30;
