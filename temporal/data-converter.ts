import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../core/key-ring.ts';
import { payloadCodec } from './payload-codec.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** The module that the workflow bundle is made with as well. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(new URL(`./failure-converter.${EXTENSION}`, import.meta.url));

/** What clients and workers share: everything in a history passes the codec, failures included. */
export function dataConverter(keys: KeyRing): DataConverter {
  return { payloadCodecs: [payloadCodec(keys)], failureConverterPath: FAILURE_CONVERTER_PATH };
}
