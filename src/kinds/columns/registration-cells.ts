/** Cells of what extends the API and guards it. Models kubernetes pkg/printers/internalversion/printers.go and kube-aggregator's printer. */
import { humanDuration } from '../../api/human-duration.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import { type Condition, findCondition } from '../condition.ts';

type Row = Readonly<Record<string, TableCell>>;

const none = '<none>';
const unset = '<unset>';

interface ApiService extends AnyObject {
  readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string } };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export function apiServiceCells({ spec, status }: ApiService): Row {
  const service = spec?.service;
  const available = findCondition(status?.conditions, 'Available');
  const { status: word = 'Unknown', reason = '' } = available ?? {};
  return {
    Service: service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`,
    Available: word === 'True' || reason === '' ? word : `${word} (${reason})`,
  };
}

interface SigningRequest extends AnyObject {
  readonly spec?: { readonly signerName?: string; readonly username?: string; readonly expirationSeconds?: number };
  readonly status?: { readonly conditions?: readonly { readonly type: string }[]; readonly certificate?: string };
}

export function signingRequestCells({ spec = {}, status = {} }: SigningRequest): Row {
  const types = new Set((status.conditions ?? []).map(({ type }) => type));
  const words = [types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'];
  if (types.has('Failed')) words.push('Failed');
  if ((status.certificate ?? '') !== '') words.push('Issued');
  return {
    SignerName: spec.signerName || none,
    Requestor: spec.username ?? '',
    RequestedDuration: spec.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000),
    Condition: words.join(','),
  };
}

interface AdmissionPolicy extends AnyObject {
  readonly spec?: {
    readonly validations?: readonly object[];
    readonly mutations?: readonly object[];
    readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string };
  };
}

export function admissionPolicyCells(field: 'validations' | 'mutations'): (policy: AdmissionPolicy) => Row {
  return ({ spec }) => ({
    [field === 'validations' ? 'Validations' : 'Mutations']: spec?.[field]?.length ?? 0,
    ParamKind:
      spec?.paramKind === undefined ? unset : `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}`,
  });
}

interface AdmissionBinding extends AnyObject {
  readonly spec?: {
    readonly policyName?: string;
    readonly paramRef?: { readonly namespace?: string; readonly name?: string };
  };
}

export function admissionBindingCells({ spec }: AdmissionBinding): Row {
  const { namespace = '', name = '' } = spec?.paramRef ?? {};
  return {
    PolicyName: spec?.policyName ?? '',
    ParamRef: name === '' ? unset : namespace === '' ? name : `${namespace}/${name}`,
  };
}

export function webhookCells({ webhooks }: AnyObject & { readonly webhooks?: readonly object[] }): Row {
  return { Webhooks: webhooks?.length ?? 0 };
}

interface FlowSchema extends AnyObject {
  readonly spec?: {
    readonly priorityLevelConfiguration?: { readonly name?: string };
    readonly matchingPrecedence?: number;
    readonly distinguisherMethod?: { readonly type?: string };
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export function flowSchemaCells({ spec = {}, status }: FlowSchema): Row {
  return {
    PriorityLevel: spec.priorityLevelConfiguration?.name ?? '',
    MatchingPrecedence: String(spec.matchingPrecedence ?? 0),
    DistinguisherMethod: spec.distinguisherMethod?.type ?? none,
    MissingPL: findCondition(status?.conditions, 'Dangling')?.status ?? '?',
  };
}

interface PriorityLevel extends AnyObject {
  readonly spec?: {
    readonly type?: string;
    readonly exempt?: { readonly nominalConcurrencyShares?: number };
    readonly limited?: {
      readonly nominalConcurrencyShares?: number;
      readonly limitResponse?: {
        readonly queuing?: { readonly queues?: number; readonly handSize?: number; readonly queueLengthLimit?: number };
      };
    };
  };
}

export function priorityLevelCells({ spec = {} }: PriorityLevel): Row {
  const queuing = spec.limited?.limitResponse?.queuing;
  const shares = spec.limited?.nominalConcurrencyShares ?? spec.exempt?.nominalConcurrencyShares;
  return {
    Type: spec.type ?? '',
    NominalConcurrencyShares: String(shares ?? none),
    Queues: String(queuing?.queues ?? none),
    HandSize: String(queuing?.handSize ?? none),
    QueueLengthLimit: String(queuing?.queueLengthLimit ?? none),
  };
}

interface ComponentStatus extends AnyObject {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status?: string;
    readonly message?: string;
    readonly error?: string;
  }[];
}

export function componentStatusCells({ conditions = [] }: ComponentStatus): Row {
  const healthy = conditions.find(({ type }) => type === 'Healthy');
  const words: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' };
  return {
    Status: words[healthy?.status ?? ''] ?? 'Unknown',
    Message: healthy?.message ?? '',
    Error: healthy?.error ?? '',
  };
}
