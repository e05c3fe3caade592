/**
 * Builds a topology on a fabric and keeps it standing: starts threads and actors, links them, and starts again what crashed. What was killed
 * on purpose stays down until somebody restarts it.
 */
import type { ActorSpec } from '../../src/actor/cell.ts';
import { must } from '../../src/base/assert.ts';
import type { Fabric } from './fabric.ts';
import { type ActorPlan, joined, type Knowledge, linksBetween, type ThreadDesign, type Topology } from './topology.ts';

export interface AssemblyOptions {
  readonly fabric: Fabric;
  readonly topology: Topology;
  readonly ownThread: string;
  readonly ownPaths: readonly string[];
}

export class Assembly {
  readonly #options: AssemblyOptions;
  /** The last life of each path, so that the next one is higher on whichever thread. */
  readonly #incarnations = new Map<string, number>();
  readonly #up = new Set<string>();
  readonly #downOnPurpose = new Set<string>();
  /** Starts of threads that are under way. */
  readonly #launching = new Map<string, Promise<void>>();
  /** Single actors that were killed or suspended on threads that go on. */
  readonly #actorsDown = new Map<string, 'killed' | 'suspended'>();
  #threads: Map<string, ThreadDesign>;
  #links: readonly (readonly [string, string])[];

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#threads = new Map(options.topology.threads);
    this.#links = options.topology.links;
  }

  get topology(): Topology {
    return { threads: this.#threads, links: this.#links };
  }

  /** Tells whether the thread runs, as far as anybody has noticed. */
  isUp(thread: string): boolean {
    return this.#up.has(thread);
  }

  isDownOnPurpose(thread: string): boolean {
    return this.#downOnPurpose.has(thread);
  }

  /** Tells whether an actor was killed or suspended by itself. */
  isActorDown(path: string): boolean {
    return this.#actorsDown.has(path);
  }

  /** Tells whether actors at all these paths are planned. */
  holds(...paths: readonly string[]): boolean {
    const planned = new Set([...this.#threads.values()].flatMap(({ actors }) => actors.map(({ path }) => path)));
    return paths.every((path) => planned.has(path));
  }

  noteStarted(path: string, incarnation: number): void {
    this.#incarnations.set(path, Math.max(incarnation, this.#incarnations.get(path) ?? 0));
  }

  /** Starts all threads at once, links them, then starts their actors. Rejects at the first failure. */
  async start(): Promise<void> {
    const { fabric } = this.#options;
    const designs = [...this.#threads.values()];
    await Promise.all(designs.map(({ name, entry }) => fabric.startThread({ name, entry })));
    for (const { name } of designs) this.#up.add(name);
    await Promise.all(this.#links.map(([left, right]) => this.#link(left, right)));
    await Promise.all(designs.map((design) => fabric.startActors(design.name, this.#specs(design, 'first'))));
  }

  /** Starts a thread that is down, with its actors but for those that were killed by themselves. A thread that is up is left alone. */
  startAgain(name: string): Promise<void> {
    return this.#launch(name, 'again');
  }

  async #launch(name: string, start: 'first' | 'again'): Promise<void> {
    if (this.#up.has(name)) return;
    const launching = this.#startThread(name, start);
    this.#launching.set(name, launching);
    try {
      await launching;
    } finally {
      if (this.#launching.get(name) === launching) this.#launching.delete(name);
    }
  }

  async #startThread(name: string, start: 'first' | 'again'): Promise<void> {
    const { fabric } = this.#options;
    const design = must(this.#threads.get(name), `no thread ${name}`);
    this.#downOnPurpose.delete(name);
    await fabric.startThread({ name, entry: design.entry });
    this.#up.add(name);
    try {
      const links = this.#links.filter(([left, right]) => left === name || right === name);
      const open = links.filter((pair) => pair.every((end) => this.#isThere(end)));
      // A thread that dies meanwhile is linked when it starts again.
      const isLost = (pair: readonly string[]): boolean => pair.some((end) => end !== name && !this.#isThere(end));
      await Promise.all(
        open.map((pair) =>
          this.#link(...pair).catch((error: unknown) => {
            if (!isLost(pair)) throw error;
          }),
        ),
      );
      for (const { path } of design.actors)
        if (this.#actorsDown.get(path) === 'suspended') this.#actorsDown.delete(path);
      const specs = this.#specs(design, start).filter(({ path }) => !this.#actorsDown.has(path));
      await fabric.startActors(name, specs);
    } catch (error) {
      this.#up.delete(name);
      throw error;
    }
  }

  /** Starts actors again that were killed. On a thread that was killed too they come back alone: the others stay down. */
  async startActorsAgain(thread: string, paths: readonly string[]): Promise<void> {
    const design = must(this.#threads.get(thread), `no thread ${thread}`);
    this.forgetDown(paths);
    if (this.#up.has(thread)) {
      const specs = this.#specs(design, 'again').filter(({ path }) => paths.includes(path));
      return this.#options.fabric.startActors(thread, specs);
    }
    if (this.#downOnPurpose.has(thread)) {
      for (const { path } of design.actors) if (!paths.includes(path)) this.#actorsDown.set(path, 'killed');
    }
    return this.startAgain(thread);
  }

  /** Kills actors of a thread; they stay down, also when their thread is replaced, until they are started again. */
  async killActors(thread: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#actorsDown.set(path, 'killed');
    await this.#onThread(thread, paths, (path) => this.#options.fabric.killActor(thread, path));
  }

  /** Has no effect on actors of a thread that is down. */
  async suspendActors(thread: string, paths: readonly string[]): Promise<void> {
    if (!this.#up.has(thread)) return;
    const running = paths.filter((path) => !this.#actorsDown.has(path));
    for (const path of running) this.#actorsDown.set(path, 'suspended');
    await this.#onThread(thread, running, (path) => this.#options.fabric.suspendActor(thread, path));
  }

  async resumeActors(thread: string, paths: readonly string[]): Promise<void> {
    const suspended = paths.filter((path) => this.#actorsDown.get(path) === 'suspended');
    this.forgetDown(suspended);
    await this.#onThread(thread, suspended, (path) => this.#options.fabric.resumeActor(thread, path));
  }

  /** Does something to each actor. A thread that is down, or dies meanwhile, has ended its actors too. */
  async #onThread(thread: string, paths: readonly string[], act: (path: string) => Promise<void>): Promise<void> {
    if (!this.#up.has(thread)) return;
    try {
      await Promise.all(paths.map(act));
    } catch (error) {
      if (this.#up.has(thread)) throw error;
    }
  }

  /** They start with their thread again. */
  forgetDown(paths: readonly string[]): void {
    for (const path of paths) this.#actorsDown.delete(path);
  }

  async kill(name: string): Promise<void> {
    this.#downOnPurpose.add(name);
    this.#up.delete(name);
    await this.#options.fabric.killThread(name);
  }

  /** The thread ended by itself. */
  noteCrash(name: string): void {
    this.#up.delete(name);
  }

  /** Adds a thread to the plan and starts it; of a thread that is planned already, the actors. */
  async add(design: ThreadDesign): Promise<void> {
    if (this.#threads.has(design.name)) return this.#addActors(design);
    this.#threads.set(design.name, design);
    this.#links = linksBetween([...this.#threads.values()], this.#options.ownThread);
    await this.#launch(design.name, 'first');
  }

  async #addActors(design: ThreadDesign): Promise<void> {
    const { fabric } = this.#options;
    // A start that is under way knows the actors that were planned when it began.
    await this.#launching.get(design.name)?.catch(() => {});
    const standing = must(this.#threads.get(design.name), `no thread ${design.name}`);
    this.#threads.set(design.name, joined(standing, design.actors));
    // Otherwise they start with their thread.
    if (!this.#up.has(design.name)) return;
    const started = fabric.startActors(design.name, this.#specs(design, 'first'));
    // A paused thread starts them when it runs again.
    if (!fabric.isPaused(design.name)) return started;
    void started.catch(() => {});
  }

  /** Tells the actors whose args tell of this what they are started with from now on. Those that do not run begin with it. */
  async reconfigure(...changed: readonly Knowledge[]): Promise<void> {
    await this.#reconfigure(({ knows }) => knows !== undefined && changed.includes(knows));
  }

  /** As `reconfigure`, for the actors at `paths`. */
  async reconfigureAt(paths: readonly string[]): Promise<void> {
    await this.#reconfigure(({ path }) => paths.includes(path));
  }

  async #reconfigure(isMeant: (plan: ActorPlan) => boolean): Promise<void> {
    const running = [...this.#threads.values()].filter(({ name }) => this.#up.has(name));
    await Promise.all(
      running.flatMap(({ name, actors }) =>
        actors
          .filter(isMeant)
          .map(({ path, args }) => this.#options.fabric.reconfigureActor(name, path, args('again')).catch(() => {})),
      ),
    );
  }

  /** Kills threads and strikes them off the plan. */
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.kill(name);
      this.forgetDown(this.#threads.get(name)?.actors.map(({ path }) => path) ?? []);
      this.#threads.delete(name);
      this.#downOnPurpose.delete(name);
    }
    this.#links = this.#links.filter((pair) => !pair.some((end) => names.includes(end)));
  }

  /** Kills the actors of these designs and strikes them off the plan, and with the last of its actors a thread. */
  async strike(designs: readonly ThreadDesign[]): Promise<void> {
    for (const { name, actors } of designs) {
      if (!this.#threads.has(name)) continue;
      await this.removeActors(
        name,
        actors.map(({ path }) => path),
      );
    }
  }

  /**
   * Strikes actors of a thread off the plan, and kills them; a thread that has no others goes with them. A paused thread does its part when it
   * runs again, before anything else.
   */
  async removeActors(thread: string, paths: readonly string[]): Promise<void> {
    const design = must(this.#threads.get(thread), `no thread ${thread}`);
    const actors = design.actors.filter(({ path }) => !paths.includes(path));
    this.forgetDown(paths);
    if (actors.length === 0) return this.remove([thread]);
    this.#threads.set(thread, { ...design, actors });
    const { fabric } = this.#options;
    const killed = this.#onThread(thread, paths, (path) => fabric.killActor(thread, path));
    if (!fabric.isPaused(thread)) return killed;
    void killed.catch(() => {});
  }

  #isThere(thread: string): boolean {
    return thread === this.#options.ownThread || this.#up.has(thread);
  }

  async #link(left: string, right: string): Promise<void> {
    await this.#options.fabric.link(
      { thread: left, paths: this.#pathsOn(left) },
      { thread: right, paths: this.#pathsOn(right) },
    );
  }

  #pathsOn(thread: string): readonly string[] {
    if (thread === this.#options.ownThread) return this.#options.ownPaths;
    const { actors, mayHold = [] } = must(this.#threads.get(thread), `no thread ${thread}`);
    return [...new Set([...actors.map(({ path }) => path), ...mayHold])];
  }

  #specs(design: ThreadDesign, start: 'first' | 'again'): ActorSpec[] {
    return design.actors.map(({ path, role, args, supervision }) => ({
      path,
      role,
      args: args(start),
      incarnation: (this.#incarnations.get(path) ?? 0) + 1,
      ...(supervision === undefined ? {} : { supervision }),
    }));
  }
}
