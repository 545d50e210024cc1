import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ISSUER_IDS } from '../../contract/key-types.ts';
import { buildCrl } from '../../core/pki/build-crl.ts';
import { octetsOf } from '../../core/pki/octets.ts';
import { createLogger } from '../../process/logger.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { importCrl, readStoredCrl } from '../../store/import-crl.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { filesIn, pem, run, testHierarchy, testSigner } from '../core/pki/test-hierarchy.ts';
import { expectProblem } from './stand/call.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
const execute = promisify(execFile);
/** The same keys, names and serials as the stand's. */
const hierarchy = testHierarchy(new Date());
const rowOf = (id: string) => stand.db.issuer.findUniqueOrThrow({ where: { id } });
/** The API looks once a second at most. */
const aLook = () => new Promise((done) => setTimeout(done, 1_100));

async function get(path: string, method = 'GET', headers: Record<string, string | undefined> = {}) {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) given.set(name, value);
  const response = await fetch(stand.files + path, { method, headers: given });
  const octets = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, octets };
}

async function expectRefused(path: string, status: number, code: string, method = 'GET') {
  const { headers, octets, ...answer } = await get(path, method);
  expect(answer.status).toBe(status);
  const body: unknown = JSON.parse(octets.toString());
  expect(body).toMatchObject({ code });
  expectProblem(path, { status, headers, body, text: octets.toString() });
}

async function renew(): Promise<void> {
  const signers = new Map(
    (['issuing-rsa', 'issuing-ec'] as const).map((id) => [id, { ...testSigner(hierarchy, id), certificateDer: certificates[id] }]),
  );
  await renewCrls({
    db: stand.db,
    log: createLogger('test', 'silent'),
    signers,
    maxAgeSeconds: 0,
    lifeSeconds: 86_400,
    backdateSeconds: 300,
  });
}
const certificates = {
  'issuing-rsa': octetsOf((await rowOf('issuing-rsa')).certificate),
  'issuing-ec': octetsOf((await rowOf('issuing-ec')).certificate),
};

async function importRoot(number: bigint): Promise<void> {
  const thisUpdate = new Date();
  const nextUpdate = new Date(Date.now() + 86_400_000);
  const der = octetsOf(buildCrl({ signer: testSigner(hierarchy, 'root'), number, thisUpdate, nextUpdate, revoked: [] }));
  await importCrl(stand.db, 'root', { number, der, thisUpdate, nextUpdate, entries: 0 }, await readStoredCrl(stand.db, 'root'));
}

describe('CA certificates', () => {
  test.each(ISSUER_IDS)('/ca/%s.cer is DER, byte for byte what is stored', async (id) => {
    const { status, headers, octets } = await get(`/ca/${id}.cer`);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/pkix-cert']);
    expect(headers.get('cache-control')).toBe('public, max-age=3600');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(octets.equals(Buffer.from((await rowOf(id)).certificate))).toBe(true);
    expect(new X509Certificate(octets).ca).toBe(true);
  });

  test('/ca/bundle.pem holds the root, then the issuing CAs by id, each once and nothing else', async () => {
    const { status, headers, octets } = await get('/ca/bundle.pem');
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'application/x-pem-file',
      'public, max-age=60',
    ]);
    const wanted = await Promise.all(
      ['root', 'issuing-ec', 'issuing-rsa'].map(async (id) => pem('CERTIFICATE', (await rowOf(id)).certificate)),
    );
    expect(octets.toString()).toBe(wanted.join(''));
  });
});

