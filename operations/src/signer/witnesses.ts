/** Asks every witness of the policy to cosign a checkpoint (c2sp.org/tlog-witness); one that is away costs its cosignature and nothing else. */
import type pg from 'pg';
import type { Logger } from 'pino';
import { backOff } from '../../../ledger/src/back-off.ts';
import { readAtMost } from '../../../ledger/src/bounded-body.ts';
import { cosignedAt, sizePattern } from '../../../ledger/src/transparency/checkpoint.ts';
import { readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { Note, SignatureLine } from '../../../ledger/src/transparency/note.ts';
import { noteText, parseSignatureLine } from '../../../ledger/src/transparency/note.ts';
import type { Policy, Witness } from '../../../ledger/src/transparency/policy.ts';
import { hashesOfRanges, tilesOfRanges } from '../../../ledger/src/transparency/tiles.ts';
import { consistencyRanges } from '../../../ledger/src/transparency/tree.ts';
import type { Cosigned, SignerOptions } from './signer.ts';

/** A witness that takes longer is asked again with a later checkpoint. */
const answerMs = 3_000;
const waitMs = backOff({ firstMs: 1_000, mostMs: 60_000 });
const mostAnswerBytes = 16_384;
/** It may have cosigned another signer's checkpoint meanwhile, and tells its size. */
const attempts = 3;

type Asked = { size: number; failures: number; askAgainAt: number };

type Options = {
  readonly policy: Policy | undefined;
  readonly log: Pick<Logger, 'warn'>;
  readonly fetch?: typeof fetch;
};

export function askWitnesses({ policy, log, fetch: send = fetch }: Options): SignerOptions['cosign'] {
  const witnesses = policy?.witnesses.filter(({ url }) => url !== undefined) ?? [];
  const known = new Map(witnesses.map(({ name }): [string, Asked] => [name, { size: 0, failures: 0, askAgainAt: 0 }]));

  async function ask(
    client: pg.Client,
    witness: Witness,
    note: Note,
    size: number,
    ended: AbortSignal,
  ): Promise<SignatureLine | undefined> {
    const asked = known.get(witness.name);
    if (asked === undefined || performance.now() < asked.askAgainAt) return undefined;
    const signal = AbortSignal.any([ended, AbortSignal.timeout(answerMs)]);
    try {
      const line = await submit(client, witness, note, { asked, size, signal });
      asked.size = size;
      asked.failures = 0;
      return line;
    } catch (error) {
      if (ended.aborted) return undefined;
      asked.askAgainAt = performance.now() + waitMs(asked.failures++);
      log.warn({ err: error, witness: witness.name }, 'a witness did not cosign');
      return undefined;
    }
  }

  async function submit(
    client: pg.Client,
    { key, url }: Witness,
    note: Note,
    { asked, size, signal }: { readonly asked: Asked; readonly size: number; readonly signal: AbortSignal },
  ): Promise<SignatureLine> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const proof = await proofOf(client, asked.size, size);
      const lines = [`old ${String(asked.size)}`, ...proof.map((hash) => hash.toString('base64')), '', noteText(note)];
      const to = `${(url ?? '').replace(/\/$/, '')}/add-checkpoint`;
      const response = await send(to, { method: 'POST', body: lines.join('\n'), signal, redirect: 'error' });
      const answer = await readAtMost(response, mostAnswerBytes);
      if (answer === undefined) throw new Error('its answer is too long');
      if (response.status === 200) {
        const given = answer.split('\n').map(parseSignatureLine);
        const own = given.find((line) => line !== undefined && cosignedAt(line, key, note.text) !== undefined);
        if (own === undefined) throw new Error('its answer has no cosignature under its key');
        return own;
      }
      const told = answer.trimEnd();
      if (response.status !== 409 || !sizePattern.test(told)) throw new Error(`it answered ${String(response.status)}`);
      if (Number(told) > size)
        throw new Error(`it has cosigned ${told} events of this log, and this signer only ${String(size)}`);
      asked.size = Number(told);
    }
    throw new Error('it told another size each time');
  }

  return async (client, note, size, ended): Promise<Cosigned> => {
    const given = await Promise.all(
      witnesses.map(async (witness) => ({ witness, line: await ask(client, witness, note, size, ended) })),
    );
    const lines = given.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const names = new Set(given.filter(({ line }) => line !== undefined).map(({ witness }) => witness.name));
    const isEnough = policy?.isEnough(names) ?? false;
    return { note: { ...note, signatures: [...note.signatures, ...lines] }, isEnough };
  };
}

async function proofOf(client: pg.Client, oldSize: number, size: number): Promise<readonly Buffer[]> {
  const ranges = consistencyRanges(oldSize, size);
  const hashes = hashesOfRanges(ranges, await readTiles(client, tilesOfRanges(ranges)));
  if (hashes === undefined) throw new Error('the tiles of the tree are missing');
  return hashes;
}
