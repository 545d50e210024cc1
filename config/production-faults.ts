import { databaseUrl, faultOfDatabaseUrl } from './database-url.ts';
import type { Field } from './field.ts';
import { arcOfNobody } from './policy-oid.ts';
import { clearTextTemporal } from './temporal-fields.ts';
import { tooWide } from './wide-block.ts';

type Values = Readonly<Record<string, unknown>>;

/** What development may do and production must not, one sentence each. */
export function* productionFaults(values: Values): Generator<string> {
  yield* examplePolicies(values);
  yield* clearTextKeySets(values);
  yield* clearTextTemporal(values);
  yield* wideProxies(values['trustedProxies']);
  if (values['rateLimits'] === false) yield 'CS_RATE_LIMITS is false: raise single limits instead.';
  if (values['pinDelays'] === false)
    yield 'CS_PIN_DELAYS is false: without delays a PIN is guessed as fast as the limits of calls allow. Remove it.';
  if (values['faultPointsSocket'] !== undefined)
    yield 'CS_FAULT_POINTS_SOCKET is set: a fault runner could hold this process at any step of an enrollment. Remove it.';
  if ('workflowBundle' in values && values['workflowBundle'] === undefined)
    yield 'CS_WORKFLOW_BUNDLE is not set. Build it with `npm run build`.';
}

/** Every setting that is a database URL, whatever its name. */
export function* databaseFaults(fields: Readonly<Record<string, Field>>, values: Values): Generator<string> {
  for (const [key, { env, schema }] of Object.entries(fields)) {
    const url = values[key];
    const fault = schema === databaseUrl && typeof url === 'string' ? faultOfDatabaseUrl(url) : undefined;
    if (fault !== undefined) yield `${env} ${fault}.`;
  }
}

function* examplePolicies({ userPolicyOid, sdkPolicyOid }: Values): Generator<string> {
  for (const [env, oid] of Object.entries({ CS_POLICY_OID_USER: userPolicyOid, CS_POLICY_OID_SDK: sdkPolicyOid })) {
    const arc = typeof oid === 'string' ? arcOfNobody(oid) : undefined;
    if (arc !== undefined) yield `${env} is an OID under ${arc}, which is nobody's. Set the policy OID of your organization.`;
  }
}

function* clearTextKeySets({ jwksUrl, codecJwksUrl, operatorJwksUrl }: Values): Generator<string> {
  const keySets = { CS_JWKS_URL: jwksUrl, CS_CODEC_JWKS_URL: codecJwksUrl, CS_OPERATOR_JWKS_URL: operatorJwksUrl };
  for (const [env, url] of Object.entries(keySets)) {
    if (typeof url === 'string' && !url.startsWith('https:'))
      yield `${env} is not https: whoever changes the answer on its way makes tokens.`;
  }
}

function* wideProxies(blocks: unknown): Generator<string> {
  for (const block of Array.isArray(blocks) ? blocks : []) {
    if (typeof block === 'string' && tooWide(block))
      yield `CS_TRUSTED_PROXIES has ${block}: any stranger in it could say to be somebody else. Name the addresses of your proxies.`;
  }
}
