package main

import (
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kubectl "k8s.io/kubectl/pkg/cmd/util"

	"istio.io/istio/pilot/pkg/credentials/kube"
	istiokube "istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/log"
)

// What kubectl prints of an error of the API server.
func printed(err error) string {
	var text string
	kubectl.BehaviorOnFatal(func(message string, _ int) { text = message })
	kubectl.CheckErr(err)
	return text + "\n"
}

func apiLines() {
	plugin := schema.GroupKind{Group: "extensions.istio.io", Kind: "WasmPlugin"}
	spec := field.NewPath("spec")
	show(printed(apierrors.NewInvalid(plugin, "filter", field.ErrorList{field.Required(spec.Child("url"), "")})), "W-612")
	invalid := apierrors.NewInvalid(plugin, "filter", field.ErrorList{
		field.NotSupported(spec.Child("phase"), "EARLY", []string{"AUTHN", "AUTHZ"}),
		field.Invalid(spec, "object", "only one of targetRefs or selector can be set")})
	show(printed(invalid), "W-612")
	show(invalid.Error()+"\n", "W-612")
	policy := schema.GroupKind{Group: "gateway.envoyproxy.io", Kind: "EnvoyExtensionPolicy"}
	show(printed(apierrors.NewInvalid(policy, "filter", field.ErrorList{
		field.TypeInvalid(spec.Child("wasm"), "string", "must be of type array")})), "W-612")
	configMap := schema.GroupKind{Kind: "ConfigMap"}
	show(printed(apierrors.NewInvalid(configMap, "filter", field.ErrorList{
		field.TooLong(field.NewPath(""), "", corev1.MaxSecretSize)})), "W-606")
	large := map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat("a", 300<<10)}
	show(printed(apierrors.NewInvalid(configMap, "filter",
		apivalidation.ValidateAnnotations(large, field.NewPath("metadata", "annotations")))), "W-607")
	show(printed(apierrors.NewRequestEntityTooLargeError("limit is 3145728")), "W-606")
	unknown := func(kind string) string {
		return printed(&meta.NoKindMatchError{
			GroupKind: schema.GroupKind{Group: plugin.Group, Kind: kind}, SearchedVersions: []string{"v1alpha1"}})
	}
	show(unknown("WasmPlugin"), "W-609")
	show(unknown("TrafficExtension"), "W-608")
	show(unknown("VirtualService"))
	show(printed(apierrors.NewInternalError(errors.New("failed calling webhook"))))
}

// What istiod logs (pilot/pkg/xds/ecds.go) of a pull secret that it cannot use.
func secretLines() {
	secrets := func(secret *corev1.Secret) string {
		client := istiokube.NewFakeClient()
		if secret != nil {
			client = istiokube.NewFakeClient(secret)
		}
		controller := kube.NewCredentialsController(client, nil, true)
		stop := make(chan struct{})
		defer close(stop)
		client.RunAndWait(stop)
		_, err := controller.GetDockerCredential("regcred", "default")
		return loggedBy(func() {
			log.RegisterScope("ads", "").Warnf("Failed to fetch docker credential %s: %v", "kubernetes://default/regcred", err)
		})
	}
	object := metav1.ObjectMeta{Name: "regcred", Namespace: "default"}
	show(secrets(nil), "W-501")
	show(secrets(&corev1.Secret{ObjectMeta: object, Type: corev1.SecretTypeOpaque}), "W-502")
	show(secrets(&corev1.Secret{ObjectMeta: object, Type: corev1.SecretTypeDockerConfigJson}), "W-503")
}
