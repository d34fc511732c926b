/** The proof on a receipt: the verifier, which shares no code with the bank, accepts it, and it shows nothing of the other side. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as contract from '../../api/src/calls/receipts.ts';
import { transfer } from '../../api/src/calls/money.ts';
import { cosign } from '../../ledger/src/transparency/checkpoint.ts';
import { signingKey, vkeyOf } from '../../ledger/src/transparency/note.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { TestSigner } from './support/signer.ts';
import { bankPolicy, startSigner } from './support/signer.ts';

const verifier = fileURLToPath(new URL('../../verifier/cli/main.js', import.meta.url));

let bank: Bank;
let signer: TestSigner;
let sender: Customer;
let recipient: Customer;
let position: number;
let reference: string;
beforeAll(async () => {
  bank = await openBank();
  signer = startSigner(bank);
  sender = await bank.customer({ amountMinor: 7_654_321n, firstName: 'Anatole' });
  recipient = await bank.customer({ amountMinor: 1_234_567n, firstName: 'Bérénice' });
  reference = 'loyer é "mai"';
  const body = { to: recipient.account, amount: '20.00', pin: person.pin, reference };
  ({ position } = (await bank.client.call(transfer, { token: sender.token, body })).body);
});
afterAll(async () => {
  await signer.stop();
  await bank.close();
});

type Proven = {
  readonly proven: boolean;
  readonly detail?: string;
  readonly bank: string;
  readonly position: number;
  readonly size: number;
  readonly parts: readonly Readonly<Record<string, unknown>>[];
  readonly cosigned: readonly { readonly name: string }[];
};

/** What the verifier's command says, in a process of its own. */
function verify(receipt: string, policyText = bankPolicy): Proven {
  const policy = join(bank.stateDir, 'policy');
  writeFileSync(policy, policyText);
  const { stdout } = spawnSync(process.execPath, [verifier, 'receipt', '-', '--policy', policy, '--json'], {
    input: receipt,
    encoding: 'utf8',
  });
  return JSON.parse(stdout) as Proven;
}
function proven(receipt: string, policyText?: string): Proven {
  const said = verify(receipt, policyText);
  expect(said).toMatchObject({ proven: true });
  return said;
}

/** A tampered one must not pass: not proven, or not readable at all. */
const isRejected = (receipt: string): boolean => !verify(receipt).proven;

async function fileOf({ token }: Customer, at = position): Promise<string> {
  const { status, text } = await bank.client.call(contract.readOwnProof, { token, query: { position: at } });
  expect(status, text).toBe(200);
  return text;
}
async function codeOf({ token }: Customer): Promise<string> {
  const { body } = await bank.client.call(contract.readOwnProofCode, { token, query: { position } });
  return body.code ?? expect.fail('a code');
}
/** Everything in a file that can be read: its lines, and its opening unpacked. */
const readable = (file: string): string =>
  file + Buffer.from(/^extra (.*)$/m.exec(file)?.[1] ?? '', 'base64').toString();

test('each side’s receipt proves its own posting, as a file and as a code, at the first question', async () => {
  const sides = [
    { ...sender, other: recipient, amount: '-2000', balance: '7652321' },
    { ...recipient, other: sender, amount: '2000', balance: '1236567' },
  ];
  for (const side of sides) {
    for (const receipt of [await fileOf(side), await codeOf(side)]) {
      const { parts, position: provenAt, bank: origin } = proven(receipt);
      expect({ provenAt, origin }).toEqual({ provenAt: position, origin: 'bank.example/log' });
      expect(parts).toEqual([
        expect.objectContaining({
          ...{ part: 'posting', type: 'Transferred', account: side.account, counterparty: side.other.account },
          ...{ amount: side.amount, balance: side.balance, currency: 'EUR', reference },
        }),
      ]);
    }
  }
});

test('the file is a download of its own name, and staff get the same for the account they name', async () => {
  const own = await bank.client.call(contract.readOwnProof, { token: sender.token, query: { position } });
  const name = `receipt-${String(position)}.tlog-proof`;
  expect(own.headers).toMatchObject({
    ...{ 'content-disposition': `attachment; filename="${name}"`, 'cache-control': 'no-store' },
  });
  const params = { account: recipient.account };
  const asked = { token: await bank.staff('auditor'), params, query: { position } };
  const audited = await bank.client.call(contract.auditProof, asked);
  expect(proven(audited.text).parts).toEqual([expect.objectContaining({ account: recipient.account })]);
});

