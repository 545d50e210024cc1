import { compareOctets } from '../asn1/compare-octets.ts';
import { oidText } from '../asn1/oid.ts';
import type { DerNode } from '../asn1/read-der.ts';
import { checkExtensionRequest } from './check-extension-request.ts';
import { CsrRefused } from './csr-refusal.ts';

/** What the gate needs of the attributes; whether they must be there is judged with the challenge. */
export interface CsrAttributes {
  /** Of the field [0] in the request. */
  readonly offset: number;
  /** Types in the order of the request. */
  readonly types: readonly string[];
  /** Whether they are sorted as DER sorts a SET OF (X.690 §11.6). Nothing hangs on it (ADR 54). */
  readonly inDerOrder: boolean;
  readonly challenge?: { readonly text: string; readonly offset: number };
  /** SHA-256 thumbprint of the delivery key, 32 octets. */
  readonly deliveryThumbprint?: { readonly octets: Uint8Array; readonly offset: number };
}

const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
/** Microsoft's older name for the same; OpenSSL reads both. */
const MICROSOFT_EXTENSION_REQUEST = '1.3.6.1.4.1.311.2.1.14';
const ASYMM_DECRYPT_KEY_ID = '1.2.840.113549.1.9.16.2.54';
/** The protocol knows two; tools add a few of their own. */
const MAX_ATTRIBUTES = 16;
const MAX_VALUES = 16;
/** The whole attribute up to the thumbprint (RFC 7191 §3, our byte form of protocol §3). */
const DELIVERY_BINDING = Buffer.from('3031060b2a864886f70d010910023631220420', 'hex');

/** Reads attributes [0] (RFC 2986 §4.1), in any order, each type once: many libraries do not sort them, and the signature is over the octets as they are. Throws `CsrRefused` `csr_profile_…`. */
export function readAttributes(attributes: DerNode): CsrAttributes {
  const byType = new Map<string, Attribute>();
  const tooMany = attributes.children[MAX_ATTRIBUTES];
  if (tooMany !== undefined) throw limit(`There are more than ${MAX_ATTRIBUTES} attributes.`, tooMany);
  for (const node of attributes.children) {
    const [type, values, ...rest] = node.children;
    if (node.tag !== 0x30 || type?.tag !== 0x06 || values?.tag !== 0x31 || values.children.length === 0 || rest.length > 0) {
      throw new CsrRefused('csr_profile_attributes', 'An attribute is not a type and a SET of at least one value.', node.offset);
    }
    if (values.children.length > MAX_VALUES) throw limit(`An attribute has more than ${MAX_VALUES} values.`, node);
    const id = oidText(type);
    if (byType.has(id)) throw new CsrRefused('csr_profile_attribute_repeated', `Attribute ${id} stands more than once.`, node.offset);
    byType.set(id, { node, values: values.children });
  }
  checkExtensionRequests(byType);
  const { offset } = attributes;
  return {
    offset,
    types: [...byType.keys()],
    inDerOrder: isSorted(attributes.children),
    ...challengeOf(byType.get(CHALLENGE_PASSWORD)),
    ...thumbprintOf(byType.get(ASYMM_DECRYPT_KEY_ID)),
  };
}

interface Attribute {
  readonly node: DerNode;
  readonly values: readonly DerNode[];
}

function limit(detail: string, { offset }: DerNode): CsrRefused {
  return new CsrRefused('csr_profile_attributes', detail, offset, 'protocol §3 (limits)');
}

/** Which of two would count differs from reader to reader: one, under either name. */
function checkExtensionRequests(byType: ReadonlyMap<string, Attribute>): void {
  const [first, second] = [EXTENSION_REQUEST, MICROSOFT_EXTENSION_REQUEST].flatMap((type) => byType.get(type) ?? []);
  if (second !== undefined)
    throw new CsrRefused('csr_profile_extension_request', 'Extensions are requested in two attributes.', second.node.offset);
  if (first !== undefined) checkExtensionRequest(first.node, first.values);
}

/** The DER reader cannot know that [0] is a SET OF. */
function isSorted(nodes: readonly DerNode[]): boolean {
  return nodes.every(({ raw }, i) => {
    const before = nodes[i - 1];
    return before === undefined || compareOctets(before.raw, raw) <= 0;
  });
}

/** RFC 2985 §5.4.1. Other string types are refused: a challenge needs none of their characters. */
function challengeOf(attribute: Attribute | undefined): Pick<CsrAttributes, 'challenge'> {
  if (attribute === undefined) return {};
  const [value, ...rest] = attribute.values;
  if (value === undefined || rest.length > 0 || (value.tag !== 0x0c && value.tag !== 0x13)) {
    throw new CsrRefused('csr_profile_challenge', challengeDetail(attribute.values), attribute.node.offset);
  }
  return { challenge: { text: Buffer.from(value.content).toString('latin1'), offset: value.offset } };
}

function challengeDetail(values: readonly DerNode[]): string {
  const [value] = values;
  if (value === undefined || values.length > 1) return `challengePassword has ${values.length} values: write exactly one.`;
  return `challengePassword has the tag ${value.tag.toString(16).padStart(2, '0')}: write a UTF8String (0c) of the 82 characters of challenge.value.`;
}

function thumbprintOf(attribute: Attribute | undefined): Pick<CsrAttributes, 'deliveryThumbprint'> {
  if (attribute === undefined) return {};
  const { raw, offset } = attribute.node;
  const start = DELIVERY_BINDING.length;
  if (raw.length !== start + 32 || !DELIVERY_BINDING.equals(raw.subarray(0, start)))
    throw new CsrRefused('csr_profile_delivery_binding', bindingDetail(attribute.values), offset);
  return { deliveryThumbprint: { octets: raw.subarray(start), offset } };
}

function bindingDetail(values: readonly DerNode[]): string {
  const [value] = values;
  if (value === undefined || values.length > 1) return `id-aa-asymmDecryptKeyID has ${values.length} values: write exactly one.`;
  if (value.tag !== 0x04)
    return `id-aa-asymmDecryptKeyID has the tag ${value.tag.toString(16).padStart(2, '0')}: write an OCTET STRING (04) of 32 octets.`;
  return `id-aa-asymmDecryptKeyID holds ${value.content.length} octets: write the 32 of the SHA-256 thumbprint, not a text of them.`;
}
