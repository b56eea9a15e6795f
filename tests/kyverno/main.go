// The engine of Kyverno's admission webhook, asked about objects: a policy's file as the argument, the
// objects as a stream of JSON on standard input. Prints a line for each: pass, fail or error, and why.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	"github.com/kyverno/kyverno/pkg/cel/policies/ivpol/engine"
	"github.com/kyverno/kyverno/pkg/config"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

var resources = map[string]string{"WasmPlugin": "wasmplugins", "TrafficExtension": "trafficextensions"}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	must(err)
	var policy policiesv1beta1.ImageValidatingPolicy
	must(yaml.UnmarshalStrict(text, &policy))
	provider, err := engine.NewProvider([]policiesv1beta1.ImageValidatingPolicyLike{&policy}, nil)
	must(err)
	namespace := func(name string) *corev1.Namespace {
		ns := &corev1.Namespace{}
		ns.SetName(name)
		return ns
	}
	judge := engine.NewEngine(provider, namespace, matching.NewMatcher(), nil,
		imageverifycache.DisabledImageVerifyCache(), config.NewDefaultConfiguration(false))
	decoder := json.NewDecoder(os.Stdin)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return
		}
		must(err)
		gvk := object.GroupVersionKind()
		gvr := schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: resources[gvk.Kind]}
		request := celengine.Request(libs.NewFakeContextProvider(), gvk, gvr, "", object.GetName(), object.GetNamespace(),
			admissionv1.Create, authenticationv1.UserInfo{}, object, nil, false, nil)
		response, err := judge.HandleValidating(context.Background(), request, nil)
		must(err)
		for _, result := range response.Policies {
			fmt.Println(result.Result.Status(), result.Result.Message())
		}
		if len(response.Policies) == 0 {
			fmt.Println("unmatched")
		}
	}
}
