import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { DevJson } from '../../cli/dev/dev-json.ts';
import type { VirtualCard } from '../../sdk/index.ts';

/** A relying service on this machine: it trusts our root and demands a certificate. Resolves with the subject that it saw. */
export async function presentToServer(dev: DevJson, card: VirtualCard): Promise<string> {
  const environment = dev.environments['api'] ?? {};
  const roots = dev.rootCertificateFiles.map((file) => readFileSync(file));
  const tls = { cert: readFileSync(environment['CS_TLS_CERT_FILE'] ?? ''), key: readFileSync(environment['CS_TLS_KEY_FILE'] ?? '') };
  const seen = new Promise<string>((done, failed) => {
    const server = createServer({ ...tls, ca: roots, requestCert: true, rejectUnauthorized: true }, (socket: TLSSocket) => {
      done(socket.getPeerX509Certificate()?.subject ?? '');
      socket.end();
      server.close();
    });
    server.once('tlsClientError', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const socket = tlsConnect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: readFileSync(dev.tlsCaFile),
        ...card.tlsClientIdentity(),
      });
      socket.on('error', failed).on('secureConnect', () => socket.end());
    });
  });
  return seen;
}
