import { z } from 'zod';

export const policyOid = z.string().regex(/^[0-2](\.(0|[1-9]\d*))+$/, 'must be a dotted object identifier');

/** Arcs that belong to nobody who answers for a policy: random UUIDs (ITU-T X.667) and examples (RFC 5612). */
const NOBODYS = /^(2\.25|1\.3\.6\.1\.4\.1\.32473)(?=\.|$)/;
/** Old Go refuses a certificate with a larger arc, GnuTLS, NSS and strongSwan misread it; X.660 knows no bound. */
const LARGEST_READ_EVERYWHERE = 2n ** 31n - 1n;

/** The arc under which an OID is a try or an example only; undefined when it is somebody's. */
export function arcOfNobody(oid: string): string | undefined {
  return NOBODYS.exec(oid)?.[1];
}

/** One sentence for each policy OID of the configuration that programs out there cannot read. */
export function policyOidWarnings({ userPolicyOid, sdkPolicyOid }: { userPolicyOid: string; sdkPolicyOid: string }): string[] {
  const oids = { CS_POLICY_OID_USER: userPolicyOid, CS_POLICY_OID_SDK: sdkPolicyOid };
  return Object.entries(oids).flatMap(([env, oid]) =>
    oid.split('.').some((arc) => BigInt(arc) > LARGEST_READ_EVERYWHERE)
      ? [`${env} has an arc above 2^31 - 1: some programs refuse or misread certificates with it. Take an OID with small arcs.`]
      : [],
  );
}
