import { describe, expect, test } from 'vitest';
import { type Field, PROCESSES, type ProcessName } from '../../config/fields.ts';
import { ConfigError, loadConfig } from '../../config/load-config.ts';
import { otherSpellings } from '../rig/other-spellings.ts';
import { environmentOf, fieldsOf, fileWith, processNames, TEST_KEY } from './process-environment.ts';

describe.each(processNames())('the %s process', (name) => {
  const required = fieldsOf(name).filter(({ schema }) => !schema.safeParse(undefined).success);
  const foreign = allKeys().filter((env) => !fieldsOf(name).some((field) => field.env === env));

  test('is in the list of this test', () => {
    expect(Object.keys(PROCESSES)).toContain(name);
    expect(processNames()).toHaveLength(Object.keys(PROCESSES).length);
  });

  test('starts with a complete production environment and cannot change its settings', () => {
    const config: Readonly<Record<string, unknown>> = loadConfig(name, environmentOf(name));
    expect(config['environment']).toBe('production');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Reflect.set(config, 'environment', 'development')).toBe(false);
  });

  test('given nothing, names each setting that it needs in one sentence of its own', () => {
    expect(problemsOf(name, {}).filter((line) => line.includes(' is not set. '))).toEqual(expect.arrayContaining(required.map(missing)));
  });

  test.each(required.map((field) => [field.env, field] as const))('without %s says so, what it is for, and nothing else', (env, field) => {
    expect(problemsOf(name, environmentOf(name, { [env]: undefined }))).toEqual([missing(field)]);
  });

  test.each(required.map((field) => [field.env, field] as const))('takes an empty %s for none', (env, field) => {
    expect(problemsOf(name, environmentOf(name, { [env]: '' }))[0]).toContain(field.env);
  });

  test.each(foreign)('refuses to hold %s, which belongs to another process', (env) => {
    expect(problemsOf(name, environmentOf(name, { [env]: fileWith('x') }))).toEqual([
      `${env} is set, but the process ${name} must not have this key. Remove it.`,
    ]);
  });
});

describe('keys are where they belong', () => {
  const holders = (env: string) => processNames().filter((name) => fieldsOf(name).some((field) => field.env === env));

  test.each([
    ['CS_ISSUING_RSA_KEY_FILE', ['issuer']],
    ['CS_ISSUING_EC_KEY_FILE', ['issuer']],
    ['CS_ISSUING_RSA_PASSPHRASE_FILE', ['issuer']],
    ['CS_ISSUING_EC_PASSPHRASE_FILE', ['issuer']],
    ['CS_EVIDENCE_KEY_FILE', ['worker']],
    ['CS_PIN_PEPPER_KEYS_FILE', ['api']],
    ['CS_PIN_SALT_KEYS_FILE', ['api']],
    ['CS_TOKEN_KEYS_FILE', ['api']],
    ['CS_TLS_KEY_FILE', ['api']],
    ['CS_CODEC_TLS_KEY_FILE', ['codec']],
    ['CS_CODEC_KEYS_FILE', ['api', 'worker', 'issuer', 'codec']],
  ])('%s goes to %j only', (env, expected) => {
    expect(holders(env)).toEqual(expected);
  });

  test('no process is ever given a root key', () => {
    expect(allKeys().filter((env) => env.includes('ROOT'))).toEqual([]);
  });
});

