/** Formats of texts that are checked; others are documentation. Models kube-openapi pkg/validation/strfmt. */
import { isAddressV4, isAddressV6 } from '../../api/names.ts';
import { parseTimestamp } from '../../base/time.ts';

type FormatCheck = (text: string) => boolean;

const uuidPattern = (version: string): FormatCheck => {
  const pattern = new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');
  return (text) => pattern.test(text);
};
const isHostname: FormatCheck = (text) =>
  text.length <= 255 &&
  /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$/.test(text);
/** Quantities of time as Go or people write them: `1h30m`, `5 days`. */
const durationPattern =
  /^[-+]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)\s*(?:ns|us|µs|μs|ms|s|m|h|d|w|nanoseconds?|nanos?|microseconds?|micros?|milliseconds?|millis?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)\s*)+$/;

const checks: Readonly<Record<string, FormatCheck>> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\d[Tt ]/.test(text) && parseTimestamp(text.replace(' ', 'T')) !== undefined,
  datetime: (text) => parseTimestamp(text) !== undefined,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined,
  duration: (text) => durationPattern.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  ipv4: isAddressV4,
  ipv6: isAddressV6,
  ip: (text) => isAddressV4(text) || isAddressV6(text),
  cidr: (text) => {
    const [address = '', bits = '', ...rest] = text.split('/');
    const bitsMax = isAddressV4(address) ? 32 : isAddressV6(address) ? 128 : -1;
    return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
  },
  mac: (text) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  hostname: isHostname,
  uri: (text) => /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+$/.test(text) || /^\/[^\s]*$/.test(text),
  uuid: uuidPattern('[0-9a-f]'),
  uuid3: uuidPattern('3'),
  uuid4: uuidPattern('4'),
  uuid5: uuidPattern('5'),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  isbn: (text) => /^(?:\d[- ]?){9}[\dXx]$|^(?:\d[- ]?){13}$/.test(text),
};

/** Tells whether `text` has the format; a format that nobody checks is any text's. */
export function hasFormat(text: string, format: string): boolean {
  const check = Object.hasOwn(checks, format) ? checks[format] : undefined;
  return check === undefined || check(text);
}
