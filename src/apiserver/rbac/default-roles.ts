/**
 * The roles that every cluster has, one a line: `NAME: RULE; RULE`. A rule is `GROUPS RESOURCES VERBS`, or `- PATHS VERBS` for paths.
 * Lists have commas; `core` is the group without a name; names of resources stand behind `=`, with bars between them. Verbs are one letter
 * each, as in the table of resources (c create, d delete, x deletecollection, g get, l list, p patch, u update, w watch), others behind `+`.
 * Facts of kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy @ v1.36, with what its stable features add.
 */

const events = 'core,events.k8s.io events cpu';

/** Roles of users, and of the parts of a cluster. `admin`, `edit` and `view` are collected from those that aggregate to them. */
export const clusterRoleTable = `
cluster-admin: * * *; - * *
system:aggregate-to-admin: authorization.k8s.io localsubjectaccessreviews c; rbac.authorization.k8s.io rolebindings,roles cdxglpuw
system:aggregate-to-edit: core pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy glw; core serviceaccounts +impersonate; core pods,pods/attach,pods/exec,pods/portforward,pods/proxy cdxpu; core pods/eviction c; core configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy cdxpu; core serviceaccounts/token c; apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale cdxpu; autoscaling horizontalpodautoscalers cdxpu; batch cronjobs,jobs cdxpu; extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale cdxpu; policy poddisruptionbudgets cdxpu; networking.k8s.io ingresses,networkpolicies cdxpu; coordination.k8s.io leases cdxglpuw; resource.k8s.io resourceclaims,resourceclaimtemplates cdxpu
system:aggregate-to-view: core configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status glw; core bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status glw; core namespaces glw; discovery.k8s.io endpointslices glw; apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status glw; autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status glw; batch cronjobs,cronjobs/status,jobs,jobs/status glw; extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale glw; policy poddisruptionbudgets,poddisruptionbudgets/status glw; networking.k8s.io ingresses,ingresses/status,networkpolicies glw; resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates glw
system:aggregated-metrics-reader: metrics.k8s.io nodes,pods glw
system:auth-delegator: authentication.k8s.io tokenreviews c; authorization.k8s.io subjectaccessreviews c
system:basic-user: authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews c; authentication.k8s.io selfsubjectreviews c
system:certificates.k8s.io:certificatesigningrequests:nodeclient: certificates.k8s.io certificatesigningrequests/nodeclient c
system:certificates.k8s.io:certificatesigningrequests:selfnodeclient: certificates.k8s.io certificatesigningrequests/selfnodeclient c
system:certificates.k8s.io:kube-apiserver-client-approver: certificates.k8s.io signers=kubernetes.io/kube-apiserver-client +approve
system:certificates.k8s.io:kube-apiserver-client-kubelet-approver: certificates.k8s.io signers=kubernetes.io/kube-apiserver-client-kubelet +approve
system:certificates.k8s.io:kubelet-serving-approver: certificates.k8s.io signers=kubernetes.io/kubelet-serving +approve
system:certificates.k8s.io:legacy-unknown-approver: certificates.k8s.io signers=kubernetes.io/legacy-unknown +approve
system:discovery: - /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/ g
system:heapster: core events,namespaces,nodes,pods glw; extensions deployments glw
system:kube-aggregator: core endpoints,services glw
system:kube-controller-manager: ${events}; coordination.k8s.io leases c; coordination.k8s.io leases=kube-controller-manager gu; core secrets,serviceaccounts c; core secrets d; core configmaps,namespaces,secrets,serviceaccounts g; core secrets,serviceaccounts u; authentication.k8s.io tokenreviews c; authorization.k8s.io subjectaccessreviews c; * * lw; core serviceaccounts/token c
system:kube-dns: core endpoints,services lw
system:kube-scheduler: ${events}; coordination.k8s.io leases c; coordination.k8s.io leases=kube-scheduler gu; core nodes glw; core pods dglw; core bindings,pods/binding c; core pods/status pu; core replicationcontrollers,services glw; apps,extensions replicasets glw; apps statefulsets glw; policy poddisruptionbudgets glw; core persistentvolumeclaims,persistentvolumes glw; authentication.k8s.io tokenreviews c; authorization.k8s.io subjectaccessreviews c; storage.k8s.io csinodes glw; core namespaces glw; storage.k8s.io csidrivers glw; storage.k8s.io csistoragecapacities glw; resource.k8s.io deviceclasses,resourceslices glw; resource.k8s.io resourceclaims glpuw; resource.k8s.io resourceclaims/status pu
system:kubelet-api-admin: core nodes glw; core nodes +proxy; core nodes/log,nodes/metrics,nodes/proxy,nodes/stats *
system:monitoring: - /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/* g
system:node: authentication.k8s.io tokenreviews c; authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews c; core services glw; core nodes cglw; core nodes/status pu; core nodes pu; core events cpu; core pods glw; core pods cd; core pods/status pu; core pods/eviction c; core configmaps,secrets glw; core persistentvolumeclaims,persistentvolumes g; core endpoints g; certificates.k8s.io certificatesigningrequests cglw; coordination.k8s.io leases cdgpu; storage.k8s.io volumeattachments g; core serviceaccounts/token c; core persistentvolumeclaims/status gpu; storage.k8s.io csidrivers glw; storage.k8s.io csinodes cdgpu; node.k8s.io runtimeclasses glw; resource.k8s.io resourceclaims g; resource.k8s.io resourceslices cdxglpuw
system:node-bootstrapper: certificates.k8s.io certificatesigningrequests cglw
system:node-problem-detector: core nodes g; core nodes/status p; ${events}
system:node-proxier: core endpoints,services lw; core nodes glw; ${events}; discovery.k8s.io endpointslices lw; networking.k8s.io servicecidrs lw
system:persistent-volume-provisioner: core persistentvolumes cdglw; core persistentvolumeclaims gluw; storage.k8s.io storageclasses glw; core events w; ${events}
system:public-info-viewer: - /healthz,/livez,/readyz,/version,/version/ g
system:service-account-issuer-discovery: - /.well-known/openid-configuration,/openid/v1/jwks g
system:volume-scheduler: core persistentvolumes glpuw; storage.k8s.io storageclasses glw; core persistentvolumeclaims glpuw
`;

