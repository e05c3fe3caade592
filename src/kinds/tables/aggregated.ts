/**
 * Resources that Kubernetes has from servers behind its own, in the syntax of resources.ts and columns.ts. Nothing of them is stored: what they
 * say is made when it is asked for. Facts of metrics-server.
 */
export const aggregatedResourceTable = `metrics.k8s.io|v1beta1|nodes|NodeMetrics|C||||gl|
metrics.k8s.io|v1beta1|pods|PodMetrics|N||||gl|`;

export const aggregatedColumnTable = `metrics.k8s.io|v1beta1|nodes|Name:string:name|cpu:string|memory:string|Window:string
metrics.k8s.io|v1beta1|pods|Name:string:name|cpu:string|memory:string|Window:string`;
