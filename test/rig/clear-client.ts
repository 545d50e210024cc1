import { Client, type Connection, type Payload, type WorkflowClientInterceptor } from '@temporalio/client';
import { FAILURE_CONVERTER_PATH } from '../../temporal/data-converter.ts';
import { payloadCodec } from '../../temporal/payload-codec.ts';
import { TEST_CODEC_KEYS } from './test-keys.ts';

/** Somebody who does not encrypt: what is sent is clear, answers alone are decoded. */
export function clearClient(connection: Connection, interceptor?: WorkflowClientInterceptor): Client {
  const { decode } = payloadCodec(TEST_CODEC_KEYS);
  const payloadCodecs = [{ decode, encode: (payloads: Payload[]) => Promise.resolve(payloads) }];
  const interceptors = { workflow: interceptor === undefined ? [] : [interceptor] };
  return new Client({ connection, interceptors, dataConverter: { payloadCodecs, failureConverterPath: FAILURE_CONVERTER_PATH } });
}