/** Roles of controllers, without `system:controller:` in front; each is bound to the service account of its name in kube-system. */
export const controllerRoleTable = `
attachdetach-controller: core persistentvolumeclaims,persistentvolumes lw; core nodes glw; core nodes/status pu; core pods lw; ${events}; storage.k8s.io volumeattachments cdglw; storage.k8s.io csidrivers glw; storage.k8s.io csinodes glw
certificate-controller: certificates.k8s.io certificatesigningrequests dglw; certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status u; certificates.k8s.io signers=kubernetes.io/kube-apiserver-client-kubelet +approve; certificates.k8s.io signers=kubernetes.io/kube-apiserver-client|kubernetes.io/kube-apiserver-client-kubelet|kubernetes.io/kubelet-serving|kubernetes.io/legacy-unknown +sign; authorization.k8s.io subjectaccessreviews c; ${events}
clusterrole-aggregation-controller: rbac.authorization.k8s.io clusterroles glpuw+escalate
cronjob-controller: batch cronjobs gluw; batch jobs cdglpuw; batch cronjobs/status u; batch cronjobs/finalizers u; core pods dlw; ${events}
daemon-set-controller: apps,extensions daemonsets glw; apps,extensions daemonsets/status u; apps,extensions daemonsets/finalizers u; core nodes lw; core pods cdlpw; core pods/binding c; apps controllerrevisions cdglpuw; ${events}
deployment-controller: apps,extensions deployments gluw; apps,extensions deployments/status u; apps,extensions deployments/finalizers u; apps,extensions replicasets cdglpuw; core pods gluw; ${events}
device-taint-eviction-controller: core pods dglw; core pods/status pu; resource.k8s.io resourceclaims glw; resource.k8s.io resourceslices glw; resource.k8s.io deviceclasses glw; ${events}
disruption-controller: apps,extensions deployments glw; apps,extensions replicasets glw; core replicationcontrollers glw; policy poddisruptionbudgets glw; apps statefulsets glw; policy poddisruptionbudgets/status u; core pods/status pu; * */scale g; ${events}
endpoint-controller: core pods,services glw; core endpoints cdgluw; core endpoints/restricted c; ${events}
endpointslice-controller: core nodes,pods,services glw; core services/finalizers u; discovery.k8s.io endpointslices cdgluw; ${events}
endpointslicemirroring-controller: core endpoints,services glw; core services/finalizers u; core endpoints/finalizers u; discovery.k8s.io endpointslices cdgluw; ${events}
ephemeral-volume-controller: core pods glw; core pods/finalizers u; core persistentvolumeclaims cglw; ${events}
expand-controller: core persistentvolumes glpuw; core persistentvolumeclaims/status pu; core persistentvolumeclaims glw; ${events}
generic-garbage-collector: * * dglpuw; ${events}
horizontal-pod-autoscaler: autoscaling horizontalpodautoscalers glw; autoscaling horizontalpodautoscalers/status u; * */scale gu; core pods lw; metrics.k8s.io pods lw; custom.metrics.k8s.io * glw; external.metrics.k8s.io * glw; ${events}
job-controller: batch jobs glpuw; batch jobs/status u; batch jobs/finalizers u; core pods cdlpw; ${events}
legacy-service-account-token-cleaner: core configmaps=kube-apiserver-legacy-service-account-token-tracking g; core secrets dp
namespace-controller: core namespaces dglw; core namespaces/finalize,namespaces/status u; * * dxglw
node-controller: core nodes dglpuw; core nodes/status pu; core pods/status pu; core pods dglw; ${events}
persistent-volume-binder: core persistentvolumes cdgluw; core persistentvolumes/status u; core persistentvolumeclaims gluw; core persistentvolumeclaims/status u; core pods cdglw; storage.k8s.io storageclasses glw; core nodes lw; ${events}; core events w
pod-garbage-collector: core pods dlw; core nodes glw; core pods/status p
pv-protection-controller: core persistentvolumes gluw; ${events}
pvc-protection-controller: core persistentvolumeclaims gluw; core persistentvolumeclaims/status u; core pods glw; ${events}
replicaset-controller: apps,extensions replicasets gluw; apps,extensions replicasets/status u; apps,extensions replicasets/finalizers u; core pods cdlpw; ${events}
replication-controller: core replicationcontrollers gluw; core replicationcontrollers/status u; core replicationcontrollers/finalizers u; core pods cdlpw; ${events}
resource-claim-controller: core pods glw; core pods/finalizers u; resource.k8s.io resourceclaims cdglw; resource.k8s.io resourceclaims,resourceclaims/status pu; core pods/status pu; ${events}
resourcequota-controller: * * lw; core resourcequotas/status u; ${events}
root-ca-cert-publisher: core configmaps cu; ${events}
route-controller: core nodes lw; core nodes/status p; ${events}
selinux-warning-controller: ${events}; core persistentvolumes glw; core persistentvolumeclaims glw; core pods glw; storage.k8s.io csidrivers glw
service-account-controller: core serviceaccounts c; ${events}
service-cidrs-controller: networking.k8s.io servicecidrs glpuw; networking.k8s.io servicecidrs/finalizers pu; networking.k8s.io servicecidrs/status pu; networking.k8s.io ipaddresses glw; ${events}
service-controller: core services glw; core services/status pu; core nodes lw; ${events}
statefulset-controller: core pods lw; apps statefulsets glw; apps statefulsets/status u; apps statefulsets/finalizers u; core pods cdgpu; apps controllerrevisions cdglpuw; core persistentvolumeclaims cglw; core persistentvolumeclaims du; core pods/finalizers u; ${events}
ttl-after-finished-controller: batch jobs dglw; ${events}
ttl-controller: core nodes lpuw; ${events}
validatingadmissionpolicy-status-controller: admissionregistration.k8s.io validatingadmissionpolicies glw; admissionregistration.k8s.io validatingadmissionpolicies/status gpu; ${events}
volumeattributesclass-protection-controller: core persistentvolumeclaims glw; core persistentvolumes glw; storage.k8s.io volumeattributesclasses gluw; ${events}
`;