test('nothing of the other side is in it: no balance, no name, no command, and its number as counterparty only', async () => {
  for (const [side, secrets] of [
    [sender, ['1236567', '1234567', 'Bérénice', 'Anatole', 'Dupont']],
    [recipient, ['7652321', '7654321', 'Bérénice', 'Anatole', 'Dupont']],
  ] as const) {
    const file = await fileOf(side);
    const code = await codeOf(side);
    const text = readable(file);
    for (const secret of [...secrets, 'session:', 'commandId', 'requestHash', 'actor']) {
      expect(text).not.toContain(secret);
      expect(code).not.toContain(secret.toUpperCase());
    }
    const other = side === sender ? recipient : sender;
    expect(text.split(`"${other.account}"`)).toHaveLength(2);
    expect(text).toContain(`"counterparty":"${other.account}"`);
    expect(text.match(/"balance"/g)).toHaveLength(1);
  }
});

test('what was altered does not pass', async () => {
  const file = await fileOf(sender);
  for (const change of ['index', 'bank.example/log']) expect(isRejected(file.replace(change, `${change}1`))).toBe(true);
  const opening = readable(file).slice(file.length);
  const richer = opening.replace('"balance":"7652321"', '"balance":"9952321"');
  expect(richer).not.toBe(opening);
  const [encoded, altered] = [opening, richer].map((text) => Buffer.from(text).toString('base64'));
  expect(isRejected(file.replace(encoded ?? '', altered ?? ''))).toBe(true);
  const code = await codeOf(sender);
  for (let at = 4; at < code.length; at += 173) {
    const other = code[at] === 'A' ? 'B' : 'A';
    expect(isRejected(code.slice(0, at) + other + code.slice(at + 1)), String(at)).toBe(true);
  }
});

describe('an operation that is not of the account', () => {
  test.each(['999999', '1'])('has no proof there: position %s', async (at) => {
    const stranger = await bank.customer();
    for (const call of [contract.readOwnProof, contract.readOwnProofCode]) {
      const { body } = await bank.client.call(call, { token: stranger.token, query: { position: at } });
      expect(body.code).toBe('entry_not_found');
    }
  });
});

test('what no checkpoint includes yet is 503 after a while, and comes once the signer goes on', async () => {
  await signer.stop();
  const late = await bank.customer({ amountMinor: 100n });
  const at = (await bank.history()).length;
  const early = await bank.client.call(contract.readOwnProof, { token: late.token, query: { position: at } });
  expect(early.status).toBe(503);
  expect(early.text).toContain('proof_not_ready');
  expect(early.headers['retry-after']).toMatch(/^\d+$/);
  signer = startSigner(bank);
  await signer.signedAll();
  expect(proven(await fileOf(late, at)).parts).toHaveLength(1);
});

test('an event that is not the one that was signed gets no proof, and the answer says which', async () => {
  const victim = await bank.customer({ amountMinor: 500n });
  const at = await signer.signedAll();
  const client = await bank.database.connect();
  await client.query(`set session_replication_role = 'replica'`);
  await client.query(`update journal.events set data = replace(data, '"500"', '"501"') where position = $1`, [at]);
  const { body } = await bank.client.call(contract.readOwnProof, { token: victim.token, query: { position: at } });
  await client.query(`update journal.events set data = replace(data, '"501"', '"500"') where position = $1`, [at]);
  client.release(true);
  expect(body).toMatchObject({ code: 'history_broken' });
  expect(body.detail).toContain(`event ${String(at)}`);
});

test('where witnesses have cosigned, a proof has a checkpoint that they cosigned', async () => {
  await signer.stop();
  const witness = signingKey('witness.example/w', 0x04, Buffer.alloc(32, 9));
  signer = startSigner(bank, {
    cosign: (_client, note) =>
      Promise.resolve({
        note: { ...note, signatures: [...note.signatures, cosign(witness, note.text, 1_764_579_600)] },
        isEnough: true,
      }),
  });
  const customer = await bank.customer({ amountMinor: 100n });
  await signer.signedAll();
  await signer.stop();
  // From now on without the witness: what it cosigned still proves what it includes.
  const head = (await bank.history()).length;
  signer = startSigner(bank);
  await bank.customer();
  await signer.signedAll();
  const policyText = `${bankPolicy.split('\n')[0] ?? ''}\nwitness w ${vkeyOf(witness)}\nquorum w\n`;
  const { size, cosigned } = proven(await fileOf(customer, head), policyText);
  expect({ size, cosigned: cosigned.length }).toEqual({ size: head, cosigned: 1 });
});
