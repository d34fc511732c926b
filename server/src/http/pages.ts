/** The few pages for people: the landing page and the documentation, every byte of them from this machine. */
import { Router } from 'express';
import staticGzip from 'express-static-gzip';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { recordOf } from './request-log.ts';

const own = join(import.meta.dirname, '../../pages');
const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const files: Readonly<Record<string, string>> = {
  '/': join(own, 'index.html'),
  '/style.css': join(own, 'style.css'),
  '/docs': join(own, 'docs.html'),
  '/docs/docs.js': join(own, 'docs.js'),
  '/docs/swagger-ui.css': join(swaggerUi, 'swagger-ui.css'),
  '/docs/swagger-ui-bundle.js': join(swaggerUi, 'swagger-ui-bundle.js'),
  '/favicon.ico': join(swaggerUi, 'favicon-32x32.png'),
};

/** The built screens, each under its address. */
const screens: Readonly<Record<string, string>> = {
  '/atm': join(import.meta.dirname, '../../../atm-ui/dist'),
  '/admin': join(import.meta.dirname, '../../../admin-ui/dist'),
};

/** Files under `assets` have the hash of their content in their name. */
const forEver = 'public, max-age=31536000, immutable';

export function pages(): Router {
  const router = Router();
  for (const [path, file] of Object.entries(files)) {
    router.get(path, (_request, response) => {
      recordOf(response).route = path;
      response.sendFile(file, { cacheControl: false, headers: { 'Cache-Control': 'no-cache' } });
    });
  }
  for (const [address, folder] of Object.entries(screens)) {
    router.use(address, (request, response, next) => {
      recordOf(response).route = `${address}/`;
      // The files' own middleware would answer a malformed address itself, and not with a problem.
      decodeURIComponent(request.path);
      next();
    });
    router.use(
      address,
      staticGzip(folder, {
        enableBrotli: true,
        orderPreference: ['br'],
        serveStatic: {
          cacheControl: false,
          setHeaders(response, path) {
            const isHashed = /[\\/]assets[\\/]/.test(path);
            response.setHeader('Cache-Control', isHashed ? forEver : 'no-cache');
          },
        },
      }),
    );
  }
  return router;
}