/** Roles in one namespace: `NAMESPACE/NAME`. */
export const namespacedRoleTable = `
kube-public/system:controller:bootstrap-signer: core configmaps glw; core configmaps=cluster-info u; ${events}
kube-system/extension-apiserver-authentication-reader: core configmaps=extension-apiserver-authentication glw
kube-system/system::leader-locking-kube-controller-manager: coordination.k8s.io leases cgluw; coordination.k8s.io leasecandidates cgluw
kube-system/system::leader-locking-kube-scheduler: coordination.k8s.io leases cgluw; coordination.k8s.io leasecandidates cgluw
kube-system/system:controller:bootstrap-signer: core secrets glw
kube-system/system:controller:cloud-provider: core configmaps cglw
kube-system/system:controller:token-cleaner: core secrets dglw; ${events}
`;

/** `NAME: SUBJECTS`, for the cluster role of the same name. `u/` is a user, `g/` a group, `s/` a service account of kube-system. */
export const clusterRoleBindingTable = `
cluster-admin: g/system:masters
system:basic-user: g/system:authenticated
system:discovery: g/system:authenticated
system:kube-controller-manager: u/system:kube-controller-manager
system:kube-dns: s/kube-dns
system:kube-scheduler: u/system:kube-scheduler
system:monitoring: g/system:monitoring
system:node:
system:node-proxier: u/system:kube-proxy
system:public-info-viewer: g/system:authenticated,g/system:unauthenticated
system:service-account-issuer-discovery: g/system:serviceaccounts
system:volume-scheduler: u/system:kube-scheduler
`;

/** `NAMESPACE/NAME ROLE: SUBJECTS`. */
export const roleBindingTable = `
kube-public/system:controller:bootstrap-signer system:controller:bootstrap-signer: s/bootstrap-signer
kube-system/system::extension-apiserver-authentication-reader extension-apiserver-authentication-reader: u/system:kube-controller-manager,u/system:kube-scheduler
kube-system/system::leader-locking-kube-controller-manager system::leader-locking-kube-controller-manager: u/system:kube-controller-manager,s/kube-controller-manager,s/leader-election-controller
kube-system/system::leader-locking-kube-scheduler system::leader-locking-kube-scheduler: u/system:kube-scheduler,s/kube-scheduler
kube-system/system:controller:bootstrap-signer system:controller:bootstrap-signer: s/bootstrap-signer
kube-system/system:controller:cloud-provider system:controller:cloud-provider: s/cloud-provider
kube-system/system:controller:token-cleaner system:controller:token-cleaner: s/token-cleaner
`;
