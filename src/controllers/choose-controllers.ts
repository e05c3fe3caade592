/**
 * Which controllers run: `*` is all of them, `NAME` one that does, `-NAME` one that does not; of two that name the same the first counts.
 * Models kubernetes' kube-controller-manager --controllers (k8s.io/controller-manager/app/helper.go).
 */
import { controllerNames } from './registry.ts';

const all = '*';

export const defaultControllers: readonly string[] = [all];

/** Returns the names of the controllers that run, or what is wrong in one line. */
export function chooseControllers(asked: readonly string[]): readonly string[] | string {
  const unknown = asked.find((each) => each !== all && !controllerNames.includes(withoutSign(each)));
  if (unknown !== undefined) {
    return `controllers must be *, names, or names behind a minus, not ${JSON.stringify(unknown)}; there are ${controllerNames.join(', ')}`;
  }
  return controllerNames.filter((name) => {
    const first = asked.find((each) => each !== all && withoutSign(each) === name);
    return first === undefined ? asked.includes(all) : first === name;
  });
}

function withoutSign(selector: string): string {
  return selector.startsWith('-') ? selector.slice(1) : selector;
}
