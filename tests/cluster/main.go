// A cluster in one process, for tests of what asks one: Kubernetes' own API server over etcd, and one
// kubelet's end, whose containers are what is in a directory.
//
//	cluster DIR
//
// DIR/kubeconfig appears once it serves; its users are `admin`, who may do anything, and `viewer`, who
// has no rights until a test binds some. All pods of the node `node` are here, in any state that
// their status is given. Of a container there is
//
//	DIR/pods/NAMESPACE/POD/CONTAINER.log    what `kubectl logs` shows, followed as it grows
//	DIR/pods/NAMESPACE/POD/CONTAINER.admin  the address of Envoy's admin port, which
//	                                        `pilot-agent request METHOD PATH` asks
//
// Of both only those that a test writes: without .admin, `pilot-agent` is not found, as in an image
// that has none. DIR/execs gets a line for each command that was run.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	utilexec "k8s.io/utils/exec"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func freePort() int {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// startEtcd gives the address for clients.
func startEtcd(dir string) string {
	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	address := func() url.URL {
		return url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", freePort())}
	}
	client, peer := address(), address()
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd := must(embed.StartEtcd(config))
	<-etcd.Server.ReadyNotify()
	return client.String()
}

// What stands for the containers of a node.
type node struct {
	pods  string // directory
	mutex sync.Mutex
	execs *os.File
}

func (n *node) file(namespace, pod, container, extension string) string {
	return filepath.Join(n.pods, filepath.Base(namespace), filepath.Base(pod), filepath.Base(container)+extension)
}

// ExecInContainer is remotecommand's; name is "NAMESPACE/POD".
func (n *node) ExecInContainer(ctx context.Context, name, _, container string, command []string, _ io.Reader,
	out, errs io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	n.mutex.Lock()
	fmt.Fprintf(n.execs, "%s/%s %s\n", name, container, strings.Join(command, " "))
	n.mutex.Unlock()
	namespace, pod, _ := strings.Cut(name, "/")
	admin, err := os.ReadFile(n.file(namespace, pod, container, ".admin"))
	if err != nil || command[0] != "pilot-agent" {
		fmt.Fprintf(errs, "OCI runtime exec failed: exec failed: unable to start container process: exec: %q: "+
			"executable file not found in $PATH: unknown\n", command[0])
		return utilexec.CodeExitError{Err: errors.New("command not found"), Code: 126}
	}
	if len(command) != 4 || command[1] != "request" {
		fmt.Fprintf(errs, "Error: unknown command %q for \"pilot-agent\"\n", strings.Join(command[1:], " "))
		return utilexec.CodeExitError{Err: errors.New("usage"), Code: 1}
	}
	request := must(http.NewRequestWithContext(ctx, command[2],
		"http://"+strings.TrimSpace(string(admin))+"/"+strings.TrimPrefix(command[3], "/"), nil))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintf(errs, "Error: failed to execute command on Envoy: %v\n", err)
		return utilexec.CodeExitError{Err: err, Code: 255}
	}
	defer response.Body.Close()
	var body bytes.Buffer
	body.ReadFrom(response.Body)
	// As the real one does (istio/istio, pilot/pkg/request/command.go).
	if response.StatusCode > 399 && response.StatusCode != http.StatusNotFound {
		fmt.Fprintf(errs, "Error: received unsuccessful status code %d: %s\n", response.StatusCode, body.String())
		return utilexec.CodeExitError{Err: errors.New("refused"), Code: 1}
	}
	body.WriteByte('\n')
	_, err = body.WriteTo(out)
	return err
}

func (n *node) exec(w http.ResponseWriter, request *http.Request) {
	options, err := remotecommand.NewOptions(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(w, request, n, request.PathValue("namespace")+"/"+request.PathValue("pod"), "",
		request.PathValue("container"), request.URL.Query()["command"], options, time.Minute, time.Minute,
		remotecommand.SupportedStreamingProtocols)
}

// PortForward is portforward's: whatever the port, it is the admin port of the container `envoy`.
func (n *node) PortForward(_ context.Context, name, _ string, _ int32, stream io.ReadWriteCloser) error {
	namespace, pod, _ := strings.Cut(name, "/")
	admin, err := os.ReadFile(n.file(namespace, pod, "envoy", ".admin"))
	if err != nil {
		return err
	}
	connection, err := net.Dial("tcp", strings.TrimSpace(string(admin)))
	if err != nil {
		return err
	}
	defer connection.Close()
	go io.Copy(connection, stream)
	_, err = io.Copy(stream, connection)
	return err
}

func (n *node) forward(w http.ResponseWriter, request *http.Request) {
	options, err := portforward.NewV4Options(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, request, n, request.PathValue("namespace")+"/"+request.PathValue("pod"), "", options,
		time.Minute, time.Minute, portforward.SupportedProtocols)
}

// What a container runtime would have written before the line: the time that begins it, in Envoy's format of
// Istio's, or else the one before it.
var lineTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

type logLine struct {
	time string
	text []byte
}

func logLines(text []byte, before string) []logLine {
	var lines []logLine
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		if time := lineTime.Find(line); time != nil {
			before = string(time)
		}
		lines = append(lines, logLine{before, line})
	}
	return lines
}

