/** The part of the WebAssembly API (W3C) that the schema engine needs; Node's types declare no values for it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, unknown>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
