/** Hands each envelope that arrived at a host to the table that it concerns. What concerns nobody is counted and its credit returned. */
import { unreachable } from '../base/assert.ts';
import type { AskTable } from './ask-table.ts';
import { type Envelope, operation } from './envelope.ts';
import type { Arrival, Kernel } from './kernel.ts';
import type { InboundLink } from './mailbox.ts';
import type { PostOffice } from './post-office.ts';
import type { StreamTable } from './stream-table.ts';
import type { WatchTable } from './watch-table.ts';

export interface Dispatch {
  readonly kernel: Kernel;
  readonly post: PostOffice;
  readonly asks: AskTable;
  readonly streams: StreamTable;
  readonly watches: WatchTable;
}

/** Dispatches one envelope that `link` brought. `bytes`: its weight in the link's window. */
export function dispatchEnvelope(tables: Dispatch, link: InboundLink, envelope: Envelope, bytes: number): void {
  const { kernel, post, asks, streams, watches } = tables;
  const arrival: Arrival = { link, bytes };
  const { peer } = link;
  switch (envelope[0]) {
    case operation.tell:
      return deliverTell(kernel, arrival, envelope);
    case operation.ask:
      if (kernel.cellAt(envelope[1]) === undefined) consume(arrival);
      return asks.receiveAsk(peer, envelope, arrival);
    case operation.reply:
      if (!asks.receiveReply(envelope[1], envelope[2], arrival)) discard(kernel, arrival, 'reply');
      return;
    case operation.askFailed:
      consume(arrival);
      return asks.receiveFailure(envelope[1], envelope[2]);
    case operation.subscribe:
      if (kernel.cellAt(envelope[1]) === undefined) consume(arrival);
      return streams.receiveSubscribe(peer, envelope, arrival);
    case operation.credit:
      if (!streams.receiveCredit(peer, envelope[1], envelope[2], arrival)) consume(arrival);
      return;
    case operation.unsubscribe:
      consume(arrival);
      return streams.receiveUnsubscribe(peer, envelope[1]);
    case operation.item:
      if (!streams.receiveItem(envelope[1], envelope[2], envelope[3], arrival)) discard(kernel, arrival, 'item');
      return;
    case operation.ended:
      consume(arrival);
      return streams.receiveEnded(envelope[1], envelope[2], envelope[3]);
    case operation.cancel:
      return asks.receiveCancel(peer, envelope[1]);
    case operation.watch:
      return watches.receiveWatch(peer, envelope[1]);
    case operation.unwatch:
      return watches.receiveUnwatch(peer, envelope[1]);
    case operation.watched:
      return watches.receiveWatched(peer, envelope[1], envelope[2], envelope[3]);
    case operation.ping:
      kernel.send(peer, kernel.thread, peer, [operation.pong]);
      return;
    case operation.pong:
      return;
    case operation.consumed:
      return post.peerConsumed(peer, envelope[1], envelope[2]);
    default:
      return unreachable(envelope);
  }
}

function deliverTell(
  kernel: Kernel,
  arrival: Arrival,
  [, to, from, incarnation, body]: Extract<Envelope, readonly [typeof operation.tell, ...unknown[]]>,
): void {
  const cell = kernel.cellAt(to);
  if (cell === undefined) {
    consume(arrival);
    kernel.bury('noSuchActor', to, from, body.type);
    return;
  }
  kernel.deliver(cell, { type: 'tell', from: { path: from, incarnation }, body: body as never }, arrival);
}

function discard(kernel: Kernel, arrival: Arrival, type: string): void {
  consume(arrival);
  kernel.bury(type === 'reply' ? 'lateReply' : 'earlierIncarnation', kernel.thread, arrival.link.peer, type);
}

function consume(arrival: Arrival): void {
  arrival.link.messages += 1;
  arrival.link.bytes += arrival.bytes;
}
