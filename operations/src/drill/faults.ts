/** The faults of a crash drill: what each does to which part, and the order in which chance takes them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { DrilledBank } from './drilled-bank.ts';
import { serverNames } from './drilled-bank.ts';
import { networkFaults } from './relay.ts';

export type Fault = {
  readonly kind: string;
  /** Of what. */
  readonly target: string;
  /** Gives what ends it; what was killed is started again by whoever watches it. */
  begin(): () => void;
};

const nothing = (): void => undefined;

function killsAndFreezes({ programs, postgres }: DrilledBank): readonly Fault[] {
  const kill = (target: string, act: () => void): Fault => ({
    ...{ kind: 'killed', target },
    begin() {
      act();
      return nothing;
    },
  });
  const processes = [...Object.entries(programs), ['PostgreSQL', postgres] as const];
  // The processes of PostgreSQL's connections are found in /proc.
  const isLinux = process.platform === 'linux';
  const freezable = processes.filter(([target]) => isLinux || target !== 'PostgreSQL');
  const connections = kill('a connection of PostgreSQL', () => {
    postgres.killOneBackend();
  });
  return [
    ...processes.map(([target, one]) =>
      kill(target, () => {
        one.kill();
      }),
    ),
    kill('both servers', () => {
      for (const name of serverNames) programs[name].kill();
    }),
    ...(isLinux ? [connections] : []),
    ...freezable.map(([target, one]): Fault => ({
      ...{ kind: 'frozen', target },
      begin() {
        one.freeze();
        return () => {
          one.continue();
        };
      },
    })),
  ];
}

const wordOf = {
  ...{ delay: 'delayed', halve: 'halved', drop: 'dropped' },
  ...{ vanish: 'vanished', reset: 'reset', trickle: 'trickling' },
} as const;

const onTheNetwork = ({ relays }: DrilledBank): readonly Fault[] =>
  networkFaults.flatMap((mode) =>
    [...relays].map(([target, relay]): Fault => ({
      ...{ kind: wordOf[mode], target },
      begin() {
        relay.set(mode);
        return () => {
          relay.set('whole');
        };
      },
    })),
  );

/** Without an end: one kind after the other, each kind's targets in an order of chance, so that few rounds see every kind. */
export function* faultsInTurn(bank: DrilledBank, chance: Chance): Generator<Fault, never> {
  const kinds = Map.groupBy([...killsAndFreezes(bank), ...onTheNetwork(bank)], ({ kind }) => kind);
  const decks = new Map<string, Fault[]>();
  for (;;) {
    for (const kind of chance.shuffle([...kinds.keys()])) {
      const deck = decks.get(kind) ?? [];
      if (deck.length === 0) deck.push(...chance.shuffle(kinds.get(kind) ?? []));
      yield deck.pop() as Fault;
      decks.set(kind, deck);
    }
  }
}

const hold = { leastMs: 200, mostMs: 2_500 };
/** So many rounds have a second fault on top of the first. */
const secondShare = 0.25;

/** One round's faults, held for a while; resolves when they are over. Gives what they were. */
export async function inflict(faults: Iterator<Fault, never>, chance: Chance): Promise<readonly Fault[]> {
  const [first, second] = [faults.next().value, chance.next() < secondShare ? faults.next().value : undefined];
  const inflicted = second === undefined ? [first] : [first, second];
  const ends = inflicted.map((fault) => fault.begin());
  try {
    await sleep(chance.whole(hold.leastMs, hold.mostMs));
  } finally {
    for (const end of ends) end();
  }
  return inflicted;
}
