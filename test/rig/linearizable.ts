/** One call as its client saw it. Both times are of one monotonic clock, in milliseconds. */
export interface Operation<Input, Output> {
  readonly client: string;
  readonly input: Input;
  readonly invokedAt: number;
  /** Undefined: no answer came. The call may have had its effects, some of them, or none. */
  readonly answer: { readonly output: Output; readonly returnedAt: number } | undefined;
}

/** A state after a step; `done`: the call has answered by it. */
export interface Step<State> {
  readonly state: State;
  readonly done: boolean;
}

/**
 * What one client after the other would see. A call is one step, or several that others may come between (charge, outcome): it is stepped
 * until it is `done`, and what it must remember in between is part of the state.
 */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State;
  /** Every way in which the call may go on in this state, given its answer; none: it cannot. */
  step(state: State, operation: Operation<Input, Output>, index: number): readonly Step<State>[];
  /** The same text for the same state. */
  key(state: State): string;
}

export type Verdict<Input, Output> =
  | { readonly linearizable: true }
  /** `explained`: the longest beginning that the model allows; `stuck`: the calls none of which can come next. */
  | { readonly linearizable: false; readonly explained: Operation<Input, Output>[]; readonly stuck: Operation<Input, Output>[] };

const MOST_CONFIGURATIONS = 300_000;

/**
 * Looks for an order of the calls' steps, each between its call and its answer, that the model allows (Wing and Gong 1993, with Lowe's
 * memory of configurations seen). Exponential in how many calls overlap: meant for many short histories. Throws when one is too large.
 */
export function judgeHistory<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: SequentialModel<State, Input, Output>,
): Verdict<Input, Output> {
  const search = new Search(history, model);
  if (search.explains(model.initial)) return { linearizable: true };
  return { linearizable: false, ...search.furthest };
}

class Search<State, Input, Output> {
  furthest: { explained: Operation<Input, Output>[]; stuck: Operation<Input, Output>[] } = { explained: [], stuck: [] };
  readonly #done: boolean[];
  readonly #order: number[] = [];
  readonly #seen = new Set<string>();

  constructor(
    readonly history: readonly Operation<Input, Output>[],
    readonly model: SequentialModel<State, Input, Output>,
  ) {
    this.#done = history.map(() => false);
  }

  explains(state: State): boolean {
    if (this.history.every(({ answer }, index) => answer === undefined || this.#done[index])) return true;
    if (this.#seenBefore(state)) return false;
    const candidates = this.#candidates();
    if (this.#order.length >= this.furthest.explained.length) this.#remember(candidates);
    return candidates.some((index) => this.#goOn(state, index));
  }

  #goOn(state: State, index: number): boolean {
    const operation = this.history[index];
    if (operation === undefined) return false;
    return this.model.step(state, operation, index).some((next) => {
      this.#done[index] = next.done;
      if (next.done) this.#order.push(index);
      const explained = this.explains(next.state);
      if (next.done) this.#order.pop();
      this.#done[index] = false;
      return explained;
    });
  }

  /** A call comes next only if none that is still to be explained had answered before it began. */
  #candidates(): number[] {
    const indexes = [...this.history.keys()].filter((index) => !this.#done[index]);
    const firstAnswer = Math.min(...indexes.map((index) => this.history[index]?.answer?.returnedAt ?? Number.POSITIVE_INFINITY));
    return indexes.filter((index) => (this.history[index]?.invokedAt ?? 0) <= firstAnswer);
  }

  #seenBefore(state: State): boolean {
    const configuration = `${this.#done.map(Number).join('')} ${this.model.key(state)}`;
    if (this.#seen.has(configuration)) return true;
    if (this.#seen.size >= MOST_CONFIGURATIONS) throw new Error('this history is too large to be judged: record shorter ones');
    this.#seen.add(configuration);
    return false;
  }

  #remember(candidates: readonly number[]): void {
    const operations = (indexes: readonly number[]) => indexes.flatMap((index) => this.history[index] ?? []);
    this.furthest = { explained: operations(this.#order), stuck: operations(candidates) };
  }
}
