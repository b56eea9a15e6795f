// Judges manifests by the code of those who will read them: Kubernetes' own types, decoded strictly;
// Istio's CRDs with their CEL rules, and Istio's own types; kubectl's strategic merge.
//
//	judge manifests CRDS... < stream  every document: an unknown field is an error
//	judge json < stream               what kubectl reads: one JSON value a document
//	judge patch BASE PATCH...         what `kubectl patch --patch-file` makes of BASE, as JSON
//
// CRDS are istio.io/api's kubernetes/customresourcedefinitions.gen.yaml and Envoy Gateway's.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// The types that Kubernetes itself knows.
var builtin = map[string]func() any{
	"v1/ConfigMap":        func() any { return &corev1.ConfigMap{} },
	"v1/Secret":           func() any { return &corev1.Secret{} },
	"v1/Pod":              func() any { return &corev1.Pod{} },
	"apps/v1/Deployment":  func() any { return &appsv1.Deployment{} },
	"apps/v1/StatefulSet": func() any { return &appsv1.StatefulSet{} },
	"apps/v1/DaemonSet":   func() any { return &appsv1.DaemonSet{} },
	"batch/v1/Job":        func() any { return &batchv1.Job{} },
	"batch/v1/CronJob":    func() any { return &batchv1.CronJob{} },
}

type identity struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

func (i identity) String() string { return i.APIVersion + "/" + i.Kind }

func identify(document []byte) (identity, error) {
	var id identity
	err := yaml.Unmarshal(document, &id)
	return id, err
}

func judgeDocument(document []byte, customs customTypes) error {
	id, err := identify(document)
	if err != nil {
		return err
	}
	if make, ok := builtin[id.String()]; ok {
		return yaml.UnmarshalStrict(document, make())
	}
	if custom, ok := customs[id.String()]; ok {
		return custom.judge(document)
	}
	return fmt.Errorf("no judge knows %s", id)
}

// Calls visit for every document, and collects what it finds.
func forEachDocument(stream io.Reader, visit func(document []byte) error) error {
	var found []error
	reader := yamlutil.NewYAMLReader(bufio.NewReader(stream))
	for number := 1; ; number++ {
		document, err := reader.Read()
		if err == io.EOF {
			return errors.Join(found...)
		}
		if err != nil {
			return err
		}
		if err := visit(document); err != nil {
			found = append(found, fmt.Errorf("document %d: %w", number, err))
		}
	}
}

func judgeManifests(crds []string, stream io.Reader) error {
	customs, err := loadCustomTypes(crds)
	if err != nil {
		return err
	}
	return forEachDocument(stream, func(document []byte) error {
		return judgeDocument(document, customs)
	})
}

func printJSON(stream io.Reader) error {
	return forEachDocument(stream, func(document []byte) error {
		text, err := yaml.YAMLToJSONStrict(document)
		if err == nil {
			fmt.Println(string(text))
		}
		return err
	})
}

// Directives of the patch language, which the type does not know.
func withoutDirectives(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if key == "$patch" {
				delete(value, key)
			} else {
				value[key] = withoutDirectives(child)
			}
		}
	case []any:
		for i, child := range value {
			value[i] = withoutDirectives(child)
		}
	}
	return value
}

func checkPatch(patch []byte, into any) error {
	var value any
	if err := json.Unmarshal(patch, &value); err != nil {
		return err
	}
	plain, err := json.Marshal(withoutDirectives(value))
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(plain, into)
}

func applyPatches(base string, patches []string) error {
	text, err := os.ReadFile(base)
	if err != nil {
		return err
	}
	id, err := identify(text)
	if err != nil {
		return err
	}
	newObject, ok := builtin[id.String()]
	if !ok {
		return fmt.Errorf("%s is no workload", id)
	}
	current, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	for _, name := range patches {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		patch, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			return err
		}
		if err := checkPatch(patch, newObject()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if current, err = strategicpatch.StrategicMergePatch(current, patch, newObject()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := yaml.UnmarshalStrict(current, newObject()); err != nil {
			return fmt.Errorf("after %s: %w", name, err)
		}
	}
	_, err = fmt.Println(string(current))
	return err
}

func run(arguments []string) error {
	switch {
	case len(arguments) >= 2 && arguments[0] == "manifests":
		return judgeManifests(arguments[1:], os.Stdin)
	case len(arguments) == 1 && arguments[0] == "json":
		return printJSON(os.Stdin)
	case len(arguments) >= 3 && arguments[0] == "patch":
		return applyPatches(arguments[1], arguments[2:])
	}
	return errors.New("usage: judge manifests CRDS... < stream | judge json < stream | judge patch BASE PATCH...")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
