/** Journal, keys or writer lock away, slow or stuck, in virtual time: who cannot write says so, nobody waits without end, and nothing is lost. */
import { beforeEach, expect, test } from 'vitest';
import type { Bookkeeper } from '../src/bookkeeper/bookkeeper.ts';
import { openBookkeeper } from '../src/bookkeeper/open.ts';
import type { Outcome, Submission } from '../src/bookkeeper/submission.ts';
import type { WriterLock } from '../src/bookkeeper/writer-lock.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { KeyIndex } from '../src/journal/key-index.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';
import type { Scheduler } from './simulation/scheduler.ts';
import { scheduler } from './simulation/scheduler.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

/** Who cannot write says so within this. */
const saidWithinMs = 2_000;

let time: Scheduler;
let real: Journal;
let ids = 0;
let troubles: string[];
let broken: Error[];
beforeEach(() => {
  time = scheduler();
  real = memoryJournal();
  troubles = [];
  broken = [];
});

/** `refused` fails at once, `silent` never answers; `lost` appends and never says so. */
type Way = 'open' | 'refused' | 'silent' | 'lost';
type Line = { reads: Way; appends: Way; keys: Way };
const openLine = (): Line => ({ reads: 'open', appends: 'open', keys: 'open' });

async function along<T>(way: Way, work: () => Promise<T>): Promise<T> {
  await time.sleep(5);
  if (way === 'refused') throw new Error('connection refused');
  if (way === 'silent') return new Promise(() => undefined);
  const result = await work();
  return way === 'lost' ? new Promise(() => undefined) : result;
}

const throughLine = (line: Line): Journal => ({
  ...real,
  head: () => along(line.reads, () => real.head()),
  read: (range) => along(line.reads, () => real.read(range)),
  readAt: (positions) => along(line.reads, () => real.readAt(positions)),
  append: (events, options) => along(line.appends, () => real.append(events, options)),
});

const lockForAll: WriterLock = { acquire: () => Promise.resolve(() => Promise.resolve()) };

/** A lock that one has at a time, in the order of asking. */
function oneAtATime(): WriterLock {
  let free: Promise<unknown> = Promise.resolve();
  return {
    async acquire() {
      const before = free;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      free = promise;
      await before;
      return () => {
        resolve(undefined);
        return Promise.resolve();
      };
    },
  };
}

/** Waits in virtual time until it settles. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  // What follows without waiting runs first.
  await new Promise(setImmediate);
  expect(await time.run(() => isSettled, 100_000), 'it settles').toBe(true);
  return promise;
}

const pass = (ms: number): Promise<void> => settled(time.sleep(ms));

function open(line: Line, { writerLock = lockForAll, cachedKeys = 100 } = {}): Promise<Bookkeeper> {
  const keys: KeyIndex = {
    lookUp: () =>
      along(line.keys, async () => ({ checkpoint: cachedKeys === 0 ? await real.head() : 0, positions: new Map() })),
  };
  return settled(
    openBookkeeper({
      journal: throughLine(line),
      keys,
      writerLock,
      snapshots: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
      now: () => '2026-01-01T00:00:00.000Z',
      dayOf: () => '2026-01-01',
      cashLimits: plentyOfCash,
      newId: () => `id-${String(ids++)}`,
      macKey: testMacKey,
      schedule: (run) => {
        time.at(0, run);
      },
      timer: time.timer,
      onTrouble: (what) => troubles.push(what),
      onBroken: (error) => broken.push(error),
      limits: { cachedKeys },
    }),
  );
}

function submission(commandId: string): Submission {
  const customer = String((ids += 1));
  return {
    command: { type: 'RegisterCustomer', customer, keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' },
    commandId,
    ...{ requestHash: 'hash', actor: 'test', terminal: 'test', correlationId: '' },
  };
}

const unavailable = { accepted: false, rejection: { code: 'unavailable', retryAfterSeconds: 2 } };
const idsInJournal = async (): Promise<readonly string[]> =>
  (await real.read({ from: 1, limit: 1_000 })).map(
    ({ metadata }) => (JSON.parse(metadata) as { commandId: string }).commandId,
  );

/** Every command has an answer by then. */
async function answeredWithin(ms: number, commands: readonly Promise<Outcome>[]): Promise<readonly Outcome[]> {
  const beginMs = time.nowMs;
  const outcomes = await settled(Promise.all(commands));
  expect(time.nowMs - beginMs).toBeLessThanOrEqual(ms);
  return outcomes;
}

