/** How both ends of a connection to PostgreSQL notice that the other is gone without a word: no longer than about 25 seconds. */

/** Ours: the first probe after so long in silence, then Node's own ten, a second apart. */
export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

/**
 * The server's, as start-up options. A client whose machine vanished would else keep its locks (the projector's, the
 * verification's) for as long as the system's default of two hours. The last one ends a connection whose answer nobody
 * takes; a unix socket has none of them.
 */
export const keepAliveOptions =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25000';
