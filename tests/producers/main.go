// Makes the lines that `wasmctl explain` reads by the code that writes them: Istio's agent (pkg/wasm)
// against registries and servers with one fault each, istiod's validation, istioctl's tables.
// One JSON object a line: {"want": CODES, "text": ...}; CODES are the causes that explain finds in it
// (none: nothing is broken).
//
//	go run . > ../data/producers.jsonl
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	httpwasm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	wasmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/wasm/v3"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	extensions "istio.io/api/extensions/v1alpha1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/validation"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/wasm"
)

// ---- what is printed ----

// What differs from run to run.
var volatile = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:5000"},
	{regexp.MustCompile(`\[::1\]:\d+`), "[::1]:5000"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "2026-11-26T16:15:53.129123Z"},
	{regexp.MustCompile(`(["}])  (\w+:)`), "$1 $2"}, // prototext's blanks, of a number that differs by build
	{regexp.MustCompile(`current time \S+ is (after|before) \S+`), "current time 2026-11-26T16:15:53Z is $1 2026-11-25T16:15:53Z"},
}

func show(text string, want ...string) {
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.text)
	}
	if want == nil {
		want = []string{}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(struct {
		Want []string `json:"want"`
		Text string   `json:"text"`
	}{want, text}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// ---- Istio's agent ----

var logs = filepath.Join(os.TempDir(), fmt.Sprintf("producers-%d.log", os.Getpid()))

// The lines that the agent logs while it converts a filter whose code is to be fetched from url.
func agentLog(url string, policy wasmv3.FailurePolicy, change func(*wasmv3.VmConfig)) string {
	return loggedBy(converting(url, policy, change))
}

func converting(url string, policy wasmv3.FailurePolicy, change func(*wasmv3.VmConfig)) func() {
	vm := &wasmv3.VmConfig{
		Runtime: "envoy.wasm.runtime.v8",
		Code: &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Remote{Remote: &core.RemoteDataSource{
			HttpUri: &core.HttpUri{Uri: url, Timeout: durationpb.New(15 * time.Second)}}}},
	}
	if change != nil {
		change(vm)
	}
	filter := &httpwasm.Wasm{Config: &wasmv3.PluginConfig{
		Name: "default.filter", Vm: &wasmv3.PluginConfig_VmConfig{VmConfig: vm}, FailurePolicy: policy}}
	resource := anyOf(&core.TypedExtensionConfig{
		Name: "extensions.istio.io/wasmplugin/default.filter", TypedConfig: anyOf(filter)})
	return func() {
		cache := wasm.NewLocalFileCache(must1(os.MkdirTemp("", "producers")), wasm.Options{HTTPRequestMaxRetries: 1, HTTPRequestTimeout: 2 * time.Second})
		defer cache.Cleanup()
		_ = wasm.MaybeConvertWasmExtensionConfig([]*anypb.Any{resource}, cache)
	}
}

func loggedBy(work func()) string { return loggedAs(false, work) }

// As JSON: with --log_as_json, as many meshes have it.
func loggedAs(json bool, work func()) string {
	must(os.RemoveAll(logs))
	options := log.DefaultOptions()
	options.JSONEncoding = json
	options.OutputPaths = []string{logs}
	must(log.Configure(options))
	work()
	_ = log.Sync()
	return string(must1(os.ReadFile(logs)))
}

func anyOf(message proto.Message) *anypb.Any { return must1(anypb.New(message)) }

func must1[T any](value T, err error) T {
	must(err)
	return value
}

// A server that answers all requests so, by plain HTTP.
func answering(status int, header http.Header, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for key, values := range header {
			w.Header()[key] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

// A registry that answers /v2/, and to all else an error of the specification.
func refusing(status int, code, message string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	}))
}

func oci(server *httptest.Server, rest string) string {
	return "oci://" + strings.TrimPrefix(strings.TrimPrefix(server.URL, "http://"), "https://") + rest
}

func layerOf(files map[string]string, media types.MediaType) v1.Layer {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	for path, content := range files {
		must(archive.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(content))}))
		_ = must1(io.WriteString(archive, content))
	}
	must(archive.Close())
	must(zip.Close())
	return static.NewLayer(packed.Bytes(), media)
}

func imageOf(manifest types.MediaType, layers ...v1.Layer) v1.Image {
	return mutate.MediaType(must1(mutate.AppendLayers(empty.Image, layers...)), manifest)
}

const (
	module  = "\x00asm\x01\x00\x00\x00"
	notWasm = "<!DOCTYPE html>"
)

