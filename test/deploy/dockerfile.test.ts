import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from './compose.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const LINES = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));
const of = (instruction: string) =>
  LINES.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim());
const LAST_STAGE = LINES.slice(LINES.findLastIndex((line) => line.startsWith('FROM ')));
const ALLOWED = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe('the Dockerfile', () => {
  it('builds on one pinned Node image in every stage', () => {
    const images = of('FROM')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((image) => !['base', 'packages', 'build'].includes(image));
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/);
  });

  it('runs as a user with a number that is not root, for good', () => {
    expect(LAST_STAGE.filter((line) => line.startsWith('USER '))).toEqual(['USER 1000:1000']);
    const after = LAST_STAGE.slice(LAST_STAGE.findIndex((line) => line.startsWith('USER ')) + 1);
    expect(after.filter((line) => /^(RUN|COPY|ADD) /.test(line))).toEqual([]);
  });

  it('runs no shell: every command is a list of words', () => {
    for (const command of [...of('RUN'), ...of('ENTRYPOINT'), ...of('CMD')]) expect(Array.isArray(JSON.parse(command)), command).toBe(true);
    expect(of('HEALTHCHECK').join(' ')).toContain('CMD ["node", "-e", ');
  });

  it('opens no inspector, not even by signal', () => {
    expect(LAST_STAGE.join('\n')).toContain('NODE_OPTIONS=--disable-sigusr1');
    expect(LAST_STAGE.join('\n')).not.toMatch(/--inspect/);
  });

  it('takes no development packages into the image that runs', () => {
    expect(of('RUN')[0]).toBe('["node", "deploy/install-packages.mjs", "--omit=dev"]');
    expect(LAST_STAGE.filter((line) => line.startsWith('COPY --from=')).map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      '--from=packages /srv/node_modules node_modules',
      '--from=build /srv/dist dist',
    ]);
  });

  it('copies sources that exist, and that .dockerignore lets through', () => {
    const sources = of('COPY')
      .filter((line) => !line.startsWith('--from='))
      .flatMap((line) => line.split(/\s+/).slice(0, -1))
      .filter((path) => path !== '.');
    expect(sources.length).toBeGreaterThan(4);
    for (const path of [...sources, ...ALLOWED]) expect(existsSync(join(REPOSITORY, path)), path).toBe(true);
    for (const path of sources)
      expect(
        ALLOWED.some((rule) => path === rule || path.startsWith(`${rule}/`) || rule.startsWith(`${path}/`)),
        path,
      ).toBe(true);
  });

  it('lets every file of deploy/ through that its scripts need', () => {
    // Made there, or read by compose alone.
    const notNeeded = /^(secrets|offline|public|operators|\.env|\.gitignore|env\.example|compose\.operators\.yml|.*\.d\.mts)$/;
    const needed = readdirSync(join(REPOSITORY, 'deploy')).filter((name) => !notNeeded.test(name));
    expect(needed.length).toBeGreaterThan(6);
    expect(needed.filter((name) => !ALLOWED.includes(`deploy/${name}`))).toEqual([]);
  });

  it('sends the builder nothing but named files, and no secrets', () => {
    expect(
      read('.dockerignore')
        .split('\n')
        .find((line) => line !== '' && !line.startsWith('#')),
    ).toBe('*');
    for (const path of ALLOWED) expect(path).not.toMatch(/secrets$|offline|public$|\.env|^deploy$|^test|^data|conformance/);
  });

  it('lets every room of the service through that the build compiles', () => {
    const rooms = [
      'activities',
      'api',
      'cli',
      'config',
      'contract',
      'core',
      'faults',
      'prisma',
      'process',
      'sdk',
      'store',
      'temporal',
      'worker',
      'workflows',
    ];
    expect(rooms.filter((room) => !ALLOWED.includes(room))).toEqual([]);
  });
});
