// Entry of the key thread in a checkout: a worker thread does not inherit the TypeScript loader.
import { register } from 'tsx/esm/api';

register();
await import('./key-thread.ts');
