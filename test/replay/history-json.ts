import { createRequire } from 'node:module';
import proto from '@temporalio/proto';
import { patchProtobufRoot } from '@temporalio/proto/lib/patch-protobuf-root.js';

const { History } = proto.temporal.api.history.v1;
export type History = proto.temporal.api.history.v1.History;

/*
 * Temporal's JSON format of histories, as `temporal workflow show --output json` writes it. @temporalio/common has the same two functions,
 * but they fail where npm gave it a protobufjs of its own: a message type of one copy is no type to the other. This takes the copy of
 * @temporalio/proto, which made the types.
 */
interface ProtoJson {
  toJson(type: unknown, message: unknown): unknown;
  fromJson(type: unknown, json: unknown, options: { ignoreUnknownFields: boolean }): object;
}

const itsRequire = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'));
const protoJson: ProtoJson = itsRequire('protobufjs/ext/protojson');
const type = historyType(patchProtobufRoot({ ...proto }));

export function historyToJson(history: proto.temporal.api.history.v1.IHistory): string {
  return JSON.stringify(protoJson.toJson(type, History.fromObject(history)));
}

export function historyFromJson(json: string): History {
  return History.fromObject(protoJson.fromJson(type, JSON.parse(json), { ignoreUnknownFields: true }));
}

/** The generated module's own types do not name its lookup. */
function historyType(root: object): unknown {
  const lookup: unknown = Reflect.get(root, 'lookupType');
  if (typeof lookup !== 'function') throw new Error('@temporalio/proto has no lookup any more');
  return Reflect.apply(lookup, root, ['temporal.api.history.v1.History']);
}
