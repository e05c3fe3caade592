/** Takes a manifest apart field by field and remembers where it is, so that a complaint names its place. */
import { isJsonObject, type Json, type JsonObject } from '../../api/json.ts';

/** A manifest is wrong at `path`. */
export class ManifestError extends Error {
  constructor(path: string, message: string) {
    super(`${path === '' ? 'it' : path} ${message}`);
    this.name = 'ManifestError';
  }
}

export class ManifestReader {
  readonly path: string;
  readonly value: Json | undefined;

  constructor(value: Json | undefined, path: string) {
    this.value = value;
    this.path = path;
  }

  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  fail(message: string): never {
    throw new ManifestError(this.path, message);
  }

  at(name: string): ManifestReader {
    const object = this.object();
    const path = this.path === '' ? name : `${this.path}.${name}`;
    return new ManifestReader(Object.hasOwn(object, name) ? object[name] : undefined, path);
  }

  /** Nothing is an empty object. Refuses fields that are not among `known`, when that is given. */
  object(known?: readonly string[]): JsonObject {
    if (!this.isPresent) return {};
    const { value } = this;
    if (!isJsonObject(value)) return this.fail('must be an object');
    const stranger = known === undefined ? undefined : Object.keys(value).find((name) => !known.includes(name));
    if (stranger !== undefined) this.fail(`has no field ${stranger}; there are ${known?.join(', ')}`);
    return value;
  }

  list(): readonly ManifestReader[] {
    if (!this.isPresent) return [];
    if (!Array.isArray(this.value)) return this.fail('must be a list');
    return this.value.map((item, index) => new ManifestReader(item, `${this.path}[${index}]`));
  }

  text(fallback?: string): string {
    if (!this.isPresent && fallback !== undefined) return fallback;
    return typeof this.value === 'string' ? this.value : this.fail('must be a text');
  }

  flag(): boolean {
    if (!this.isPresent) return false;
    return typeof this.value === 'boolean' ? this.value : this.fail('must be true or false');
  }

  whole(): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.fail('must be a whole number, at least 0');
  }

  texts(): readonly string[] {
    return this.list().map((item) => item.text());
  }

  textMap(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.object()).map((name) => [name, this.at(name).text()]));
  }

  oneOf<Name extends string>(names: readonly Name[]): Name {
    const text = this.text();
    return names.find((name) => name === text) ?? this.fail(`must be one of ${names.join(', ')}, not ${text}`);
  }
}