test.each<[string, Partial<Line>]>([
  ['the journal refuses', { reads: 'refused', appends: 'refused' }],
  ['the journal is silent', { reads: 'silent', appends: 'silent' }],
  ['only appends are refused, as with a full disk', { appends: 'refused' }],
  ['only appends are silent', { appends: 'silent' }],
  ['appends arrive, but nobody hears of it', { appends: 'lost', reads: 'silent' }],
])(
  '%s: what was never sent is answered within two seconds, what was sent is settled by its key',
  async (_what, trouble) => {
    const line = openLine();
    const bookkeeper = await open(line);
    Object.assign(line, trouble);
    const sent = bookkeeper.submit(submission('sent'));
    await pass(20);
    const waiting = ['a', 'b', 'c'].map((id) => bookkeeper.submit(submission(id)));
    expect(await answeredWithin(saidWithinMs, waiting)).toEqual([unavailable, unavailable, unavailable]);
    expect(bookkeeper.isCutOff).toBe(true);
    expect(await answeredWithin(0, [bookkeeper.submit(submission('d'))])).toEqual([unavailable]);
    await pass(30_000);
    expect(bookkeeper.isCutOff).toBe(true);

    Object.assign(line, openLine());
    expect(await answeredWithin(15_000, [sent])).toMatchObject([{ accepted: true, replayed: false }]);
    expect(await idsInJournal()).toEqual(['sent']);
    expect(bookkeeper.isCutOff).toBe(false);
    expect(await settled(bookkeeper.submit(submission('e')))).toMatchObject({ accepted: true });
    expect(broken).toEqual([]);
  },
);

test('an idle server that looks twice a second knows within two seconds that it is cut off, and that it is no more', async () => {
  for (const reads of ['refused', 'silent'] as const) {
    const line = openLine();
    const bookkeeper = await open(line);
    const look = (): void => {
      void bookkeeper.catchUp();
      time.at(500, look);
    };
    look();
    await pass(1_000);
    line.reads = reads;
    await pass(saidWithinMs + 10);
    expect(bookkeeper.isCutOff).toBe(true);
    line.reads = 'open';
    await pass(11_000);
    expect(bookkeeper.isCutOff).toBe(false);
  }
});

test('a server that cannot reach the journal keeps nobody else from writing', async () => {
  const writerLock = oneAtATime();
  const line = openLine();
  const cutOff = await open(line, { writerLock });
  const other = await open(openLine(), { writerLock });
  // Both meet conflicts, and so write under the lock.
  await settled(Promise.all([cutOff.submit(submission('1')), other.submit(submission('2'))]));
  await settled(Promise.all([cutOff.submit(submission('3')), other.submit(submission('4'))]));
  Object.assign(line, { reads: 'silent', appends: 'silent' });
  const stuck = cutOff.submit(submission('stuck'));
  await pass(10);
  for (let n = 0; n < 20; n++) {
    expect(await answeredWithin(saidWithinMs, [other.submit(submission(`other-${String(n)}`))])).toMatchObject([
      { accepted: true },
    ]);
  }
  expect(other.isCutOff).toBe(false);
  expect(await settled(stuck)).toEqual(unavailable);
});

test('a lock that is never given back is done without', async () => {
  const stuck = oneAtATime();
  await stuck.acquire({ timeoutMs: 1 });
  const [one, other] = [await open(openLine(), { writerLock: stuck }), await open(openLine(), { writerLock: stuck })];
  const beginMs = time.nowMs;
  for (let n = 0; n < 20; n++) {
    await settled(Promise.all([one, other].map((server, m) => server.submit(submission(`${String(n)}-${String(m)}`)))));
  }
  // It is not asked for again before each batch.
  expect(time.nowMs - beginMs).toBeLessThan(5_000);
  expect(troubles).toContain('the writer lock could not be had');
});

test('while the read model is away its look-ups grow rare, and commands are answered', async () => {
  const line = openLine();
  const bookkeeper = await open(line, { cachedKeys: 0 });
  expect(await settled(bookkeeper.submit(submission('before')))).toMatchObject({ accepted: true });
  line.keys = 'refused';
  expect(await answeredWithin(saidWithinMs, [bookkeeper.submit(submission('a'))])).toEqual([unavailable]);
  expect(troubles.length).toBeLessThan(10);
  line.keys = 'open';
  await pass(2_000);
  await settled(bookkeeper.catchUp());
  expect(bookkeeper.isCutOff).toBe(false);
  expect(await settled(bookkeeper.submit(submission('b')))).toMatchObject({ accepted: true });
  expect(await idsInJournal()).toEqual(['before', 'b']);
});

