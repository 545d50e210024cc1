import type { TlsWatch } from './watch-tls-files.ts';

/** SIGHUP: the usual way to say "read your files again"; without a listener it would end the process. Returns what ends the watching. */
export function lookOnHangup(watches: readonly TlsWatch[]): () => void {
  const look = () => void Promise.all(watches.map((each) => each.look()));
  process.on('SIGHUP', look);
  return () => {
    process.off('SIGHUP', look);
    for (const each of watches) each.stop();
  };
}
