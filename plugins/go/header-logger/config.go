package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
)

// The configuration: {"log_level": "info", "headers": ["user-agent"]}.
type config struct {
	LogLevel string   `json:"log_level"`
	Headers  []string `json:"headers"`
}

var loggers = map[string]func(string){
	"trace":    proxywasm.LogTrace,
	"debug":    proxywasm.LogDebug,
	"info":     proxywasm.LogInfo,
	"warn":     proxywasm.LogWarn,
	"error":    proxywasm.LogError,
	"critical": proxywasm.LogCritical,
}

func defaults() config {
	return config{LogLevel: "info", Headers: []string{"user-agent"}}
}

// Keys that are not there have their defaults; the error is for the one who wrote it.
func parse(text []byte) (config, error) {
	c := defaults()
	if len(text) == 0 {
		return c, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, err
	}
	if loggers[c.LogLevel] == nil {
		return c, errors.New("log_level must be one of trace, debug, info, warn, error, critical")
	}
	return c, nil
}

func (c *config) hasHeader(name string) bool {
	for _, header := range c.Headers {
		if strings.EqualFold(header, name) {
			return true
		}
	}
	return false
}

func (c *config) log(text string) { loggers[c.LogLevel](text) }