test.each<[string, Partial<Line>]>([
  ['in order', {}],
  ['while the journal refuses', { reads: 'refused', appends: 'refused' }],
  ['while the journal is silent', { reads: 'silent', appends: 'silent' }],
  ['while appends are refused', { appends: 'refused' }],
  ['while the read model is silent', { keys: 'silent' }],
])(
  'a stop %s is over within its bound at every moment, answers everybody, and is no broken history',
  async (_what, trouble) => {
    for (const afterMs of [0, 3, 8, 25, 500, 1_600, 4_000, 10_100, 10_600]) {
      for (const isLooking of [false, true]) {
        const line = openLine();
        const bookkeeper = await open(line, { cachedKeys: 0 });
        await settled(bookkeeper.submit(submission(`before-${String(ids++)}`)));
        Object.assign(line, trouble);
        if (isLooking) void bookkeeper.catchUp();
        const commands = ['a', 'b', 'c'].map((id) => bookkeeper.submit(submission(`${id}-${String(ids++)}`)));
        const answered = Promise.allSettled(commands);
        await pass(afterMs);
        const late = Promise.allSettled([bookkeeper.submit(submission(`late-${String(ids++)}`))]);
        const beginMs = time.nowMs;
        await settled(bookkeeper.stop());
        expect(time.nowMs - beginMs).toBeLessThanOrEqual(3_000);
        await settled(answered);
        await settled(late);
        expect(await bookkeeper.submit(submission('after'))).toEqual(unavailable);
        expect(broken).toEqual([]);
      }
    }
  },
);

test('an event that cannot be read is named, nothing is written behind it, and all goes on once it is mended', async () => {
  const line = openLine();
  const damaged: { position?: number } = {};
  const untouched = real;
  real = {
    ...untouched,
    read: async (range) =>
      (await untouched.read(range)).map((event) =>
        event.position === damaged.position ? { ...event, data: '{' } : event,
      ),
  };
  const [one, other] = [await open(line), await open(openLine())];
  await settled(one.submit(submission('1')));
  await settled(one.submit(submission('2')));
  damaged.position = 2;
  await settled(other.catchUp());
  expect(other.head).toBe(1);
  expect(other.unreadable).toMatchObject({ position: 2, reason: 'not_json' });
  expect(other.isCutOff).toBe(false);
  const refused = { code: 'event_unreadable', position: 2, reason: 'not_json', retryAfterSeconds: 2 };
  expect(await settled(other.submit(submission('3')))).toEqual({ accepted: false, rejection: refused });
  for (let n = 0; n < 5; n++) await settled(other.catchUp());
  expect(troubles).toEqual(['an event of the journal cannot be read']);
  delete damaged.position;
  await settled(other.catchUp());
  expect(other.unreadable).toBeUndefined();
  expect(await settled(other.submit(submission('3')))).toMatchObject({ accepted: true });
  expect(await idsInJournal()).toEqual(['1', '2', '3']);
  expect(broken).toEqual([]);
});

test('an event that cannot be read found after a conflict leaves nobody waiting', async () => {
  const untouched = real;
  const damaged: { position?: number } = {};
  real = {
    ...untouched,
    read: async (range) =>
      (await untouched.read(range)).map((event) =>
        event.position === damaged.position ? { ...event, type: 'Unknown' } : event,
      ),
  };
  const [one, other] = [await open(openLine()), await open(openLine())];
  await settled(one.submit(submission('1')));
  damaged.position = 1;
  const sent = other.submit(submission('2'));
  await pass(100);
  const waiting = other.submit(submission('3'));
  const refused = { code: 'event_unreadable', position: 1, reason: 'unknown_type', retryAfterSeconds: 2 };
  expect(await settled(waiting)).toEqual({ accepted: false, rejection: refused });
  delete damaged.position;
  expect(await settled(sent)).toMatchObject({ accepted: true, position: 2 });
});

test('broken history is said of broken history', async () => {
  const bookkeeper = await open(openLine());
  await settled(bookkeeper.submit(submission('1')));
  const posting = { account: '99', amount: '1', version: 1, balance: '1' };
  await real.append(
    [
      {
        ...{ id: 'alien', type: 'Deposited', data: JSON.stringify({ currency: 'EUR', postings: [posting, posting] }) },
        metadata: (await real.read({ from: 1, limit: 1 }))[0]?.metadata ?? '',
      },
    ],
    { after: 1 },
  );
  await settled(bookkeeper.catchUp());
  expect(broken.map(({ name }) => name)).toEqual(['BrokenHistory']);
  await expect(bookkeeper.submit(submission('2'))).rejects.toThrow('never opened');
});

test('a journal that was set back under a server that runs is broken history, not a conflict to try again', async () => {
  const bookkeeper = await open(openLine());
  for (const id of ['1', '2', '3']) await settled(bookkeeper.submit(submission(id)));
  const kept = await real.read({ from: 1, limit: 1 });
  real = memoryJournal();
  await real.append(kept, { after: 0 });
  await expect(settled(bookkeeper.submit(submission('4')))).rejects.toThrow(
    'the journal ends at 1, but was read up to 3: it was set back',
  );
  expect(broken.map(({ name }) => name)).toEqual(['BrokenHistory']);
  expect(await real.head()).toBe(1);
});
