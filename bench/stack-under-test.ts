import { type OwnStack, ownStack } from '../cli/dev/own-stack.ts';
import { readKeyRing } from '../config/key-ring-file.ts';
import type { KeyRing } from '../core/key-ring.ts';

export interface StackUnderTest extends OwnStack {
  /** Keys of the payload codec and of the PIN salts, read from the development stack's own files. */
  readonly codecKeys: KeyRing;
  readonly saltKeys: KeyRing;
}

/** Attaches to a running development stack, or starts one on free ports in a temporary folder. */
export async function stackUnderTest(data: string | undefined): Promise<StackUnderTest> {
  const stack = await ownStack(data);
  const ring = (name: string): KeyRing => readKeyRing(stack.dev.environments['api']?.[name] ?? '');
  return { ...stack, codecKeys: ring('CS_CODEC_KEYS_FILE'), saltKeys: ring('CS_PIN_SALT_KEYS_FILE') };
}
