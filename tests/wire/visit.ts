/** A customer's whole visit, over the wire as any machine makes it, with made-up data that is nowhere else. */
import { randomInt, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export type Operation = { readonly name: string; readonly fromMs: number; readonly untilMs: number };
export type Secret = { readonly what: string; readonly text: string };
export type Visit = { readonly operations: readonly Operation[]; readonly secrets: readonly Secret[] };

type Answer = Readonly<Record<string, unknown>>;

/** Operations are apart by this much, so that each packet belongs to one. */
const pauseMs = 60;

const profile = {
  lastName: 'Quenouillère-Müßig',
  firstName: 'Éléonore',
  address: '17 impasse du Chêne-Brûlé',
  postalCode: '97487',
  city: 'Saint-Denœux',
  landline: '0262987641',
  mobile: '0692135798',
  accountType: 'current',
};
const amounts = { deposit: '7531.09', withdrawal: '246.80', transfer: '1357.91', left: '5926.38' };
const reference = 'Loyer de février';

/** `ca`: the authority the bank's certificate comes from; undefined: no TLS at all. */
export async function visit(port: number, ca: string | undefined): Promise<Visit> {
  const pin = String(randomInt(1_000, 10_000));
  const operations: Operation[] = [];
  const agent =
    ca === undefined
      ? new http.Agent({ keepAlive: true, maxSockets: 1 })
      : new https.Agent({ keepAlive: true, maxSockets: 1, ca });
  const secrets: Secret[] = [];
  let token: string | undefined;

  const call = (method: string, path: string, body?: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = (ca === undefined ? http : https).request(
        {
          ...{ agent, method, host: 'localhost', port, path: `/api/v1${path}` },
          headers: {
            ...(body !== undefined && { 'Content-Type': 'application/json' }),
            ...(token !== undefined && { Authorization: `Bearer ${token}` }),
            'Idempotency-Key': randomUUID(),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (data: string) => (text += data));
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            if (status < 400) resolve(text);
            else reject(new Error(`${method} ${path} was answered with ${String(status)}`));
          });
        },
      );
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });

  async function step(name: string, work: () => Promise<string>): Promise<Answer> {
    const fromMs = Date.now();
    const text = await work();
    await sleep(pauseMs);
    operations.push({ name, fromMs, untilMs: Date.now() });
    return text.startsWith('{') ? (JSON.parse(text) as Answer) : {};
  }
  const open = async (name: string): Promise<string> => {
    const { accountNumber } = await step(name, () => call('POST', '/accounts', { ...profile, pin }));
    return String(accountNumber);
  };

  try {
    const recipient = await open('opening an account');
    const account = await open('opening another');
    const session = await step('log-in', () => call('POST', '/sessions', { accountNumber: account, pin }));
    token = String(session['token']);
    await step('deposit', () => call('POST', '/accounts/me/deposits', { amount: amounts.deposit, pin }));
    await step('balance', () => call('GET', '/accounts/me'));
    await step('withdrawal', () => call('POST', '/accounts/me/withdrawals', { amount: amounts.withdrawal, pin }));
    const transfer = { to: recipient, amount: amounts.transfer };
    await step('preview of a transfer', () => call('POST', '/accounts/me/transfers/preview', transfer));
    await step('transfer', () => call('POST', '/accounts/me/transfers', { ...transfer, pin, reference }));
    await step('history', () => call('GET', '/accounts/me/entries'));
    await step('statement', () => call('GET', '/accounts/me/statement.csv'));
    await step('log-out', () => call('DELETE', '/sessions/current'));
    secrets.push({ what: 'account number', text: account }, { what: 'the other’s account number', text: recipient });
  } finally {
    agent.destroy();
  }
  const { accountType: _type, ...personal } = profile;
  secrets.push(
    { what: 'PIN', text: pin },
    { what: 'session token', text: token },
    { what: 'reference', text: reference },
  );
  for (const [what, text] of Object.entries(personal)) secrets.push({ what, text });
  for (const [what, text] of Object.entries(amounts)) secrets.push({ what: `amount (${what})`, text });
  return { operations, secrets };
}
