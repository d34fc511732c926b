/** A process of its own: unpacks the Chromium that npm brings into the folder that TMPDIR names. */
import chromium from '@sparticuz/chromium';

await chromium.executablePath();
