/** Starts a cluster: chooses the fabric, builds the topology on it, and waits until it is ready. A failed start leaves nothing behind. */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModulesEvent } from '../../src/actor/modules-port.ts';
import { formatKubeconfig, kubeconfig } from '../../src/http/kubeconfig.ts';
import { compileProfiles, limitsOf } from '../../src/scheduler/compile-profiles.ts';
import { SchedulerConfigurationError } from '../../src/scheduler/configuration.ts';
import { registryWith } from '../../src/scheduler/registry.ts';
import { Universe } from '../../src/sim/universe.ts';
import { importModules } from '../io/modules.ts';
import { type Access, contextName } from './access.ts';
import { Assembly } from './assembly.ts';
import { balancerPath, designCluster, designMaster, designNode, listenHost, registryPath } from './blueprint.ts';
import { Bridge } from './bridge.ts';
import { Cluster } from './cluster.ts';
import { type DataFolder, keptFolder, simulatedFolder, temporaryFolder } from './data-folder.ts';
import type { Fabric, FabricEvents } from './fabric.ts';
import { type ClusterIdentity, keptIdentity, makeIdentity } from './identity.ts';
import { Listeners } from './listeners.ts';
import { type CheckedOptions, type ClusterOptions, ClusterOptionsError, checkOptions } from './options.ts';
import { foundingRoster, Roster, type RosterRecord } from './roster.ts';
import { SimulatedFabric } from './simulated-fabric.ts';
import { simulatedRoles } from './simulated-roles.ts';
import { ThreadKeeper } from './thread-keeper.ts';
import { WorkerFabric } from './worker-fabric.ts';

const ownThread = 'main';
const bridgePath = 'main/bridge';

/** Starts a cluster and resolves when it is ready. */
export async function foundCluster(options: ClusterOptions): Promise<Cluster> {
  const asked = checkOptions(options);
  const modules = await checkScheduler(asked);
  const bridge = new Bridge(bridgePath);
  let cluster: Cluster | undefined;
  const events: FabricEvents = {
    onEvent: (thread, event) => cluster?.take(thread, event),
    onCrash: (thread, reason) => cluster?.crashed(thread, reason),
  };
  const seed = asked.simulatedSeed ?? asked.seed ?? randomInt(2 ** 47);
  const fabric = openFabric(asked, seed, bridge, events, modules);
  const startedMs = fabric.monotonicMs();
  for (const message of asked.stages.warnings) {
    asked.log?.({ wallMs: fabric.wallMs(), actor: 'main/stages', level: 'warn', message, fields: {} });
  }
  let folder: DataFolder | undefined;
  try {
    folder = await openDataFolder(asked);
    const { keepRoster, eraseReplica } = folder;
    const roster = new Roster(rosterOf(asked, options.masters, folder), keepRoster);
    const identity = await openIdentity(asked, folder);
    const blueprint = { options: asked, dataFolder: folder.path, ...folder, roster, ownThread, identity };
    const topology = designCluster(blueprint);
    const assembly = new Assembly({ fabric, topology, ownThread, ownPaths: [bridgePath] });
    const keeper = new ThreadKeeper(fabric, assembly, seed, (thread) => cluster?.crashed(thread, 'given up'));
    const listeners = new Listeners(bridge, identity, asked.dataDirectory, (paths) => assembly.reconfigureAt(paths));
    cluster = new Cluster({
      options: asked,
      fabric,
      bridge,
      assembly,
      keeper,
      roster,
      designMaster: (name) => designMaster(blueprint, name),
      designNode: (index, group) => designNode(blueprint, index, group),
      places: {
        open: (name) => listeners.open(name),
        clear: (name) => Promise.all([listeners.close(name), eraseReplica(name)]).then(() => {}),
      },
      cleanUp: folder.cleanUp,
    });
    await fabric.startActors(ownThread, [{ path: bridgePath, role: 'bridge', args: null, incarnation: 1 }]);
    await fabric.drive(assembly.start());
    if (identity !== null) {
      await listeners.openAll(cluster.masters(), asked.registry === null ? [] : [registryPath]);
      cluster.grantAccess(await openAccess(asked, folder, identity));
    }
    await cluster.ready(asked.progress);
    if (folder.isExisting) await cluster.resumeMasters();
    else await keepRoster(roster.record);
    cluster.startNodeGroups();
    cluster.announceReady(fabric.monotonicMs() - startedMs);
    return cluster;
  } catch (error) {
    if (cluster === undefined) {
      await fabric.close();
      await folder?.cleanUp();
    } else await cluster.stop();
    throw error;
  }
}

