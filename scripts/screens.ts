/** `npm run screens`: builds the screens, if anything they are made of has changed; `npm start` does the same. */
import { ensureScreens } from '../operations/src/screens/build.ts';
import { command } from './command.ts';

command(ensureScreens);
