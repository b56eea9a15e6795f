// A plugin of plain Go on the raw ABI: what `go build -buildmode=c-shared` for wasip1 makes of it is
// what every Go SDK ends in.
package main

import "unsafe"

//go:wasmimport env proxy_log
func proxyLog(level uint32, data unsafe.Pointer, size uint32) uint32

func main() {}

var held = map[unsafe.Pointer][]byte{}

//go:wasmexport proxy_on_memory_allocate
func allocate(size uint32) unsafe.Pointer {
	block := make([]byte, size)
	at := unsafe.Pointer(unsafe.SliceData(block))
	held[at] = block
	return at
}

//go:wasmexport proxy_abi_version_0_2_1
func abi() {}

//go:wasmexport proxy_on_vm_start
func onVMStart(root, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_configure
func onConfigure(root, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, headers, end uint32) uint32 {
	text := []byte("from Go")
	proxyLog(2, unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)))
	return 0
}
