/** Answers in YAML, for clients that take nothing else: people with curl. */
import { stringify } from 'yaml';
import { utf8, utf8Text } from '../base/bytes.ts';

interface Answer {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Returns an answer whose JSON, if it is any, has become YAML. */
export function asYaml<T extends Answer>(answer: T): T {
  if (!answer.contentType.startsWith('application/json') || answer.bytes.length === 0) return answer;
  const text = stringify(JSON.parse(utf8Text(answer.bytes)), { lineWidth: 0 });
  return {
    ...answer,
    contentType: answer.contentType.replace('application/json', 'application/yaml'),
    bytes: utf8(text),
  };
}