// logs knows `follow`, `tailLines`, `sinceTime`, `timestamps` and `limitBytes`, in the order in which a kubelet
// heeds them.
func (n *node) logs(w http.ResponseWriter, request *http.Request) {
	file, err := os.Open(n.file(request.PathValue("namespace"), request.PathValue("pod"), request.PathValue("container"), ".log"))
	if err != nil {
		http.Error(w, "container is waiting to start: ContainerCreating", http.StatusBadRequest)
		return
	}
	defer file.Close()
	query := request.URL.Query()
	began := time.Now().UTC().Format(time.RFC3339Nano)
	lines := logLines(must(io.ReadAll(file)), "1970-01-01T00:00:00Z")
	if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil && tail < len(lines) {
		lines = lines[len(lines)-tail:]
	}
	if since := query.Get("sinceTime"); since != "" {
		lines = slices.DeleteFunc(lines, func(line logLine) bool { return line.time < since[:19] })
	}
	room, err := strconv.Atoi(query.Get("limitBytes"))
	bounded := err == nil
	write := func(lines []logLine) {
		for _, line := range lines {
			text := line.text
			if query.Get("timestamps") == "true" {
				text = append([]byte(line.time+" "), text...)
			}
			if bounded {
				text = text[:min(len(text), room)]
				room -= len(text)
			}
			w.Write(text)
		}
		http.NewResponseController(w).Flush()
	}
	write(lines)
	for query.Get("follow") == "true" && request.Context().Err() == nil {
		write(logLines(must(io.ReadAll(file)), began))
		time.Sleep(20 * time.Millisecond)
	}
}

// startKubelet gives the port.
func startKubelet(dir string) int {
	n := &node{pods: filepath.Join(dir, "pods"), execs: must(os.Create(filepath.Join(dir, "execs")))}
	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", n.exec)
	mux.HandleFunc("/portForward/{namespace}/{pod}", n.forward)
	mux.HandleFunc("/containerLogs/{namespace}/{pod}/{container}", n.logs)
	certificate, key, err := certutil.GenerateSelfSignedCertKey("node", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		log.Fatal(err)
	}
	pair := must(tls.X509KeyPair(certificate, key))
	listener := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}}))
	go http.Serve(listener, mux)
	return listener.Addr().(*net.TCPAddr).Port
}

func write(path, text string) string {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return path
}

func kubeconfig(port int) string {
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: admin\nclusters:\n- name: test\n"+
		"  cluster: {server: \"https://127.0.0.1:%d\", insecure-skip-tls-verify: true}\ncontexts:\n", port)
	for _, user := range []string{"admin", "viewer"} {
		text += fmt.Sprintf("- name: %s\n  context: {cluster: test, user: %s, namespace: default}\n", user, user)
	}
	return text + "users:\n- name: admin\n  user: {token: admin-token}\n- name: viewer\n  user: {token: viewer-token}\n"
}

func waitUntilReady(port int) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for {
		request := must(http.NewRequest("GET", fmt.Sprintf("https://127.0.0.1:%d/readyz", port), nil))
		request.Header.Set("Authorization", "Bearer admin-token")
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: cluster DIR")
	}
	dir := os.Args[1]
	port := freePort()
	kubelet := startKubelet(dir)
	key := must(x509.MarshalPKCS8PrivateKey(must(rsa.GenerateKey(rand.Reader, 2048))))
	accounts := write(filepath.Join(dir, "accounts.key"),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	tokens := write(filepath.Join(dir, "tokens"), "admin-token,admin,1,system:masters\nviewer-token,viewer,2\n")
	server := app.NewAPIServerCommand()
	server.SetArgs([]string{
		"--etcd-servers=" + startEtcd(dir), fmt.Sprintf("--secure-port=%d", port), "--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--cert-dir=" + filepath.Join(dir, "certificates"),
		"--token-auth-file=" + tokens, "--authorization-mode=RBAC", "--service-account-issuer=https://test",
		"--service-account-key-file=" + accounts, "--service-account-signing-key-file=" + accounts,
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition", "--allow-privileged",
		"--kubelet-preferred-address-types=InternalIP", "--service-cluster-ip-range=10.0.0.0/24", "-v=0",
	})
	go func() {
		waitUntilReady(port)
		write(filepath.Join(dir, "kubelet-port"), fmt.Sprint(kubelet))
		write(filepath.Join(dir, "kubeconfig.new"), kubeconfig(port))
		os.Rename(filepath.Join(dir, "kubeconfig.new"), filepath.Join(dir, "kubeconfig"))
	}()
	if err := server.Execute(); err != nil {
		log.Fatal(err)
	}
}
