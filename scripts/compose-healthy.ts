/** A server's health check in compose: ends with 0 when this container's server is ready. */
import { isReady } from '../operations/src/compose/healthy.ts';

process.exit((await isReady()) ? 0 : 1);