/** Imports the modules with the user's plugins, and compiles the configuration with them: what is wrong is known before anything starts. */
async function checkScheduler({ scheduler }: CheckedOptions): Promise<ModulesEvent> {
  const modules = await importModules(scheduler.modules);
  if (modules.type === 'failed') {
    throw new ClusterOptionsError(`scheduler.modules: ${modules.url} cannot be imported: ${modules.message}`);
  }
  try {
    compileProfiles(
      scheduler.configuration,
      registryWith(modules.modules, () => {}),
    );
    limitsOf(scheduler.configuration);
  } catch (error) {
    if (error instanceof SchedulerConfigurationError) throw new ClusterOptionsError(error.message);
    throw error;
  }
  return modules;
}

function openFabric(
  options: CheckedOptions,
  seed: number,
  bridge: Bridge,
  events: FabricEvents,
  modules: ModulesEvent,
): Fabric {
  const own = { ownThread, ownRoles: [bridge.role()] };
  if (options.simulatedSeed === null) return new WorkerFabric({ clusterSeed: seed, ...own, ...events });
  const universe = new Universe({ seed });
  const fabric = new SimulatedFabric({
    universe,
    rolesOf: (entry) => simulatedRoles(entry, universe, modules),
    ...own,
    ...events,
  });
  bridge.onDelivery = () => fabric.reachedUserCode();
  return fabric;
}

/** A simulated cluster has its disks in memory. */
function openDataFolder({ simulatedSeed, dataDirectory, name }: CheckedOptions): Promise<DataFolder> {
  if (simulatedSeed !== null) return Promise.resolve(simulatedFolder(simulatedSeed));
  return dataDirectory === null ? temporaryFolder(name) : keptFolder(dataDirectory);
}

/**
 * How many masters there are was decided when the cluster was founded, and when some joined or left. Throws ClusterOptionsError when the user
 * asks for another number.
 */
function rosterOf({ masters }: CheckedOptions, asked: number | undefined, { path, roster }: DataFolder): RosterRecord {
  if (roster === null) return foundingRoster(masters);
  const held = roster.masters.filter(({ phase }) => phase === 'member').length;
  if (asked === undefined || asked === held) return roster;
  throw new ClusterOptionsError(
    `${path} holds a cluster of ${held} masters, not ${asked}; leave masters out, or say ${held}`,
  );
}

/** A simulated cluster speaks no HTTP and needs no identity. */
async function openIdentity(options: CheckedOptions, folder: DataFolder): Promise<ClusterIdentity | null> {
  if (options.simulatedSeed !== null) return null;
  const identity = await (options.dataDirectory === null ? makeIdentity() : keptIdentity(folder.path));
  const ports = options.port === null ? identity.ports : { ...identity.ports, [balancerPath]: options.port };
  return { ...identity, ports, adminToken: options.adminToken ?? identity.adminToken };
}

/** Writes the kubeconfig. The listeners are known. */
async function openAccess(options: CheckedOptions, folder: DataFolder, identity: ClusterIdentity): Promise<Access> {
  const port = identity.ports[balancerPath] ?? 0;
  const place = {
    name: contextName(options.name),
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
    registry: options.registry === null ? null : `${listenHost}:${identity.ports[registryPath]}`,
    ports: identity.ports,
    kubeconfigFor: async (user, groups) => {
      const { makeClientCertificate } = await import('./certificates.ts');
      const { certificate, key } = await makeClientCertificate(identity.certificates, user, groups);
      return formatKubeconfig(kubeconfig({ ...place, userName: user, clientCertificate: certificate, clientKey: key }));
    },
  };
}
