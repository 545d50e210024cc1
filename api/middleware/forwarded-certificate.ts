import type { RequestHandler } from 'express';

/** Where proxies put the client certificate that they saw: RFC 9440, Envoy, nginx, HAProxy, AWS, Azure, Traefik, Apache. */
const CARRIERS =
  /^(client-cert(-chain)?|x-(forwarded-)?(client|ssl|tls|amzn-mtls|arr)-.*(cert|dn|verify|serial|subject|issuer|leaf|san|spiffe).*|(x-)?ssl-client-.*|x-arr-clientcert)$/;

/**
 * Takes a client certificate that a header tells of away, unless a configured hop says it (RFC 9440 §4): anybody can write a header,
 * only the hop that ended the TLS connection knows. Nothing reads these headers today; whoever begins to finds only what may be believed.
 */
export function dropForwardedCertificates(isProxy: (address: string) => boolean): RequestHandler {
  return (req, _res, next) => {
    if (!isProxy(req.socket.remoteAddress ?? '')) {
      for (const name of Object.keys(req.headers)) if (CARRIERS.test(name)) delete req.headers[name];
    }
    next();
  };
}
