package main

import (
	"bytes"

	admin "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	"istio.io/istio/istioctl/pkg/writer/envoy/configdump"
)

// What `istioctl proxy-config ecds POD` prints of a proxy with this filter.
func ecdsTable(name string, config *anypb.Any) string {
	dump := &admin.ConfigDump{Configs: []*anypb.Any{anyOf(&admin.EcdsConfigDump{
		EcdsFilters: []*admin.EcdsConfigDump_EcdsFilterConfig{
			{EcdsFilter: anyOf(&core.TypedExtensionConfig{Name: name, TypedConfig: config})}}})}}
	var out bytes.Buffer
	writer := &configdump.ConfigWriter{Stdout: &out}
	must(writer.Prime(must1(protojson.Marshal(dump))))
	must(writer.PrintEcdsSummary())
	return out.String()
}
