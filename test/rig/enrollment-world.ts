import { generateKeyPairSync } from 'node:crypto';
import { afterAll } from 'vitest';
import {
  createEnrollmentActivities,
  createIssuanceActivities,
  type EnrollmentActivities,
  type IssuanceActivities,
} from '../../activities/index.ts';
import type { EnrollmentDeps, IssuanceDeps } from '../../activities/ports.ts';
import { KEY_TYPES } from '../../contract/key-types.ts';
import { type EvidenceKey, openEvidenceKey } from '../../core/evidence/evidence-key.ts';
import { signReceipt } from '../../core/evidence/sign-receipt.ts';
import { readCrl } from '../../core/pki/read-crl.ts';
import { SdkKeyMaker } from '../../core/sdk-key/sdk-key-maker.ts';
import type { Database } from '../../store/database.ts';
import { importCrl } from '../../store/import-crl.ts';
import { registerIssuer } from '../../store/issuers.ts';
import { TEST_CONFIG, testHierarchy, testSigner } from '../core/pki/test-hierarchy.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { testKeys } from './test-keys.ts';

/**
 * Everything below the API without Temporal: a database of its own, CAs of the test keys, an evidence key, all activities. The activities
 * have the rights of their process; `db` is for preparing and looking.
 */
export interface EnrollmentWorld extends FreshDatabase {
  readonly enrollmentDeps: EnrollmentDeps;
  readonly issuanceDeps: IssuanceDeps;
  readonly activities: EnrollmentActivities & IssuanceActivities;
  readonly evidence: EvidenceKey;
  readonly hierarchy: ReturnType<typeof testHierarchy>;
}

export const TEST_CHALLENGE_KEYS = testKeys('7');

export async function enrollmentWorld(options: { maxCsrRefusals?: number; maxAckRefusals?: number } = {}): Promise<EnrollmentWorld> {
  const fresh = await freshDatabase();
  const hierarchy = testHierarchy(new Date());
  const evidence = newEvidenceKey();
  const { maxCsrRefusals = 5, maxAckRefusals = 10 } = options;
  const judging = { challengeKeys: TEST_CHALLENGE_KEYS, allowedKeyTypes: KEY_TYPES };
  const enrollmentDeps: EnrollmentDeps = {
    ...judging,
    db: fresh.asRole('cs_worker'),
    maxCsrRefusals,
    maxAckRefusals,
    signReceipt: (facts) => signReceipt(facts, evidence),
  };
  const issuanceDeps: IssuanceDeps = { ...judging, db: fresh.asRole('cs_issuer'), ...issuingParts(hierarchy) };
  await registerIssuers(fresh.db, hierarchy);
  const activities = { ...createEnrollmentActivities(enrollmentDeps), ...createIssuanceActivities(issuanceDeps) };
  return { ...fresh, enrollmentDeps, issuanceDeps, activities, evidence, hierarchy };
}

function issuingParts(hierarchy: ReturnType<typeof testHierarchy>): Omit<IssuanceDeps, 'db' | 'challengeKeys' | 'allowedKeyTypes'> {
  const keys = new SdkKeyMaker({ now: () => new Date() });
  afterAll(() => keys.close());
  return {
    makeSdkKey: (order) => keys.make(order),
    signers: new Map([
      ['issuing-rsa', testSigner(hierarchy, 'issuing-rsa')],
      ['issuing-ec', testSigner(hierarchy, 'issuing-ec')],
    ]),
    certificates: TEST_CONFIG,
    validity: { validityDays: 365, backdateSeconds: 300 },
    clockToleranceMs: 30_000,
  };
}

async function registerIssuers(db: Database, hierarchy: ReturnType<typeof testHierarchy>): Promise<void> {
  for (const id of ['root', 'issuing-rsa', 'issuing-ec'] as const) await registerIssuer(db, id, testSigner(hierarchy, id).certificateDer);
  const { number, thisUpdate, nextUpdate } = readCrl(hierarchy.rootCrl);
  await importCrl(db, 'root', { number, der: hierarchy.rootCrl, thisUpdate, nextUpdate, entries: 0 }, undefined);
}

function newEvidenceKey(): EvidenceKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return openEvidenceKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}