func agentLines() {
	closeFail, openFail := wasmv3.FailurePolicy_FAIL_CLOSED, wasmv3.FailurePolicy_FAIL_OPEN
	for _, fault := range []struct {
		status        int
		code, message string
		want          string
	}{
		{404, "MANIFEST_UNKNOWN", "manifest unknown", "W-101"},
		{401, "UNAUTHORIZED", "authentication required", "W-102"},
		{403, "DENIED", "requested access to the resource is denied", "W-103"},
		{404, "NAME_UNKNOWN", "repository name not known to registry", "W-104"},
		{429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", "W-105"},
	} {
		server := refusing(fault.status, fault.code, fault.message)
		show(agentLog(oci(server, "/acme/filter:v1"), closeFail, nil), fault.want)
		server.Close()
	}
	for _, fault := range []struct {
		status int
		want   string
	}{{401, "W-102"}, {403, "W-103"}, {404, "W-106"}, {503, "W-106"}} {
		server := answering(fault.status, nil, "<html>no registry</html>")
		show(agentLog(oci(server, "/acme/filter:v1"), openFail, nil), fault.want)
		show(agentLog(server.URL+"/filter.wasm", closeFail, nil), "W-128")
		server.Close()
	}
	for _, realm := range []string{"http://10.0.0.9/token", "http://localhost/token", "file:///token", "https:///token", "http://metadata.google.internal/token"} {
		server := answering(401, http.Header{"Www-Authenticate": {fmt.Sprintf(`Bearer realm=%q,service="r"`, realm)}}, "")
		show(agentLog(oci(server, "/acme/filter:v1"), closeFail, nil), "W-113")
		server.Close()
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	show(agentLog(oci(secure, "/acme/filter:v1"), closeFail, nil), "W-108")
	show(agentLog(secure.URL+"/filter.wasm", closeFail, nil), "W-108")
	secure.Close()
	show(agentLog("oci://registry.invalid/acme/filter:v1", closeFail, nil), "W-109")
	show(agentLog("https://files.invalid/filter.wasm", closeFail, nil), "W-109")
	show(agentLog(oci(secure, "/acme/filter:v1"), closeFail, nil), "W-110") // closed by now
	show(agentLog(secure.URL+"/filter.wasm", openFail, nil), "W-110")
	silent := must1(net.Listen("tcp", "127.0.0.1:0"))
	show(agentLog("oci://"+silent.Addr().String()+"/acme/filter:v1", closeFail, func(vm *wasmv3.VmConfig) {
		vm.GetCode().GetRemote().HttpUri.Timeout = durationpb.New(time.Second)
	}), "W-110")
	must(silent.Close())

	server := httptest.NewServer(registry.New(registry.Logger(stdlog.New(io.Discard, "", 0))))
	defer server.Close()
	for _, content := range []struct {
		tag   string
		image v1.Image
		want  string
	}{
		{"no-plugin", imageOf(types.OCIManifestSchema1, layerOf(map[string]string{"filter.wasm": module}, types.OCILayer)), "W-119"},
		{"docker-file", imageOf(types.DockerManifestSchema2, layerOf(map[string]string{"filter.wasm": module}, types.DockerLayer)), "W-119"},
		{"media-type", imageOf(types.OCIManifestSchema1, static.NewLayer([]byte(module), "application/wasm")), "W-120"},
		{"docker-type", imageOf(types.DockerManifestSchema2, static.NewLayer([]byte(module), "application/wasm")), "W-121"},
		{"no-layer", imageOf(types.OCIManifestSchema1), "W-120"},
		{"not-a-tar", imageOf(types.OCIManifestSchema1, static.NewLayer([]byte(module), types.OCILayer)), "W-123"},
		{"not-wasm", imageOf(types.OCIManifestSchema1, layerOf(map[string]string{"plugin.wasm": notWasm}, types.OCILayer)), "W-118"},
	} {
		reference := must1(name.ParseReference(strings.TrimPrefix(oci(server, "/acme/filter:"+content.tag), "oci://")))
		must(remote.Write(reference, content.image))
		show(agentLog(oci(server, "/acme/filter:"+content.tag), closeFail, nil), content.want)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: must1(mutate.AppendLayers(empty.Image)),
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "wasip1", Architecture: "wasm"}}})
	reference := must1(name.ParseReference(strings.TrimPrefix(oci(server, "/acme/filter:index"), "oci://")))
	must(remote.WriteIndex(reference, index))
	show(agentLog(oci(server, "/acme/filter:index"), closeFail, nil), "W-111")
	reference = must1(name.ParseReference(strings.TrimPrefix(oci(server, "/acme/filter:good"), "oci://")))
	must(remote.Write(reference, imageOf(types.OCIManifestSchema1, layerOf(map[string]string{"plugin.wasm": module}, types.OCILayer))))
	show(agentLog(oci(server, "/acme/filter:good"), closeFail, nil))
	show(agentLog(oci(server, "/acme/filter:good"), closeFail, func(vm *wasmv3.VmConfig) {
		vm.GetCode().GetRemote().Sha256 = strings.Repeat("0", 64)
	}), "W-117")

	page := answering(200, nil, notWasm)
	show(agentLog(page.URL+"/filter.wasm", closeFail, nil), "W-118")
	show(agentLog(page.URL+"/filter.wasm", closeFail, func(vm *wasmv3.VmConfig) {
		vm.GetCode().GetRemote().Sha256 = strings.Repeat("0", 64)
	}), "W-117")
	page.Close()
	show(agentLog("oci://UPPER/Acme/filter:v1", closeFail, nil), "W-125")
	show(agentLog("ftp://files.local/filter.wasm", closeFail, nil), "W-126")
	show(agentLog("http://%zz", closeFail, nil), "W-125")
	show(agentLog(oci(server, "/acme/filter:good"), closeFail, func(vm *wasmv3.VmConfig) {
		vm.EnvironmentVariables = &wasmv3.EnvironmentVariables{KeyValues: map[string]string{"ISTIO_META_WASM_IMAGE_PULL_SECRET": ""}}
	}), "W-127")
	show(agentLog("", closeFail, func(vm *wasmv3.VmConfig) { vm.GetCode().GetRemote().HttpUri = nil }), "W-130")
	show(agentLog("", closeFail, func(vm *wasmv3.VmConfig) { vm.Code = nil }), "W-130")
	show(loggedBy(func() {
		_ = wasm.MaybeConvertWasmExtensionConfig([]*anypb.Any{
			anyOf(&core.TypedExtensionConfig{Name: "default.filter"}),
			{TypeUrl: "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", Value: []byte("\xff")},
		}, wasm.NewLocalFileCache(os.TempDir(), wasm.Options{}))
	}), "W-131")
}

