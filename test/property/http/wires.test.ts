/** Wires against a client's own framing: wherever the bytes are cut, they mean the same; whatever they are, nothing is thrown. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { ChannelCommandWire, ChannelForwardWire } from '../../../src/http/channel-wire.ts';
import { uint32 } from '../../../src/http/spdy-headers.ts';
import { SpdyCommandWire, SpdyForwardWire } from '../../../src/http/spdy-wire.ts';
import type { Wire, WireEvent } from '../../../src/http/wire.ts';
import { control, framesOf, SpdyClient } from '../../unit/http/spdy-client.ts';

const streams = { stdin: true, stdout: true, stderr: true, tty: false };

function written(wire: Wire): Uint8Array {
  return concatBytes(wire.takeWrites().map(({ bytes }) => bytes));
}

/** Input that was cut differently is the same input. */
function meaningOf(events: readonly WireEvent[]): readonly unknown[] {
  const inputs = new Map<number, string>();
  const others: unknown[] = [];
  for (const event of events) {
    if (event.type === 'input') {
      inputs.set(
        event.session,
        `${inputs.get(event.session) ?? ''}${utf8Text(event.bytes)}${event.isEnd ? '<end>' : ''}`,
      );
    } else others.push(event);
  }
  return [others, [...inputs]];
}

function conversation(texts: readonly string[]): Uint8Array {
  const client = new SpdyClient();
  const opened = ['error', 'data', 'error', 'data'].map((streamtype, index) =>
    client.open({ streamtype, port: '80', requestid: String(index >> 1) }),
  );
  const data = texts.map((text, index) => client.data(opened[index % 2 === 0 ? 1 : 3]?.id ?? 0, text));
  const ends = [1, 3].map((index) => client.data(opened[index]?.id ?? 0, '', true));
  const ping = control(6, 0, [uint32(1)]);
  return concatBytes([...opened.map(({ bytes }) => bytes), ping, ...data, ...ends]);
}

test('SPDY means the same wherever it is cut', () => {
  const bytes = conversation(['one', 'two', 'three', 'four']);
  const whole = meaningOf(new SpdyForwardWire().receive(bytes));
  expect(whole).toEqual([
    [
      { type: 'connect', session: 3, port: 80 },
      { type: 'connect', session: 7, port: 80 },
    ],
    [
      [3, 'onethree<end>'],
      [7, 'twofour<end>'],
    ],
  ]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const wire = new SpdyForwardWire();
    const events = [...wire.receive(bytes.subarray(0, cut)), ...wire.receive(bytes.subarray(cut))];
    expect(meaningOf(events), `cut at ${cut}`).toEqual(whole);
  }
});

test('bytes that make no sense end a connection and throw nothing', () => {
  const wires: readonly (() => Wire)[] = [
    () => new SpdyForwardWire(),
    () => new SpdyCommandWire(4, streams),
    () => new ChannelCommandWire(5, streams),
    () => new ChannelForwardWire([80]),
  ];
  const good = conversation(['text']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(good.length), fc.boolean(), (garbage, cut, isSpdy) => {
      const head = isSpdy ? Uint8Array.of(0x80, 3, 0, (garbage[0] ?? 0) % 10, 0, 0, 0) : new Uint8Array(0);
      for (const make of wires) {
        const wire = make();
        wire.start();
        wire.receive(good.subarray(0, cut));
        wire.receive(concatBytes([head, garbage]));
        wire.receive(garbage);
        wire.output(0, 'stdout', garbage);
        wire.finish(0, { type: 'failed', message: 'over' });
        wire.takeWrites();
      }
    }),
    { numRuns: 300 },
  );
});

function openCommand(wire: SpdyCommandWire, names: readonly string[]): SpdyClient {
  const client = new SpdyClient();
  wire.receive(concatBytes(names.map((streamtype) => client.open({ streamtype }).bytes)));
  written(wire);
  return client;
}

test('a peer that takes part in flow control gets what it allows, in order, and nothing is lost', () => {
  const plan = fc.array(fc.oneof(fc.nat(50_000), fc.record({ window: fc.integer({ min: 1, max: 60_000 }) })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(plan, (steps) => {
      const wire = new SpdyCommandWire(4, streams);
      openCommand(wire, ['error', 'stdin', 'stdout', 'stderr']);
      const settings = concatBytes([uint32(1), uint32(7), uint32(1_000)]);
      wire.receive(control(4, 0, [settings]));
      let allowed = 1_000;
      let [said, heard] = ['', ''];
      const listen = (): void => {
        for (const { type, id, body } of framesOf(written(wire)))
          if (type === null && id === 5) heard += utf8Text(body);
        expect(heard.length).toBeLessThanOrEqual(allowed);
      };
      for (const step of steps) {
        if (typeof step === 'number') {
          const text = String.fromCharCode(97 + (said.length % 26)).repeat(step);
          said += text;
          wire.output(0, 'stdout', utf8(text));
        } else {
          allowed += step.window;
          for (const id of [0, 5]) wire.receive(control(9, 0, [uint32(id), uint32(step.window)]));
        }
        listen();
      }
      wire.finish(0, { type: 'exited', exitCode: 0 });
      allowed += 0x3fffffff;
      for (const id of [0, 5]) wire.receive(control(9, 0, [uint32(id), uint32(0x3fffffff)]));
      listen();
      expect(heard === said).toBe(true);
      expect(wire.isOver).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('how a command ended is told in the words of each version', () => {
  const lastOf = (version: number): string => {
    const wire = new ChannelCommandWire(version, streams);
    wire.finish(0, { type: 'exited', exitCode: 7 });
    return utf8Text(written(wire).subarray(1));
  };
  expect(JSON.parse(lastOf(5))).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  });
  expect(lastOf(1)).toBe('command terminated with non-zero exit code: exit code 7');
});

test('channels: resize, the end of the input in version 5 alone, and ports that are announced', () => {
  const size = concatBytes([Uint8Array.of(4), utf8('{"Width":80,"Height":24}')]);
  expect(new ChannelCommandWire(4, streams).receive(size)).toEqual([{ type: 'resize', columns: 80, rows: 24 }]);
  const close = Uint8Array.of(255, 0);
  expect(new ChannelCommandWire(4, streams).receive(close)).toEqual([]);
  expect(new ChannelCommandWire(5, streams).receive(close)).toMatchObject([{ type: 'input', isEnd: true }]);
  const forward = new ChannelForwardWire([8080]);
  expect(forward.start()).toContainEqual({ type: 'connect', session: 0, port: 8080 });
  expect([...written(forward)]).toEqual([0, 0x90, 0x1f, 1, 0x90, 0x1f]);
});
