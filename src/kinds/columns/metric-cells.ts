/**
 * Cells of autoscalers (what is measured and what is wanted) and of measurements themselves.
 * Models kubernetes pkg/printers/internalversion/printers.go formatHPAMetrics and metrics-server pkg/api/table.go.
 */
import type { AnyObject } from '../../api/object-meta.ts';
import { addQuantities, formatQuantity, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { TableCell } from '../../api/table.ts';

type Row = Readonly<Record<string, TableCell>>;

const unknown = '<unknown>';
const shownMax = 2;

interface Measure {
  readonly type?: string;
  readonly value?: string;
  readonly averageValue?: string;
  readonly averageUtilization?: number;
}

interface Source {
  readonly name?: string;
  readonly target?: Measure;
  readonly current?: Measure;
}

interface Metric {
  readonly type: string;
  readonly object?: Source;
  readonly pods?: Source;
  readonly resource?: Source;
  readonly containerResource?: Source;
  readonly external?: Source;
}

interface Autoscaler extends AnyObject {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly metrics?: readonly Metric[];
    readonly targetCPUUtilizationPercentage?: number;
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly currentMetrics?: readonly Metric[];
    readonly currentCPUUtilizationPercentage?: number;
  };
}

export function autoscalerCells(autoscaler: Autoscaler): Row {
  const { spec = {}, status = {} } = autoscaler;
  const { kind = '', name = '' } = spec.scaleTargetRef ?? {};
  const metrics = metricsOf(autoscaler);
  const more = metrics.length > shownMax ? ` + ${metrics.length - shownMax} more...` : '';
  return {
    Reference: `${kind}/${name}`,
    Targets: metrics.length === 0 ? '<none>' : metrics.slice(0, shownMax).join(', ') + more,
    MinPods: String(spec.minReplicas ?? '<unset>'),
    MaxPods: String(spec.maxReplicas ?? 0),
    Replicas: String(status.currentReplicas ?? 0),
  };
}

/** Version 1 knows the processor alone. */
function metricsOf({ spec = {}, status = {} }: Autoscaler): readonly string[] {
  const wanted = spec.targetCPUUtilizationPercentage;
  if (wanted !== undefined) {
    return [`cpu: ${shareText(status.currentCPUUtilizationPercentage, unknown)}/${shareText(wanted, '<auto>')}`];
  }
  return (spec.metrics ?? []).map((metric, index) => metricText(metric, status.currentMetrics?.[index]));
}

function metricText(metric: Metric, status: Metric | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return resourceText(metric.resource, status?.resource);
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource);
    case 'Pods':
      return `${status?.pods?.current?.averageValue ?? unknown}/${metric.pods?.target?.averageValue ?? ''}`;
    case 'Object':
      return valueText(metric.object, status?.object);
    case 'External':
      return valueText(metric.external, status?.external);
    default:
      return '<unknown type>';
  }
}

function resourceText(source: Source | undefined, status: Source | undefined): string {
  const { target = {}, name = '' } = source ?? {};
  const current = status?.current;
  if (target.averageValue !== undefined) {
    return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  }
  return `${name}: ${shareText(current?.averageUtilization, unknown)}/${shareText(target.averageUtilization, '<auto>')}`;
}

function valueText(source: Source | undefined, status: Source | undefined): string {
  const { averageValue, value = '' } = source?.target ?? {};
  if (averageValue !== undefined) return `${status?.current?.averageValue ?? unknown}/${averageValue} (avg)`;
  return `${status?.current?.value ?? unknown}/${value}`;
}

function shareText(share: number | undefined, absent: string): string {
  return share === undefined ? absent : `${share}%`;
}

type Usage = Readonly<Record<string, string>>;

interface Measurement extends AnyObject {
  readonly window?: string;
  /** Of a node. */
  readonly usage?: Usage;
  /** Of a pod. */
  readonly containers?: readonly { readonly usage?: Usage }[];
}

export function usageCells({ usage, containers = [], window = '' }: Measurement): Row {
  const usages = usage === undefined ? containers.map((container) => container.usage ?? {}) : [usage];
  return { cpu: total(usages, 'cpu', 'decimal'), memory: total(usages, 'memory', 'binary'), Window: window };
}

function total(usages: readonly Usage[], resource: string, format: Quantity['format']): string {
  const zero: Quantity = { nanos: 0n, format };
  const amounts = usages.map((usage) => parseQuantity(usage[resource] ?? '0') ?? zero);
  return formatQuantity(amounts.reduce(addQuantities, zero));
}