describe('CRLs', () => {
  test.each(['/crl/root.crl', '/crl/issuing-ec.pem', '/crl/all.pem'])('before the first one %s is 503 with Retry-After', async (path) => {
    await expectRefused(path, 503, 'service_unavailable');
  });

  test('all.pem is there only when every CRL is', async () => {
    await renew();
    await aLook();
    expect((await get('/crl/issuing-ec.pem')).status).toBe(200);
    await expectRefused('/crl/all.pem', 503, 'service_unavailable');
    await importRoot(1n);
    await aLook();
    expect((await get('/crl/all.pem')).status).toBe(200);
  });

  test('as DER and as PEM are always the newest, and say so', async () => {
    for (const _ of [1, 2]) {
      await renew();
      await aLook();
      const { crl } = await rowOf('issuing-ec');
      const { status, headers, octets } = await get('/crl/issuing-ec.crl');
      expect([status, headers.get('content-type')]).toEqual([200, 'application/pkix-crl']);
      expect([headers.get('cache-control'), headers.get('accept-ranges')]).toEqual(['public, max-age=60', 'none']);
      expect(octets.equals(Buffer.from(crl ?? []))).toBe(true);
      const text = await get('/crl/issuing-ec.pem');
      expect([text.headers.get('content-type'), text.octets.toString()]).toEqual([
        'application/x-pem-file',
        pem('X509 CRL', crl ?? new Uint8Array()),
      ]);
    }
  });

  test('all.pem is the root’s, then those of the issuing CAs by id, nothing between', async () => {
    const wanted = await Promise.all(
      ['root', 'issuing-ec', 'issuing-rsa'].map(async (id) => pem('X509 CRL', (await rowOf(id)).crl ?? new Uint8Array())),
    );
    expect((await get('/crl/all.pem')).octets.toString()).toBe(wanted.join(''));
  });

  test('all.pem and bundle.pem are all that OpenSSL needs to check a device’s chain with revocation', async () => {
    const { id } = await bringTo(stand, 'awaiting-ack');
    const [leaf] = await stand.db.certificate.findMany({ where: { enrollmentId: id } });
    const download = async () => {
      await aLook();
      return filesIn({
        'all.pem': (await get('/crl/all.pem')).octets,
        'bundle.pem': (await get('/ca/bundle.pem')).octets,
        'leaf.pem': pem('CERTIFICATE', leaf?.der ?? new Uint8Array()),
      });
    };
    const verify = (file: (name: string) => string) =>
      run(
        'openssl',
        'verify',
        '-no-CApath',
        '-no-CAstore',
        '-crl_check_all',
        '-CAfile',
        file('bundle.pem'),
        '-CRLfile',
        file('all.pem'),
        file('leaf.pem'),
      );
    await renew();
    expect(verify(await download())).toMatchObject({ ok: true });
    await endEnrollment(stand.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
    await renew();
    expect(verify(await download()).output).toContain('certificate revoked');
  });
});

describe('a caller that has the file already', () => {
  const paths = ['/ca/root.cer', '/ca/bundle.pem', '/crl/root.crl', '/crl/issuing-ec.crl', '/crl/issuing-ec.pem', '/crl/all.pem'];
  const validators = async (path: string) => {
    const { headers } = await get(path);
    return { etag: headers.get('etag') ?? '', modified: headers.get('last-modified') ?? '' };
  };

  test.each(paths)('%s has a strong ETag and a date, and is 304 without content for either', async (path) => {
    await aLook();
    const { etag, modified } = await validators(path);
    expect(etag).toMatch(/^"[\w-]{22}(-pem)?"$/);
    expect(Date.parse(modified)).toBeLessThanOrEqual(Date.now());
    for (const headers of [
      { 'If-None-Match': etag },
      { 'If-None-Match': `"x", W/${etag}` },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': modified },
    ]) {
      const answer = await get(path, 'GET', headers);
      expect([answer.status, answer.octets.length, answer.headers.get('etag')]).toEqual([304, 0, etag]);
      expect(answer.headers.get('cache-control')).toContain('max-age');
    }
  });

  test.each(paths)('%s is sent again for another validator, and for a date that was not given', async (path) => {
    const { modified } = await validators(path);
    const later = new Date(Date.parse(modified) + 60_000).toUTCString();
    for (const headers of [
      { 'If-None-Match': '"other"' },
      { 'If-Modified-Since': later },
      { 'If-Modified-Since': 'yesterday' },
      { 'If-None-Match': '"other"', 'If-Modified-Since': modified },
    ])
      expect((await get(path, 'GET', headers)).status).toBe(200);
  });

  test('files differ in their ETags', async () => {
    const etags = await Promise.all(paths.map(async (path) => (await validators(path)).etag));
    expect(new Set(etags).size).toBe(paths.length);
  });

  test('CRLs that are signed in the same second have dates of their own, and so has all.pem after each', async () => {
    const seen: string[] = [];
    for (const _ of [1, 2, 3]) {
      await renew();
      const rows = await stand.db.issuer.findMany({ select: { crlModifiedAt: true } });
      seen.push(...rows.map(({ crlModifiedAt }) => crlModifiedAt?.toISOString() ?? 'none'));
    }
    // The root's stays, six others came.
    expect(new Set(seen).size).toBe(7);
    expect(seen.every((date) => date.endsWith('.000Z'))).toBe(true);
  });

  test('two CRLs that are stored at the same moment have dates of their own', async () => {
    const sign = (id: 'issuing-rsa' | 'issuing-ec') =>
      renewCrls({
        db: stand.db,
        log: createLogger('test', 'silent'),
        signers: new Map([[id, { ...testSigner(hierarchy, id), certificateDer: certificates[id] }]]),
        maxAgeSeconds: 0,
        lifeSeconds: 86_400,
        backdateSeconds: 300,
      });
    await Promise.all([sign('issuing-rsa'), sign('issuing-ec'), importRoot(5n)]);
    const rows = await stand.db.issuer.findMany({ select: { crlModifiedAt: true } });
    expect(new Set(rows.map(({ crlModifiedAt }) => crlModifiedAt?.getTime())).size).toBe(3);
  });

  test('curl takes a file once', async () => {
    await aLook();
    const file = filesIn({});
    const keep = ['--etag-save', file('etag'), '--etag-compare', file('etag'), '-o', file('all.pem')];
    const curl = async () => (await execute('curl', ['-sS', ...keep, '-w', '%{http_code}', `${stand.files}/crl/all.pem`])).stdout;
    expect([await curl(), await curl()]).toEqual(['200', '304']);
  });
});

describe('HEAD', () => {
  test.each(['/ca/root.cer', '/crl/issuing-ec.crl', '/crl/all.pem'])('of %s has the headers of GET and no content', async (path) => {
    await aLook();
    const [whole, head] = [await get(path), await get(path, 'HEAD')];
    expect([head.status, head.octets.length]).toEqual([200, 0]);
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified', 'cache-control'])
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    expect(head.headers.get('content-length')).toBe(String(whole.octets.length));
  });

  test('of a file that is not there is 404', async () => {
    expect((await get('/crl/nobody.crl', 'HEAD')).status).toBe(404);
  });
});

test('a Range is not served: the file comes whole', async () => {
  const { status, octets } = await get('/ca/root.cer', 'GET', { Range: 'bytes=0-9' });
  expect([status, octets.length > 10]).toEqual([200, true]);
});

test.each([
  '/ca/unknown.cer',
  '/ca/root.crl',
  '/crl/root.cer',
  '/ca/root',
  '/ca/root.cer.bak',
  '/ca/Root.cer',
  '/ca/..%2Froot.cer',
  '/crl/issuing-ec.crl%00',
  '/crl/bundle.pem',
  '/ca/all.pem',
  '/ca/root.pem',
  '/crl/all.crl',
])('%s is no file: 404', async (path) => {
  await expectRefused(path, 404, 'file_not_found');
});

test.each(['/', '/ca/', '/ca', '/CA/root.cer', '/v1/enrollments', '/docs/', '/.well-known/cs-evidence-jwks.json', '/ca/%E0%A4%A'])(
  '%s is not served over plain HTTP: 404',
  async (path) => {
    await expectRefused(path, 404, 'route_not_found');
  },
);

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed, and GET and HEAD are named', async (method) => {
  for (const path of ['/ca/root.cer', '/crl/issuing-ec.crl', '/crl/all.pem', '/crl/nobody.crl']) {
    await expectRefused(path, 405, 'method_not_allowed', method);
    expect((await get(path, method)).headers.get('allow')).toBe('GET, HEAD');
  }
});

test('the evidence keys are public on the TLS listener, without a private member', async () => {
  const response = await fetch(`${stand.base}/.well-known/cs-evidence-jwks.json`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
  expect(await response.json()).toEqual({
    keys: [{ kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String), kid: stand.evidence.kid, alg: 'ES256', use: 'sig' }],
  });
});
