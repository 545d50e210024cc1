#!/usr/bin/env node
// Gives each folder below deploy/secrets to the user of its container. Only root may; make-secrets.mjs does it by itself when it is root.
//   $ sudo node deploy/give-secrets.mjs
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Numbers that nobody else on the machine has, the same as in docker-compose.yml: each container owns its own secrets only. */
const CONTAINER_USERS = JSON.parse(readFileSync(join(HERE, 'container-users.json'), 'utf8'));

/** `secrets`: the folder with a folder for each container. May be repeated, for example after files were replaced. */
export function giveSecrets(secrets) {
  // Others pass through to a folder of theirs and see no names of other ones.
  chmodSync(secrets, 0o711);
  for (const [container, user] of Object.entries(CONTAINER_USERS)) {
    const folder = join(secrets, container);
    if (existsSync(folder)) for (const path of [folder, ...below(folder)]) chownSync(path, user, user);
  }
}

function below(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) giveSecrets(process.argv[2] ?? join(HERE, 'secrets'));
