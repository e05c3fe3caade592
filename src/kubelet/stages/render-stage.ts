/** What a stage writes to an object: its templates rendered with the functions that KWOK gives them. Models kwok pkg/utils/gotpl funcs.go, lifecycle next.go. */
import { isJsonObject, type Json } from '../../api/json.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import { uidOf } from '../../api/object-meta.ts';
import { readYaml, writeYaml } from '../../api/yaml-text.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { numberAt, type TemplateFunctions, taking } from '../../template/functions.ts';
import type { Template } from '../../template/template.ts';
import { isTrue, type Value } from '../../template/values.ts';
import type { StagePatch, stageFunctionNames } from './stage.ts';

/** What templates may ask about where they are. */
export interface StageScene {
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Finds the address of the object, a pod; empty when there is none left. */
  readonly podIp: () => string;
  readonly startedMs: WallMs;
  readonly nowMs: WallMs;
}

export type Rendered<T> =
  | { readonly type: 'rendered'; readonly value: T }
  | { readonly type: 'faulty'; readonly message: string };

export function renderText(template: Template, object: KubeObject, scene: StageScene): Rendered<string> {
  const rendered = template.render(object as unknown as Value, functionsOf(scene));
  return rendered.type === 'rendered'
    ? { type: 'rendered', value: rendered.text }
    : { type: 'faulty', message: `line ${rendered.line}: ${rendered.message}` };
}

/** Returns the body of the patch; it is for this object alone, not for another of its name. */
export function renderPatch(
  { template, root, patch }: StagePatch,
  object: KubeObject,
  scene: StageScene,
): Rendered<Json> {
  const rendered = renderText(template, object, scene);
  if (rendered.type === 'faulty') return rendered;
  const read = readYaml(rendered.value);
  if (read.type === 'malformed') return { type: 'faulty', message: read.message };
  const uid = uidOf(object);
  if (patch === 'json') {
    if (!Array.isArray(read.value)) return { type: 'faulty', message: 'a JSON patch must be a list' };
    const operations = read.value.map((operation) => belowRoot(operation, root));
    return { type: 'rendered', value: [{ op: 'test', path: '/metadata/uid', value: uid }, ...operations] };
  }
  const content = root === '' ? read.value : { [root]: read.value };
  if (!isJsonObject(content) || (root !== '' && !isJsonObject(read.value))) {
    return { type: 'faulty', message: 'what it writes must be an object' };
  }
  const metadata = isJsonObject(content['metadata']) ? content['metadata'] : {};
  return { type: 'rendered', value: { ...content, metadata: { ...metadata, uid } } };
}

function belowRoot(operation: Json, root: string): Json {
  if (root === '' || !isJsonObject(operation)) return operation;
  return { ...operation, path: `/${root}${String(operation['path'] ?? '')}` };
}

function functionsOf(scene: StageScene): TemplateFunctions & Record<(typeof stageFunctionNames)[number], unknown> {
  const { nodeName, nodeIp, podIp, startedMs, nowMs } = scene;
  return {
    Quote: taking(1, 1, ({ args: [value] }) => quoted(value)),
    // Whole seconds: that is what the times of a status have.
    Now: taking(0, 0, () => timestampSeconds(nowMs)),
    StartTime: taking(0, 0, () => timestampSeconds(startedMs)),
    YAML: taking(1, 2, (call) => {
      const text = writeYaml(call.args[0] ?? null);
      const indent = Math.min(50, call.args.length > 1 ? Math.trunc(numberAt(call, 1)) : 0);
      return indent > 0 ? `\n${text}`.replaceAll('\n', `\n${'  '.repeat(indent)}`) : text;
    }),
    Version: taking(0, 0, () => 'threemaster'),
    NodeConditions: taking(0, 0, () => nodeConditions),
    NodeIP: taking(0, 0, () => nodeIp),
    NodeName: taking(0, 0, () => nodeName),
    NodePort: taking(0, 0, () => 0),
    PodIP: taking(0, 0, podIp),
    NodeIPWith: taking(1, 1, () => nodeIp),
    PodIPWith: taking(2, 5, ({ args: [, isHostNetwork] }) => (isTrue(isHostNetwork) ? nodeIp : podIp())),
  };
}

/** A text in quotes, whatever the value is. */
function quoted(value: Value): string {
  const text = JSON.stringify(value ?? null);
  return typeof value === 'string' ? text : JSON.stringify(text);
}

const nodeConditions = [
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['NetworkUnavailable', 'False', 'RouteCreated', 'RouteController created a route'],
].map(([type = '', status = '', reason = '', message = '']) => ({ type, status, reason, message }));
