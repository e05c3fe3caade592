/** Objects as the API server has them when it validates: decoded, with defaults, prepared. */
import { formatFieldError } from '../../../src/api/field-error.ts';
import { cloneJson, type Json } from '../../../src/api/json.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { KindStrategy } from '../../../src/kinds/strategy.ts';

const registry = builtInRegistry();

export class KindBench {
  readonly strategy: KindStrategy;

  constructor(group: string, kind: string) {
    this.strategy = new KindStrategy(must(registry.kind({ group, version: 'v1', kind }), kind));
  }

  decoded(tree: Json): AnyObject {
    const { object } = decodeObject(cloneJson(tree), this.strategy.info, builtInSchemas, 'Strict');
    this.strategy.setDefaults(object);
    return object;
  }

  created(tree: Json): AnyObject {
    const object = this.decoded(tree);
    this.strategy.prepareForCreate(object, { uid: 'u-1', wallMs: 0 as WallMs, random: new Random(1) });
    return object;
  }

  updated(old: AnyObject, tree: Json): AnyObject {
    const object = this.decoded(tree);
    this.strategy.prepareForUpdate(object, old);
    return object;
  }

  /** What is wrong with a new object. */
  complaints(tree: Json): readonly string[] {
    return this.strategy.validateCreate(this.created(tree)).map(formatFieldError);
  }

  /** What is wrong with changing the first into the second. */
  updateComplaints(before: Json, after: Json): readonly string[] {
    const old = this.created(before);
    return this.strategy.validateUpdate(this.updated(old, after), old).map(formatFieldError);
  }
}
