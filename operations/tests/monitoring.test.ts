/** Alarms and dashboard ask for what a bank measures, each alarm has its page, and one of them is seen to rise and fall. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freezeAccount } from '../../api/src/calls/operations.ts';
import { auditEvents } from '../../api/src/calls/audit-accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { metrics } from '../../api/src/calls/system.ts';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const alerts = textOf('../monitoring/alerts.yml');
const alarms = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? '');

type Dashboard = { readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[] };
const dashboard = JSON.parse(textOf('../monitoring/dashboard.json')) as Dashboard;
const expressions = [
  ...[...alerts.matchAll(/^ +expr: (.+)$/gm)].map(([, expression]) => expression ?? ''),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];

/** The names of an expression that are neither a label's nor a function's nor a word of the language. */
const namesIn = (expression: string): readonly string[] =>
  expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without|ignoring) \([^)]*\)/g, '')
    .match(/[a-z_]\w*(?!\w|\s*\()/g)
    ?.filter((name) => !['by', 'and', 'or', 'unless', 'sum', 'min', 'max'].includes(name)) ?? [];

let bank: Bank;
let account: string;
beforeAll(async () => {
  bank = await openBank();
  ({ account } = await bank.customer({ amountMinor: 100n }));
});
afterAll(() => bank.close());

const measured = async (): Promise<string> => (await bank.client.call(metrics)).text;

test('every measurement that is asked for exists, with a help text', async () => {
  const text = await measured();
  const asked = new Set(expressions.flatMap(namesIn));
  expect(asked.size).toBeGreaterThan(12);
  for (const name of asked) {
    // Prometheus' own: whether the server answered.
    if (name === 'up') continue;
    expect(text, name).toMatch(new RegExp(`^${name}(?:\\{.*\\})? `, 'm'));
    expect(text, name).toMatch(new RegExp(`^# HELP ${name.replace(/_(?:bucket|sum|count)$/, '')} \\S`, 'm'));
  }
});

test('a read model that stands still is measured in seconds, and one that goes on is not', async () => {
  const lagSeconds = async (): Promise<number> =>
    Number(/^read_model_lag_seconds (\S+)$/m.exec(await measured())?.[1] ?? Number.NaN);
  await expect.poll(lagSeconds).toBe(0);
  const token = await bank.staff('operator');
  const blocker = await bank.database.connect();
  await blocker.query('begin');
  await blocker.query('lock table read.checkpoint in exclusive mode');
  await bank.client.call(freezeAccount, { token, params: { account }, body: { reason: 'a drill' } });
  await expect.poll(lagSeconds).toBeGreaterThan(1);
  await blocker.query('rollback');
  blocker.release();
  await expect.poll(lagSeconds).toBe(0);
});

test('the correlation id of an answer leads to its event in the journal', async () => {
  const { account: number, token } = await bank.customer({ amountMinor: 100n });
  const reply = await bank.client.call(deposit, { token, body: { amount: '1.00', pin: person.pin } });
  const { rows } = await bank.database.query<{ id: string }>(
    `select metadata->>'correlationId' as id from journal.readable where position = $1`,
    [reply.body.position],
  );
  expect(rows).toEqual([{ id: reply.headers['x-correlation-id'] }]);
  const auditor = await bank.staff('auditor');
  const { events } = (await bank.client.call(auditEvents, { token: auditor, params: { account: number } })).body;
  expect(events.at(-1)?.metadata['correlationId']).toBe(reply.headers['x-correlation-id']);
});

test('names are found in an expression, and nothing else is', () => {
  const expression = 'histogram_quantile(0.9, sum by (le) (rate(a_bucket{b="c"}[5m]))) - time() > 14 * d_seconds';
  expect(namesIn(expression)).toEqual(['a_bucket', 'd_seconds']);
});

test('every alarm has its section in the runbook, and every section of one its alarm', () => {
  expect(alarms.length).toBeGreaterThan(5);
  const runbook = textOf('../../docs/runbook.md');
  const sections = runbook.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split('\n')[0])).toEqual([...alarms, 'Without an alarm']);
  for (const section of sections.slice(0, -1)) {
    for (const part of ['**Means**', '**Look**', '**Do**']) expect(section).toContain(part);
  }
});
