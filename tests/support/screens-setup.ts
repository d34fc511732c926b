/** The screens as the server serves them, built once before the tests that open them. */
import { ensureScreens } from '../../operations/src/screens/build.ts';

export default ensureScreens;
