/** The stages that a cluster is started with, checked before anything starts. */
import { StatusError } from '../../src/api/status.ts';
import { readStages } from '../../src/kubelet/stages/read-stages.ts';
import { parseManifest } from './manifest.ts';

export interface CheckedStages {
  /** Objects of kwok.x-k8s.io/v1alpha1, which are what they should be. */
  readonly manifests: readonly unknown[];
  /** What of them will not be carried out; one line each. */
  readonly warnings: readonly string[];
}

/** Takes YAML (several documents, Lists too) or objects. Returns what is wrong with them in one line, if anything is. */
export function checkStages(given: string | readonly object[]): CheckedStages | string {
  const manifests = typeof given === 'string' ? parsed(given) : given;
  if (typeof manifests === 'string') return manifests;
  if (!Array.isArray(manifests)) return 'stages must be a text of YAML or a list of Stage objects';
  // What is no JSON, such as a function or a class, ends here and not on its way to a node.
  const plain = JSON.parse(JSON.stringify(manifests)) as unknown[];
  const read = readStages(plain);
  return read.type === 'malformed' ? read.message : { manifests: plain, warnings: read.warnings };
}

function parsed(text: string): readonly object[] | string {
  try {
    return parseManifest(text);
  } catch (error: unknown) {
    if (!(error instanceof StatusError)) throw error;
    return `stages: ${error.message.split('\n', 1)[0]}`;
  }
}