func jsonLines() {
	missing := refusing(404, "MANIFEST_UNKNOWN", "manifest unknown")
	defer missing.Close()
	show(loggedAs(true, converting(oci(missing, "/acme/filter:v1"), wasmv3.FailurePolicy_FAIL_CLOSED, nil)), "W-101")
}

// ---- istiod's validation, as kubectl shows the webhook's answer ----

func validationLines() {
	denied := func(err error, want string) {
		show("Error from server: error when creating \"plugin.yaml\": admission webhook \"validation.istio.io\" denied the request: "+
			"configuration is invalid: "+err.Error()+"\n", want)
	}
	long := strings.Repeat("a", 300)
	for _, plugin := range []struct {
		spec *extensions.WasmPlugin
		want string
	}{
		{&extensions.WasmPlugin{}, "W-514"},
		{&extensions.WasmPlugin{Url: "docker://acme/filter"}, "W-514"},
		{&extensions.WasmPlugin{Url: "oci://a:b:c/%zz"}, "W-514"},
		{&extensions.WasmPlugin{Url: "oci://a/b", Sha256: "sha256:00"}, "W-515"},
		{&extensions.WasmPlugin{Url: "oci://a/b", Sha256: strings.Repeat("A", 64)}, "W-515"},
		{&extensions.WasmPlugin{Url: "oci://a/b", ImagePullSecret: long}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", PluginName: long}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", VmConfig: &extensions.VmConfig{Env: []*extensions.EnvVar{{}}}}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", VmConfig: &extensions.VmConfig{Env: []*extensions.EnvVar{{Name: long}}}}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", VmConfig: &extensions.VmConfig{Env: []*extensions.EnvVar{{Name: "A"}, {Name: "A"}}}}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", VmConfig: &extensions.VmConfig{Env: []*extensions.EnvVar{{Name: "A", Value: "b", ValueFrom: extensions.EnvValueSource_HOST}}}}, "W-516"},
		{&extensions.WasmPlugin{Url: "oci://a/b", Match: []*extensions.WasmPlugin_TrafficSelector{nil}}, "W-513"},
	} {
		_, err := validation.ValidateWasmPlugin(config.Config{Spec: plugin.spec})
		denied(err, plugin.want)
	}
	_, err := validation.ValidateTrafficExtension(config.Config{Spec: &extensions.TrafficExtension{}})
	denied(err, "W-516")
}

// ---- istioctl proxy-config ecds ----

func tables() {
	for _, filter := range []struct {
		config *anypb.Any
		want   []string
	}{
		{anyOf(&httpwasm.Wasm{}), nil},
		{anyOf(&rbac.RBAC{}), []string{"W-146"}},
		{nil, nil},
	} {
		show(ecdsTable("extensions.istio.io/wasmplugin/default.filter", filter.config), filter.want...)
	}
}

func main() {
	agentLines()
	jsonLines()
	validationLines()
	secretLines()
	apiLines()
	tables()
	_ = os.Remove(logs)
}
