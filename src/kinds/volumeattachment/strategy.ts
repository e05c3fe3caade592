/** How attachments begin and change. Models kubernetes pkg/registry/storage/volumeattachment and ValidateVolumeAttachment{,Update}. */
import { type FieldError, forbiddenField, required } from '../../api/field-error.ts';
import { type Mutable, setDefault } from '../../api/json.ts';
import { checkSubdomain } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable, checkedName } from '../field-checks.ts';
import type { VolumeAttachment } from './types.ts';

export const volumeAttachmentBehaviour: KindBehaviour<VolumeAttachment> = {
  setDefaults({ status }) {
    if (status !== undefined) setDefault(status, 'attached', false);
  },
  prepareForCreate(attachment) {
    (attachment as Mutable<VolumeAttachment>).status = { attached: false };
  },
  validate: validateAttachment,
  validateUpdate: (next, old) => checkedImmutable('spec', next.spec, old.spec),
};

function validateAttachment({ spec }: VolumeAttachment): FieldError[] {
  if (spec === undefined) return [required('spec')];
  const { attacher = '', nodeName = '', source = {} } = spec;
  const errors: FieldError[] = [];
  if (attacher === '') errors.push(required('spec.attacher'));
  else errors.push(...checkedName('spec.attacher', attacher, checkSubdomain));
  const { persistentVolumeName = '', inlineVolumeSpec } = source;
  if (inlineVolumeSpec === undefined && persistentVolumeName === '') {
    errors.push(required('spec.source', 'must specify either inlineVolumeSpec and persistentVolumeName'));
  }
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== '') {
    errors.push(forbiddenField('spec.source', 'must specify either inlineVolumeSpec and persistentVolumeName'));
  }
  if (persistentVolumeName !== '') {
    errors.push(...checkedName('spec.source.persistentVolumeName', persistentVolumeName, checkSubdomain));
  }
  if (nodeName === '') errors.push(required('spec.nodeName'));
  else errors.push(...checkedName('spec.nodeName', nodeName, checkSubdomain));
  return errors;
}
