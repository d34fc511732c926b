/** The page that checks a receipt, for anybody: the one file that also works without a network, with the policy this bank names. */
import { Router } from 'express';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordOf } from './request-log.ts';

export type BankPolicy = () => Promise<string | undefined>;

const built = join(import.meta.dirname, '../../../verifier/dist/served.html');
const address = '/verify';

export function verifierPage(bankPolicy: BankPolicy): Router {
  const router = Router();
  router.get(address, async (_request, response, next) => {
    recordOf(response).route = address;
    const [page, policy] = await Promise.all([
      readFile(built, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }),
      bankPolicy(),
    ]);
    const contentPolicy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page ?? '')?.[1];
    if (page === undefined || contentPolicy === undefined) {
      next();
      return;
    }
    // The page's own names its script by its hash and forbids every connection; a frame can be forbidden by a header only.
    response.setHeader('Content-Security-Policy', `${contentPolicy}; frame-ancestors 'none'`);
    response.setHeader('Cache-Control', 'no-cache');
    response.type('html').send(policy === undefined ? page : withPolicy(page, policy));
  });
  return router;
}

const withPolicy = (page: string, policy: string): string =>
  page.replace('<title>', () => `<meta name="bank-policy" content="${inAttribute(policy)}" />\n    <title>`);

const inAttribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
