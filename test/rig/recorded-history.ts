import type { Operation } from './linearizable.ts';

/** The calls of all clients of one run, as they saw them, in the order in which they began. */
export class RecordedHistory<Input, Output> {
  readonly #operations: { operation: Operation<Input, Output> }[] = [];

  get operations(): Operation<Input, Output>[] {
    return this.#operations.map(({ operation }) => operation);
  }

  /** Makes the call and writes down when it began, when it answered and what. Without an answer it stays open for ever. */
  async record(client: string, input: Input, call: () => Promise<Output | undefined>): Promise<Output | undefined> {
    const entry: { operation: Operation<Input, Output> } = {
      operation: { client, input, invokedAt: performance.now(), answer: undefined },
    };
    this.#operations.push(entry);
    const output = await call();
    if (output !== undefined) entry.operation = { ...entry.operation, answer: { output, returnedAt: performance.now() } };
    return output;
  }
}
