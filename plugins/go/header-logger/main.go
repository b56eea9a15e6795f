// Logs request headers, one line each: `user-agent: curl/8.5.0`.
//
// Configuration (config.go): at which level, and which headers.
package main

import (
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
)

// The host calls what init has set; main is never run.
func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &headerLogger{config: defaults()} })
}

// One for each configuration.
type headerLogger struct {
	types.DefaultPluginContext
	config config
}

func (h *headerLogger) OnPluginStart(int) types.OnPluginStartStatus {
	text, err := proxywasm.GetPluginConfiguration()
	if err != nil && err != types.ErrorStatusNotFound {
		proxywasm.LogErrorf("the configuration cannot be read: %v", err)
		return types.OnPluginStartStatusFailed
	}
	h.config, err = parse(text)
	if err != nil {
		proxywasm.LogError(err.Error())
		return types.OnPluginStartStatusFailed
	}
	h.config.log("HeaderLogger configured")
	return types.OnPluginStartStatusOK
}

func (h *headerLogger) NewHttpContext(uint32) types.HttpContext {
	return &request{config: &h.config}
}

// One for each request.
type request struct {
	types.DefaultHttpContext
	config *config
}

func (r *request) OnHttpRequestHeaders(int, bool) types.Action {
	headers, err := proxywasm.GetHttpRequestHeaders()
	if err != nil {
		proxywasm.LogErrorf("the headers cannot be read: %v", err)
		return types.ActionContinue
	}
	for _, header := range headers {
		if r.config.hasHeader(header[0]) {
			r.config.log(header[0] + ": " + header[1])
		}
	}
	return types.ActionContinue
}
