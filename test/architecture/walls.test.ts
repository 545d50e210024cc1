import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOMS, type Room } from './rooms.ts';
import { codeOf, type Import, importsOf, ROOT, sourceFiles } from './source-files.ts';

const files = sourceFiles().filter((path) => path.includes('/') && !path.startsWith('test/'));

test('every folder with code is a room of the table', () => {
  expect([...new Set(files.map(roomOf))].filter((room) => ROOMS[room] === undefined)).toEqual([]);
});

describe.each(Object.entries(ROOMS).filter(([name]) => readdirSync(ROOT).includes(name)))('%s', (name, room) => {
  const own = files.filter((path) => roomOf(path) === name);

  test('imports only what its walls let in', () => {
    expect(own.length).toBeGreaterThan(0);
    const through = own.flatMap(importsOf).filter((one) => !allowed(name, room, one));
    expect(through.map(({ from, to, typeOnly }) => `${from} → ${to}${typeOnly ? ' (type)' : ''}`)).toEqual([]);
  });
});

test.each(
  Object.entries(ROOMS).flatMap(([name, { never }]) => Object.entries(never ?? {}).map(([why, pattern]) => [name, why, pattern] as const)),
)('%s: %s', (name, _why, pattern) => {
  const own = files.filter((path) => roomOf(path) === name);
  expect(own.length).toBeGreaterThan(0);
  expect(own.filter((path) => pattern.test(codeOf(path)))).toEqual([]);
});

describe('the walls themselves', () => {
  const judge = (from: string, to: string, typeOnly = false): boolean => {
    const name = roomOf(from);
    return allowed(name, ROOMS[name] ?? NOTHING, { from, to, ours: /^[a-z]+\//.test(to) && !to.includes(':'), typeOnly });
  };

  test.each([
    ['core/pki/build-tbs.ts', '@prisma/client'],
    ['core/pki/build-tbs.ts', 'store/issuing.ts'],
    ['workflows/enrollment.ts', 'core/csr/judge-csr.ts'],
    ['workflows/enrollment.ts', 'activities/index.ts'],
    ['workflows/enrollment.ts', 'zod'],
    ['workflows/enrollment.ts', 'node:crypto'],
    ['api/routes/post-csr.ts', 'core/pki/build-tbs.ts'],
    ['api/routes/post-csr.ts', '@temporalio/client'],
    ['api/app.ts', 'temporal/connection.ts'],
    ['sdk/index.ts', 'core/token/enrollment-token.ts'],
    ['sdk/index.ts', 'contract/states.ts'],
    ['store/delivery.ts', 'express'],
    ['contract/states.ts', 'zod'],
    ['worker/sweeper.ts', 'test/rig/test-keys.ts'],
  ])('%s must not import %s', (from, to) => {
    expect(judge(from, to)).toBe(false);
  });

  test('a workflow may name the types of activities, and the gateway may hold the Temporal client', () => {
    expect(judge('workflows/enrollment.ts', 'activities/index.ts', true)).toBe(true);
    expect(judge('api/gateway.ts', '@temporalio/client')).toBe(true);
  });
});

const NOTHING: Room = { may: [], packages: [] };

function roomOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

function allowed(name: string, room: Room, one: Import): boolean {
  if (one.ours && roomOf(one.to) === name) return true;
  const holders = Object.entries(room.only ?? {}).find(([what]) => fits(what, one))?.[1];
  if (holders !== undefined && !holders.some((place) => one.from.startsWith(place))) return false;
  const free = one.ours ? room.may : room.packages;
  const asType = one.ours ? (room.mayTypes ?? []) : (room.packageTypes ?? []);
  return [...free, ...(one.typeOnly ? asType : [])].some((what) => fits(what, one));
}

/** A place fits what begins with it, `scope*` what begins with the scope, a package its own name and subpaths. */
function fits(what: string, { to, ours }: Import): boolean {
  if (what.endsWith('*')) return to.startsWith(what.slice(0, -1));
  return ours ? to.startsWith(what) : to === what || to.startsWith(`${what}/`);
}