describe('what production refuses and development allows', () => {
  test.each([
    ['CS_POLICY_OID_USER', '2.25.261437790486893842764351487366214219451.1', '2.25'],
    ['CS_POLICY_OID_SDK', '2.25', '2.25'],
    ['CS_POLICY_OID_USER', '1.3.6.1.4.1.32473.1.1', '1.3.6.1.4.1.32473'],
    ['CS_POLICY_OID_SDK', '1.3.6.1.4.1.32473', '1.3.6.1.4.1.32473'],
  ])('%s = %s, which is a try or an example', (env, oid, arc) => {
    const changes = { [env]: oid };
    expect(problemsOf('issuer', environmentOf('issuer', changes))).toEqual([
      `${env} is an OID under ${arc}, which is nobody's. Set the policy OID of your organization.`,
    ]);
    expect(problemsOf('issuer', environmentOf('issuer', { ...changes, CS_ENV: 'development' }))).toEqual([]);
  });

  test('no OID is refused because its arc begins like one of nobody', () => {
    for (const oid of ['2.251.1', '1.3.6.1.4.1.324731.1', '1.3.6.1.4.1.3247'])
      expect(problemsOf('issuer', environmentOf('issuer', { CS_POLICY_OID_USER: oid })), oid).toEqual([]);
  });

  test('a worker without a prebuilt workflow bundle', () => {
    expect(problemsOf('worker', environmentOf('worker', { CS_WORKFLOW_BUNDLE: undefined }))).toEqual([
      expect.stringContaining('CS_WORKFLOW_BUNDLE is not set.'),
    ]);
    expect(problemsOf('worker', environmentOf('worker', { CS_WORKFLOW_BUNDLE: undefined, CS_ENV: 'development' }))).toEqual([]);
  });

  test.each(['api', 'worker', 'issuer'] as const)('an %s process at whose fault points a runner could kill it', (name) => {
    const changes = { CS_FAULT_POINTS_SOCKET: '/tmp/faults.sock' };
    expect(problemsOf(name, environmentOf(name, changes))).toEqual([
      expect.stringMatching(/^CS_FAULT_POINTS_SOCKET is set: .*Remove it\.$/),
    ]);
    expect(loadConfig(name, environmentOf(name, { ...changes, CS_ENV: 'development' })).faultPointsSocket).toBe('/tmp/faults.sock');
  });

  test('an API without the delays between wrong PINs', () => {
    expect(problemsOf('api', environmentOf('api', { CS_PIN_DELAYS: 'false' }))).toEqual([
      'CS_PIN_DELAYS is false: without delays a PIN is guessed as fast as the limits of calls allow. Remove it.',
    ]);
    expect(problemsOf('api', environmentOf('api', { CS_PIN_DELAYS: 'false', CS_ENV: 'development' }))).toEqual([]);
  });

  test.each([
    ['api', 'CS_JWKS_URL'],
    ['codec', 'CS_CODEC_JWKS_URL'],
  ] as const)('%s with a key set that is fetched without TLS (%s)', (name, env) => {
    const operators = { CS_OPERATOR_JWT_ISSUER: 'https://identity.example.org', CS_OPERATOR_JWT_AUDIENCE: 'operators' };
    const changes = { ...operators, [env]: 'http://token-service.example.org/jwks.json' };
    expect(problemsOf(name, environmentOf(name, changes))).toEqual([expect.stringMatching(`^${env} .*https`)]);
    expect(problemsOf(name, environmentOf(name, { ...changes, CS_ENV: 'development' }))).toEqual([]);
  });
});

describe('a key ring file', () => {
  const problems = (content: string) => problemsOf('codec', environmentOf('codec', { CS_CODEC_KEYS_FILE: fileWith(content) }));

  test('may have comments, blank lines, CRLF and old keys; the first is the current one', () => {
    const content = `# rotated\r\nnew ${Buffer.alloc(32, 2).toString('base64url')} # from today\r\n\r\nold\t${TEST_KEY}\r\n`;
    const { codecKeys } = loadConfig('codec', environmentOf('codec', { CS_CODEC_KEYS_FILE: fileWith(content) }));
    expect(codecKeys.current).toEqual({ kid: 'new', key: new Uint8Array(32).fill(2) });
    expect(codecKeys.get('old')).toEqual(new Uint8Array(32).fill(1));
    expect(codecKeys.get('other')).toBeUndefined();
  });

  test.each([
    ['empty', ''],
    ['only comments', '# nothing\n'],
    ['a key without an id', `${TEST_KEY}\n`],
    ['a key with unused bits set, a second text for the same key', `a ${otherSpellings(TEST_KEY)[0]}\n`],
    ['a key of 31 octets', `a ${Buffer.alloc(31, 1).toString('base64url')}\n`],
    ['a key of 33 octets', `a ${Buffer.alloc(33, 1).toString('base64url')}\n`],
    ['plain base64', `a ${Buffer.alloc(32, 255).toString('base64')}\n`],
    ['hex', `a ${Buffer.alloc(32, 1).toString('hex')}\n`],
    ['an id twice', `a ${TEST_KEY}\na ${Buffer.alloc(32, 2).toString('base64url')}\n`],
    ['one good line and one bad', `a ${TEST_KEY}\nb short\n`],
    ['an id of 17 characters', `${'i'.repeat(17)} ${TEST_KEY}\n`],
  ])('that is malformed (%s) is refused', (_what, content) => {
    expect(problems(content)).toEqual([expect.stringMatching(/^CS_CODEC_KEYS_FILE must hold one key a line/)]);
  });

  test.each(['key-1', '256', '01', '-1'])(
    'of challenges with the id %s, which is no octet, is refused at start and not at the first challenge',
    (kid) => {
      const changes = { CS_CHALLENGE_KEYS_FILE: fileWith(`${kid} ${TEST_KEY}\n`) };
      expect(problemsOf('api', environmentOf('api', changes))).toEqual([expect.stringMatching(/^CS_CHALLENGE_KEYS_FILE .*0 to 255/)]);
    },
  );
});

