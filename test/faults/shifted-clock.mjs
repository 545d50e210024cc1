// Loaded before a process of a test (NODE_OPTIONS=--import=…) where libfaketime is not there: its JavaScript lives SHIFT_MS away from the truth.
const Real = Date;
const shift = Number(process.env.SHIFT_MS ?? 0);
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shift);
    else super(...given);
  }
  static now() {
    return Real.now() + shift;
  }
};
