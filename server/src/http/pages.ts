/** The few pages for people: the landing page and the documentation, every byte of them from this machine. */
import { Router } from 'express';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { noted } from './observe.ts';

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

export function pages(): Router {
  const router = Router();
  for (const [path, file] of Object.entries(files)) {
    router.get(path, (_request, response) => {
      noted(response).route = path;
      response.sendFile(file, { cacheControl: false, headers: { 'Cache-Control': 'no-cache' } });
    });
  }
  return router;
}
