#!/usr/bin/env node
// The `cs` command: the built files where there are some, else the sources of the checkout.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireNode } from './setup.mjs';

requireNode();
const root = join(fileURLToPath(import.meta.url), '..', '..');
const sources = join(root, 'cli', 'main.ts');
const built = join(root, 'dist', 'cli', 'main.js');
if (existsSync(sources)) {
  const { register } = await import('tsx/esm/api').catch(() => {
    process.stderr.write('Packages are missing: run `npm ci` first (or `npm start`).\n');
    process.exit(1);
  });
  register();
  await import(pathToFileURL(sources).href);
} else {
  await import(pathToFileURL(built).href);
}
