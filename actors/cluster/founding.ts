/** Starts a cluster: chooses the fabric, builds the topology on it, and waits until it is ready. A failed start leaves nothing behind. */
import { randomInt, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatKubeconfig, kubeconfig } from '../../src/http/kubeconfig.ts';
import type { BalancerAddress } from '../../src/protocol/balancer.ts';
import type { GatewayAddress, ListenFailure } from '../../src/protocol/gateway.ts';
import { Universe } from '../../src/sim/universe.ts';
import type { Access } from './access.ts';
import { Assembly } from './assembly.ts';
import { balancerPath, designCluster, designNode, gatewayPath, listenHost } from './blueprint.ts';
import { Bridge } from './bridge.ts';
import { Cluster } from './cluster.ts';
import type { Fabric, FabricEvents } from './fabric.ts';
import { type ClusterIdentity, keepIdentity, keptIdentity, makeIdentity } from './identity.ts';
import { type CheckedOptions, type ClusterOptions, checkOptions } from './options.ts';
import { SimulatedFabric } from './simulated-fabric.ts';
import { simulatedRoles } from './simulated-roles.ts';
import { ThreadKeeper } from './thread-keeper.ts';
import { WorkerFabric } from './worker-fabric.ts';

const ownThread = 'main';
const bridgePath = 'main/bridge';
/** A listener that has not come up by then will not. */
const listenTimeoutMs = 15_000;

/** Where the logs live, and what that place already knows. */
interface DataFolder {
  readonly path: string;
  readonly clusterId: string;
  readonly isExisting: boolean;
  readonly cleanUp: () => Promise<void>;
}

/** Starts a cluster and resolves when it is ready. */
export async function foundCluster(options: ClusterOptions): Promise<Cluster> {
  const checked = checkOptions(options);
  const bridge = new Bridge(bridgePath);
  let cluster: Cluster | undefined;
  const events: FabricEvents = {
    onEvent: (thread, event) => cluster?.take(thread, event),
    onCrash: (thread, reason) => cluster?.crashed(thread, reason),
  };
  const seed = checked.simulatedSeed ?? checked.seed ?? randomInt(2 ** 47);
  const fabric = openFabric(checked, seed, bridge, events);
  const startedMs = fabric.monotonicMs();
  try {
    const folder = await openDataFolder(checked, seed);
    const identity = await openIdentity(checked, folder);
    const blueprint = { options: checked, dataFolder: folder.path, ...folder, ownThread, identity };
    const topology = designCluster(blueprint);
    const assembly = new Assembly({ fabric, topology, ownThread, ownPaths: [bridgePath] });
    const keeper = new ThreadKeeper(fabric, assembly, seed, (thread) => cluster?.crashed(thread, 'given up'));
    const parts = { options: checked, fabric, bridge, assembly, keeper, cleanUp: folder.cleanUp };
    cluster = new Cluster({ ...parts, designNode: (index) => designNode(blueprint, index) });
    await fabric.startActors(ownThread, [{ path: bridgePath, role: 'bridge', args: null, incarnation: 1 }]);
    await fabric.drive(assembly.start());
    if (identity !== null) cluster.grantAccess(await openAccess(checked, folder, identity, cluster.masters(), bridge));
    await cluster.ready();
    cluster.announceReady(fabric.monotonicMs() - startedMs);
    return cluster;
  } catch (error) {
    if (cluster === undefined) await fabric.close();
    else await cluster.stop();
    throw error;
  }
}

function openFabric(options: CheckedOptions, seed: number, bridge: Bridge, events: FabricEvents): Fabric {
  const own = { ownThread, ownRoles: [bridge.role()] };
  if (options.simulatedSeed === null) return new WorkerFabric({ clusterSeed: seed, ...own, ...events });
  const universe = new Universe({ seed });
  const fabric = new SimulatedFabric({
    universe,
    rolesOf: (entry) => simulatedRoles(entry, universe),
    ...own,
    ...events,
  });
  bridge.onDelivery = () => fabric.reachedUserCode();
  return fabric;
}

async function openDataFolder(options: CheckedOptions, seed: number): Promise<DataFolder> {
  if (options.simulatedSeed !== null) {
    return { path: 'simulated', clusterId: `simulated-${seed}`, isExisting: false, cleanUp: async () => {} };
  }
  if (options.dataDirectory === null) {
    const path = await mkdtemp(join(tmpdir(), `threemaster-${options.name}-`));
    return {
      path,
      clusterId: randomUUID(),
      isExisting: false,
      cleanUp: () => rm(path, { recursive: true, force: true }),
    };
  }
  const path = options.dataDirectory;
  await mkdir(path, { recursive: true, mode: 0o700 });
  const isExisting = (await readdir(path)).includes('cluster-id');
  if (!isExisting) await writeFile(join(path, 'cluster-id'), randomUUID(), { flush: true, mode: 0o600 } as never);
  const clusterId = await readFile(join(path, 'cluster-id'), 'utf8');
  return { path, clusterId, isExisting, cleanUp: async () => {} };
}

/** A simulated cluster speaks no HTTP and needs no identity. */
async function openIdentity(options: CheckedOptions, folder: DataFolder): Promise<ClusterIdentity | null> {
  if (options.simulatedSeed !== null) return null;
  return options.dataDirectory === null ? makeIdentity() : keptIdentity(folder.path);
}

/** Learns where the listeners are, remembers it for restarts, and writes the kubeconfig. */
async function openAccess(
  options: CheckedOptions,
  folder: DataFolder,
  identity: ClusterIdentity,
  masters: readonly string[],
  bridge: Bridge,
): Promise<Access> {
  const addressOf = async <Address extends GatewayAddress>(path: string): Promise<Address> => {
    const outcome = await bridge.ask<Address | ListenFailure>(
      path,
      { type: 'address', request: null },
      listenTimeoutMs,
    );
    if (outcome.type === 'failed') throw new Error(`${path} does not listen: ${outcome.failure.code}`);
    if ('failure' in outcome.reply) throw new Error(`${path} cannot listen: ${outcome.reply.failure}`);
    return outcome.reply;
  };
  for (const path of masters.map(gatewayPath)) identity.ports[path] = (await addressOf(path)).port;
  const { port } = await addressOf<BalancerAddress>(balancerPath);
  identity.ports[balancerPath] = port;
  if (options.dataDirectory !== null) await keepIdentity(folder.path, identity);
  const place = {
    name: `threemaster-${options.name}`,
    server: `https://${listenHost}:${port}`,
    authorityCertificate: identity.certificates.authority,
    namespace: 'default',
  };
  const config = kubeconfig({ ...place, userName: 'admin', token: identity.adminToken });
  const kubeconfigPath = join(folder.path, 'kubeconfig');
  await writeFile(kubeconfigPath, formatKubeconfig(config), { mode: 0o600 });
  const { authority } = identity.certificates;
  return {
    url: `https://${listenHost}:${port}`,
    token: identity.adminToken,
    authority,
    kubeconfigPath,
    config,
    ports: identity.ports,
    kubeconfigFor: async (user, groups) => {
      const { makeClientCertificate } = await import('./certificates.ts');
      const { certificate, key } = await makeClientCertificate(identity.certificates, user, groups);
      return formatKubeconfig(kubeconfig({ ...place, userName: user, clientCertificate: certificate, clientKey: key }));
    },
  };
}
