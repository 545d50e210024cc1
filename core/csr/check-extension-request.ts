import { oidText } from '../asn1/oid.ts';
import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { CsrRefused } from './csr-refusal.ts';
import { generalNamesFault } from './general-names.ts';

const MAX_EXTENSIONS = 32;
const SUBJECT_ALT_NAME = '2.5.29.17';

/**
 * extensionRequest (RFC 2985 §5.4.2) is ignored, but must be well-formed: one value, Extensions of RFC 5280 §4.1, each OID once,
 * `critical` absent when false (DER default), DER in every OCTET STRING. Throws `CsrRefused` `csr_profile_extension_request`.
 */
export function checkExtensionRequest(attribute: DerNode, values: readonly DerNode[]): void {
  const [extensions, ...rest] = values;
  if (extensions?.tag !== 0x30 || extensions.children.length === 0 || rest.length > 0) {
    throw refused(attribute, 'extensionRequest is not one SEQUENCE of at least one extension.');
  }
  const tooMany = extensions.children[MAX_EXTENSIONS];
  if (tooMany !== undefined) throw refused(tooMany, `More than ${MAX_EXTENSIONS} extensions are requested.`);
  const seen = new Set<string>();
  for (const extension of extensions.children) {
    const { id, value } = partsOf(extension);
    if (seen.has(id)) throw refused(extension, `Extension ${id} is requested twice.`);
    seen.add(id);
    checkValue(id, value);
  }
}

function partsOf(extension: DerNode): { id: string; value: DerNode } {
  const [type, ...others] = extension.children;
  const value = others.at(-1);
  const [critical, ...rest] = others.slice(0, -1);
  if (extension.tag !== 0x30 || type?.tag !== 0x06 || value?.tag !== 0x04 || rest.length > 0) {
    throw refused(extension, 'An extension is not OID, critical, OCTET STRING.');
  }
  if (critical !== undefined && (critical.tag !== 0x01 || critical.content[0] !== 0xff)) {
    throw refused(critical, 'critical must be TRUE or absent.');
  }
  return { id: oidText(type), value };
}

function checkValue(id: string, { content, offset, headerLength }: DerNode): void {
  const inside = offset + headerLength;
  const value = derOf(content, inside);
  const fault = id === SUBJECT_ALT_NAME ? generalNamesFault(value) : undefined;
  if (fault !== undefined) throw new CsrRefused('csr_profile_extension_request', fault.reason, inside + fault.offset);
}

function derOf(content: Uint8Array, inside: number): DerNode {
  try {
    return readDer(content);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const detail = `The value of an extension holds ${error.reason}.`;
    throw new CsrRefused('csr_profile_extension_request', detail, inside + error.offset, error.rule);
  }
}

function refused(node: DerNode, detail: string): CsrRefused {
  return new CsrRefused('csr_profile_extension_request', detail, node.offset);
}
