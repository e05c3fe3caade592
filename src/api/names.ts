/**
 * What a name, a label or a key may look like. Each check returns the complaints about `text`, empty when it is well formed,
 * in Kubernetes' wording. Models apimachinery pkg/util/validation/validation.go and apiserver pkg/storage/names/generate.go.
 */
import type { Random } from '../base/random.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const serviceLabel = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualified})?`;
const configKey = '[-._a-zA-Z0-9]+';
const environmentName = '[ -<>-~]+';
const headerName = '[-A-Za-z0-9]+';
const sysctlSegment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlName = `^(${sysctlSegment}[\\./])*${sysctlSegment}$`;

const labelPattern = whole(label);
const subdomainPattern = whole(subdomain);
const serviceLabelPattern = whole(serviceLabel);
const qualifiedPattern = whole(qualified);
const labelValuePattern = whole(labelValue);
const configKeyPattern = whole(configKey);
const environmentNamePattern = whole(environmentName);
const headerNamePattern = whole(headerName);
const sysctlPattern = new RegExp(sysctlName);

const identityMax = 2 ** 31 - 1;
export const labelBytesMax = 63;
export const subdomainBytesMax = 253;
const generatedSuffixLength = 5;
const generatedBaseBytesMax = labelBytesMax - generatedSuffixLength;
/** No vowels, and none of 0, 1 and 3, so that a suffix spells no word. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

const labelComplaint = regexComplaint(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  ['my-name', '123-abc'],
);
const subdomainComplaint = regexComplaint(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  ['example.com'],
);
const serviceLabelComplaint = regexComplaint(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  serviceLabel,
  ['my-name', 'abc-123'],
);
const qualifiedComplaint = regexComplaint(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualified,
  ['MyName', 'my.name', '123-abc'],
);
const labelValueComplaint = regexComplaint(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValue,
  ['MyValue', 'my_value', '12345'],
);
const configKeyComplaint = regexComplaint(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configKey,
  ['key.name', 'KEY_NAME', 'key-name'],
);
const headerNameComplaint = regexComplaint(
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  headerName,
  ['X-Header-Name'],
);

/** A check of a name; returns complaints. */
export type NameCheck = (text: string) => readonly string[];

/** RFC 1123 label: namespaces, containers, ports of services. */
export function checkLabel(text: string): readonly string[] {
  return checkPattern(text, labelBytesMax, labelPattern, labelComplaint);
}

/** RFC 1123 subdomain: the names of most objects. */
export function checkSubdomain(text: string): readonly string[] {
  return checkPattern(text, subdomainBytesMax, subdomainPattern, subdomainComplaint);
}

/** RFC 1035 label: the names of services. */
export function checkServiceLabel(text: string): readonly string[] {
  return checkPattern(text, labelBytesMax, serviceLabelPattern, serviceLabelComplaint);
}

/** A name with an optional domain in front: keys of labels and annotations, finalizers, resources. */
export function checkQualifiedName(text: string): readonly string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name ${qualifiedComplaint} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const complaints: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    const found = prefix === '' ? ['must be non-empty'] : checkSubdomain(prefix);
    complaints.push(...found.map((complaint) => `prefix part ${complaint}`));
  }
  const name = parts.at(-1) as string;
  if (name === '') complaints.push('name part must be non-empty');
  else if (name.length > labelBytesMax) complaints.push(`name part ${tooLongComplaint(labelBytesMax)}`);
  if (!qualifiedPattern.test(name)) complaints.push(`name part ${qualifiedComplaint}`);
  return complaints;
}

/** The value of a label; may be empty. */
export function checkLabelValue(text: string): readonly string[] {
  return checkPattern(text, labelBytesMax, labelValuePattern, labelValueComplaint);
}

/** A key of a ConfigMap or a Secret. */
export function checkConfigKey(text: string): readonly string[] {
  const complaints = [...checkPattern(text, subdomainBytesMax, configKeyPattern, configKeyComplaint)];
  if (text === '.') complaints.push("must not be '.'");
  else if (text === '..') complaints.push("must not be '..'");
  else if (text.startsWith('..')) complaints.push("must not start with '..'");
  return complaints;
}

/** The name of an environment variable, in the relaxed form of Kubernetes 1.30 and later. */
export function checkEnvironmentName(text: string): readonly string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  if (environmentNamePattern.test(text)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** The name of a header of HTTP. */
export function checkHeaderName(text: string): readonly string[] {
  return checkPattern(text, Number.MAX_SAFE_INTEGER, headerNamePattern, headerNameComplaint);
}

/** The name of a kernel's setting, with dots or slashes. */
export function checkSysctlName(text: string): readonly string[] {
  const isShort = text.length <= subdomainBytesMax;
  if (isShort && sysctlPattern.test(text)) return [];
  return [`must have at most ${subdomainBytesMax} characters and match regex ${sysctlName}`];
}

/** The number of a user or of a group. */
export function checkIdentity(value: number): readonly string[] {
  return value >= 0 && value <= identityMax ? [] : [`must be between 0 and ${identityMax}, inclusive`];
}

/** The name of a container's port, as in IANA's service names. */
export function checkPortName(text: string): readonly string[] {
  const complaints: string[] = [];
  if (text.length > 15) complaints.push(tooLongComplaint(15));
  if (!/^[-a-z0-9]+$/.test(text)) {
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) complaints.push('must contain at least one letter (a-z)');
  if (text.includes('--')) complaints.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) complaints.push('must not begin or end with a hyphen');
  return complaints;
}

export function checkPortNumber(port: number): readonly string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** Anything that can stand as one segment of a path: the names of RBAC objects. */
export function checkPathSegment(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((character) => text.includes(character)).map((found) => `may not contain '${found}'`);
}

/** IPv4 or IPv6 in text form. */
export function checkAddress(text: string): readonly string[] {
  return isAddressV4(text) || isAddressV6(text)
    ? []
    : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** A range of addresses: an address and the length of its prefix. */
export function checkRange(text: string): readonly string[] {
  const [address = '', length = '', ...rest] = text.split('/');
  const bitsMax = isAddressV4(address) ? 32 : isAddressV6(address) ? 128 : -1;
  if (rest.length === 0 && /^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bitsMax) return [];
  return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

export function isAddressV4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isAddressV6(text: string): boolean {
  if (!text.includes(':') || /:::/.test(text) || text.split('::').length > 2) return false;
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (embedded !== null && !isAddressV4(embedded[2] as string)) return false;
  const plain = embedded === null ? text : `${embedded[1] as string}0:0`;
  const groups = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const count = groups.flat().length;
  if (!groups.flat().every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return plain.includes('::') ? count < 8 : count === 8;
}

/** Returns `base` cut to 58 characters with five random ones behind it, as generateName asks for. */
export function generateName(base: string, random: Random): string {
  return base.slice(0, generatedBaseBytesMax) + random.text(generatedSuffixLength, suffixAlphabet);
}

function checkPattern(text: string, bytesMax: number, pattern: RegExp, complaint: string): readonly string[] {
  const complaints: string[] = [];
  if (text.length > bytesMax) complaints.push(tooLongComplaint(bytesMax));
  if (!pattern.test(text)) complaints.push(complaint);
  return complaints;
}

function tooLongComplaint(bytesMax: number): string {
  return `must be no more than ${bytesMax} bytes`;
}

function regexComplaint(message: string, pattern: string, examples: readonly string[]): string {
  const shown = examples.map((example, index) => `${index > 0 ? ' or ' : ''}'${example}', `).join('');
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