describe('values that make no sense are refused by name', () => {
  test.each([
    ['api', 'CS_API_PORT', '70000'],
    ['api', 'CS_PIN_SECONDS', '0'],
    ['api', 'CS_PIN_MAX_FAILURES', '11'],
    ['api', 'CS_PIN_MAX_ATTEMPTS', '11'],
    ['worker', 'CS_PIN_MAX_ATTEMPTS', '11'],
    ['api', 'CS_PIN_MEMORY_KIB', '1024'],
    ['api', 'CS_PIN_DELAYS', 'yes'],
    ['api', 'CS_KEY_TYPES', 'EC:P-256,RSA:1024'],
    ['api', 'CS_ENV', 'staging'],
    ['issuer', 'CS_POLICY_OID_USER', 'my policy'],
    ['issuer', 'CS_PUBLIC_BASE_URL', 'https://pki.example.org'],
    ['issuer', 'CS_VALIDITY_DAYS', '4000'],
  ] as const)('%s: %s=%s', (name, env, value) => {
    expect(problemsOf(name, environmentOf(name, { [env]: value }))).toEqual([expect.stringMatching(`^${env} `)]);
  });

  test('fewer digits at most than at least', () => {
    const problems = problemsOf('api', environmentOf('api', { CS_PIN_MIN_DIGITS: '10', CS_PIN_MAX_DIGITS: '8' }));
    expect(problems).toEqual([expect.stringMatching(/CS_PIN_MIN_DIGITS.*CS_PIN_MAX_DIGITS/)]);
  });
});

describe('secrets are never quoted', () => {
  const secrets = processNames().flatMap((name) =>
    fieldsOf(name)
      .filter(({ key }) => key)
      .map(({ env }) => [name, env] as const),
  );
  const PLANTED = 'PLANTED-VALUE-0123456789';

  test.each(secrets)('%s: a malformed %s', (name, env) => {
    for (const content of [PLANTED, `kid ${PLANTED}`, `http://user:${PLANTED}@host/`, `${PLANTED}\n${PLANTED}`]) {
      expect(messageOf(name, environmentOf(name, { [env]: fileWith(content) }))).not.toContain(PLANTED);
    }
  });

  test('a file that cannot be read is named with the reason', () => {
    expect(problemsOf('migrate', { CS_DATABASE_URL_FILE: '/nowhere/database.url' })).toEqual([
      'CS_DATABASE_URL_FILE names /nowhere/database.url, and there is no such file. Write it, or correct the path.',
    ]);
  });
});

test('as many PIN attempts of an enrollment as failures of a user are refused: one stolen token could lock the PIN', () => {
  for (const name of ['api', 'worker'] as const) {
    const limits = (attempts: number, failures: number) =>
      environmentOf(name, { CS_PIN_MAX_ATTEMPTS: String(attempts), CS_PIN_MAX_FAILURES: String(failures) });
    expect(problemsOf(name, limits(9, 10))).toEqual([]);
    expect(problemsOf(name, limits(5, 5))).toEqual([expect.stringContaining('CS_PIN_MAX_ATTEMPTS is not below CS_PIN_MAX_FAILURES')]);
  }
});

describe('worker versioning', () => {
  test('is off unless a deployment is named, and then needs a build id', () => {
    expect(problemsOf('worker', environmentOf('worker', {}))).toEqual([]);
    for (const name of ['worker', 'issuer'] as const) {
      expect(problemsOf(name, environmentOf(name, { CS_WORKER_DEPLOYMENT_NAME: 'cs' }))).toEqual([
        'CS_WORKER_DEPLOYMENT_NAME and CS_WORKER_BUILD_ID are set together or not at all.',
      ]);
      expect(problemsOf(name, environmentOf(name, { CS_WORKER_DEPLOYMENT_NAME: 'cs', CS_WORKER_BUILD_ID: '0.2.0' }))).toEqual([]);
    }
  });

  test('deadlines may be as long as 30 days, and no longer', () => {
    const days = (n: number) => environmentOf('api', { CS_PIN_SECONDS: String(n * 86_400), CS_WHOLE_SECONDS: String(n * 86_400) });
    expect(problemsOf('api', days(30))).toEqual([]);
    expect(problemsOf('api', days(31))).toHaveLength(2);
  });
});

function missing({ env, doc }: Field): string {
  return `${env} is not set. ${doc}`;
}

function allKeys(): string[] {
  return [
    ...new Set(
      processNames().flatMap((name) =>
        fieldsOf(name)
          .filter(({ key }) => key)
          .map(({ env }) => env),
      ),
    ),
  ];
}

/** One line a problem; none when the process would start. */
function problemsOf(name: ProcessName, env: Readonly<Record<string, string | undefined>>): string[] {
  const [head = '', ...lines] = messageOf(name, env).split('\n');
  if (head !== '') expect(head).toBe(`${name} cannot start:`);
  return lines.map((line) => line.replace(/^ {2}- /, ''));
}

function messageOf(name: ProcessName, env: Readonly<Record<string, string | undefined>>): string {
  try {
    loadConfig(name, env);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
