import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const REPOSITORY = join(import.meta.dirname, '..', '..');

const mount = z.union([
  z.string().transform((text) => {
    const [source = '', target = '', mode] = text.split(':');
    return { source, target, readOnly: mode === 'ro', mustExist: false };
  }),
  z
    .strictObject({
      type: z.literal('bind'),
      source: z.string(),
      target: z.string(),
      read_only: z.boolean(),
      bind: z.strictObject({ create_host_path: z.boolean() }),
    })
    .transform(({ source, target, read_only: readOnly, bind }) => ({ source, target, readOnly, mustExist: !bind.create_host_path })),
]);
const network = z.union([
  z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, undefined]))),
  z.record(
    z.string(),
    z.object({ ipv4_address: z.string().optional() }).transform(({ ipv4_address }) => ipv4_address),
  ),
]);
const service = z.looseObject({
  image: z.string(),
  user: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  /** Name → fixed address, if there is one. */
  networks: network,
  volumes: z.array(mount).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({}).optional(),
});
const compose = z.looseObject({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().default(false) })),
});
export type Service = z.infer<typeof service>;

/** docker-compose.yml, with its anchors merged. */
export const COMPOSE = compose.parse(parse(read('docker-compose.yml'), { merge: true }));

/** Container → number of its user. */
export const CONTAINER_USERS = z.record(z.string(), z.number()).parse(JSON.parse(read('deploy/container-users.json')));

export function read(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

export function serviceOf(name: string): Service {
  const found = COMPOSE.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}
