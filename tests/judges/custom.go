package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	extensions "istio.io/api/extensions/v1alpha1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// The kinds that are judged, with Istio's types for a second opinion: its control plane decodes into
// these.
var specs = map[string]func() proto.Message{
	"WasmPlugin":           func() proto.Message { return &extensions.WasmPlugin{} },
	"TrafficExtension":     func() proto.Message { return &extensions.TrafficExtension{} },
	"EnvoyExtensionPolicy": nil,
}

// One version of a CRD, judged as the API server judges: pruning finds unknown fields, defaults are
// filled in, then come the OpenAPI schema, the list types and the CEL rules.
type customType struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
	newSpec    func() proto.Message
}

type customTypes map[string]customType // by apiVersion/kind

func newCustomType(version apiextensionsv1.CustomResourceDefinitionVersion) (customType, error) {
	var internal apiextensions.CustomResourceValidation
	err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(
		version.Schema, &internal, nil)
	if err != nil {
		return customType{}, err
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return customType{}, err
	}
	schema, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return customType{}, err
	}
	return customType{
		structural: structural,
		schema:     schema,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

func loadCustomTypes(files []string) (customTypes, error) {
	found := customTypes{}
	for _, file := range files {
		if err := found.load(file); err != nil {
			return nil, err
		}
	}
	if len(found) < len(specs) {
		return nil, fmt.Errorf("%s: not all of the CRDs are there", strings.Join(files, ", "))
	}
	return found, nil
}

func (found customTypes) load(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, document := range strings.Split(string(text), "\n---\n") {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(document), &crd); err != nil {
			return err
		}
		newSpec, wanted := specs[crd.Spec.Names.Kind]
		if !wanted {
			continue
		}
		for _, version := range crd.Spec.Versions {
			custom, err := newCustomType(version)
			if err != nil {
				return err
			}
			custom.newSpec = newSpec
			found[crd.Spec.Group+"/"+version.Name+"/"+crd.Spec.Names.Kind] = custom
		}
	}
	return nil
}

func (c customType) judge(document []byte) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	unknown := pruning.PruneWithOptions(object, c.structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return fmt.Errorf("unknown fields: %s", strings.Join(unknown, ", "))
	}
	defaulting.Default(object, c.structural)
	found := validation.ValidateCustomResource(nil, object, c.schema)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, c.structural, object)...)
	broken, _ := c.rules.Validate(context.Background(), field.NewPath(""), c.structural, object, nil,
		celconfig.RuntimeCELCostBudget)
	found = append(found, broken...)
	return errors.Join(found.ToAggregate(), c.judgeSpec(object["spec"]))
}

func (c customType) judgeSpec(spec any) error {
	if c.newSpec == nil {
		return nil
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, c.newSpec())
}
