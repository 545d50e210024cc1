import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeSecretFile } from '../secret-file.ts';

/** How any other client attaches to a development stack: `<data folder>/dev.json`, mode 600, because it names secrets. */
const devJson = z.object({
  api: z.string().describe('base address of the HTTPS API'),
  apiOfDevices: z.array(z.string()).default([]).describe('the same by the names of --api-name, as devices call it'),
  publicFiles: z.string().describe('plain-HTTP base of /crl and /ca'),
  tlsCaFile: z.string().describe('PEM that the API certificate is verified with'),
  rootCertificateFiles: z.array(z.string()).describe('PEM files of the PKI roots'),
  jwt: z.object({
    issuer: z.string(),
    audience: z.string(),
    privateJwkFile: z.string().describe('signs access tokens as the Token Service stand-in'),
  }),
  operator: z.object({ url: z.string().describe('base address of the operator calls'), issuer: z.string(), audience: z.string() }),
  tokenService: z.string().describe('base address of the Token Service stand-in'),
  temporal: z.object({ address: z.string(), namespace: z.string(), ui: z.string().optional(), codecServer: z.string() }),
  health: z.object({ api: z.string(), worker: z.string(), issuer: z.string() }),
  databaseUrl: z.string(),
  /** Environment of each process, as it was started. */
  environments: z.record(z.string(), z.record(z.string(), z.string())),
  pids: z.record(z.string(), z.number()),
});
export type DevJson = z.infer<typeof devJson>;

export function writeDevJson(dataFolder: string, content: DevJson): void {
  writeSecretFile(join(dataFolder, 'dev.json'), `${JSON.stringify(content, null, 2)}\n`);
}

/** When the stack has stopped nothing can attach any more. */
export function forgetDevJson(dataFolder: string): void {
  rmSync(join(dataFolder, 'dev.json'), { force: true });
}

/** Throws a sentence when there is no development stack. */
export function attachment(dataFolder: string): DevJson {
  const path = join(resolve(dataFolder), 'dev.json');
  try {
    return devJson.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new Error(`There is no development stack in ${dataFolder}: start one with \`npm start\`, or say --data <folder>.`);
  }
}
