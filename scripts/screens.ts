/** `npm run screens`: builds the screens, if anything they are made of has changed; `npm start` does the same. */
import { endWith } from './failure.ts';
import { ensureScreens } from './screens/build.ts';

await ensureScreens().catch(endWith);
