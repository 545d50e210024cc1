import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import { CSR_GUIDE } from '../../contract/csr-refusal-guide.ts';
import { KEY_TYPES } from '../../contract/key-types.ts';
import type { CsrRefusal } from '../../core/csr/csr-refusal.ts';
import { decodeCsrText } from '../../core/csr/csr-text.ts';
import { type CsrExamination, examineCsr } from '../../core/csr/examine-csr.ts';
import { hexView } from './hex-view.ts';
import { placeInRequest } from './place-in-request.ts';
import type { CsrFile } from './read-csr-file.ts';

export interface CsrExplanation {
  accepted: boolean;
  /** For a person. */
  text: string;
  /** For a program; its members are those of a refusal on the wire. */
  json: Readonly<Record<string, unknown>>;
}

/** Judges the file with the gate of the service and says what came out. A private key is never printed, whatever else is. */
export function explainCsr(file: CsrFile, deliveryKey: { value: unknown } | undefined): CsrExplanation {
  const examined = examineCsr(file.text, { allowedKeyTypes: KEY_TYPES, ...(deliveryKey === undefined ? {} : { deliveryKey }) });
  return examined.ok ? explainAccepted(file, examined) : explainRefused(file, examined.refusal);
}

type Sound = Extract<CsrExamination, { ok: true }>;

const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.7': 'challengePassword',
  '1.2.840.113549.1.9.16.2.54': 'id-aa-asymmDecryptKeyID (delivery key)',
  '1.2.840.113549.1.9.14': 'extensionRequest (ignored)',
  '1.3.6.1.4.1.311.2.1.14': "Microsoft's extensionRequest (ignored)",
};

function explainAccepted({ name, form, note }: CsrFile, sound: Sound): CsrExplanation {
  const unchecked = notChecked(sound);
  const lines = [
    `ACCEPTED  ${name} (${form})`,
    ...(note === undefined ? [] : ['', note]),
    '',
    `  request      ${sound.octets} octets, ${sound.emptySubject ? 'empty subject' : 'with a subject, which is ignored'}`,
    `  key          ${sound.keyType}, SHA-256 of its SubjectPublicKeyInfo ${sound.spkiSha256Hex}`,
    `  signature    ${sound.signatureAlgorithm}, verifies with that key`,
    `  attributes   ${sound.attributeTypes.map((type) => ATTRIBUTE_NAMES[type] ?? `${type} (ignored)`).join(', ')}`,
    ...(sound.attributesInDerOrder ? [] : ['               not in the order of a DER SET OF (X.690 §11.6); taken in any order']),
    `  challenge    key ${sound.challenge.keyId}, good until ${sound.challenge.expiresAt.toISOString()}, as it says itself`,
    `  delivery key ${sound.deliveryThumbprint}${sound.deliveryKeyCompared ? ', the one that you gave' : ''}`,
    '',
    'Not checked here:',
    ...unchecked.map((one) => `  - ${one}`),
  ];
  const { challenge, ok: _accepted, ...rest } = sound;
  const json = {
    accepted: true,
    ...rest,
    challenge: { ...challenge, expiresAt: challenge.expiresAt.toISOString() },
    notChecked: unchecked,
  };
  return { accepted: true, text: lines.join('\n'), json };
}

function notChecked({ deliveryKeyCompared }: Sound): string[] {
  return [
    'whether the challenge is one of this service, of your enrollment, and not expired (only the service knows)',
    ...(deliveryKeyCompared ? [] : ['whether the delivery key that you send is the one named here (give it with --delivery-key)']),
    'whether the key is in use on another device, one of the service’s own, or blocked (only the database knows)',
    'which key types your service allows (keyProfile.types of the view)',
  ];
}

function explainRefused({ name, form, text, note }: CsrFile, refusal: CsrRefusal): CsrExplanation {
  const { code, rule, detail, hint } = refusal;
  const { looksLike, fix } = CSR_GUIDE[code];
  const where = placeOf(text, refusal);
  const lines = [
    `REFUSED  ${name} (${form})`,
    ...(note === undefined ? [] : ['', note]),
    '',
    `  code   ${code}`,
    `  means  ${CSR_REFUSALS[code].title}`,
    `  why    ${detail}`,
    `  rule   ${rule}`,
    ...(where === undefined ? [] : [`  where  ${where.words}`, '', ...where.view.map((line) => `    ${line}`)]),
    '',
    `  Usual mistake: ${hint}`,
    `  Looks like:    ${looksLike}`,
    `  How to fix it: ${fix}`,
    '',
    `The gate stops at the first fault; check again after mending it. More: docs/csr-refusals.md#${code}`,
  ];
  const json = {
    accepted: false,
    ...refusal,
    ...(where === undefined ? {} : { where: where.words }),
    looksLike,
    fix,
    ...(note === undefined ? {} : { note }),
  };
  return { accepted: false, text: lines.join('\n'), json };
}

interface Place {
  words: string;
  view: string[];
}

/** Codes whose text may hold a private key: nothing of it is shown. */
const NEVER_SHOWN = new Set(['csr_private_key_sent', 'delivery_key_private_sent']);

function placeOf(text: string, { code, offset }: CsrRefusal): Place | undefined {
  if (offset === undefined || NEVER_SHOWN.has(code)) return undefined;
  const decoded = decodeCsrText(text);
  if (!decoded.ok) return placeInText(text, offset);
  const part = placeInRequest(decoded.der, offset);
  const words = `octet ${offset} of ${decoded.der.length} (hex ${offset.toString(16)})${part === undefined ? '' : `, in ${part}`}`;
  return { words, view: hexView(decoded.der, offset) };
}

/** Of the text as it came: there is no DER yet. */
function placeInText(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lines = before.split(/\r\n|\r|\n/);
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return {
    words: `character ${offset} of the text: line ${lines.length}, column ${column}`,
    view: hexView(Buffer.from(text.slice(0, offset + 64)), Buffer.byteLength(before)),
  };
}
