// Sources: istio/istio, pkg/wasm (the agent's fetcher) and pkg/istio-agent; go-containerregistry,
// pkg/v1/remote, whose errors it wraps.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kGgcr = "go-containerregistry, pkg/v1/remote";
constexpr std::string_view kFetcher = "istio, pkg/wasm/imagefetcher.go";
constexpr std::string_view kCache = "istio, pkg/wasm/cache.go";
constexpr std::string_view kConvert = "istio, pkg/wasm/convert.go";

constexpr std::string_view kDenied = "every request that the plugin's proxies get is answered 403";

}  // namespace

std::vector<Sight> fetch_sights() {
  return {
      {.code = "W-101",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"GET <url>: MANIFEST_UNKNOWN",
                  "could not fetch Wasm OCI image: could not fetch manifest: GET "
                  "https://ghcr.io/v2/acme/filter/manifests/v9: MANIFEST_UNKNOWN: manifest "
                  "unknown; map[Tag:v9]"},
                 {"manifest unknown: manifest unknown",
                  "could not fetch Wasm OCI image: could not fetch manifest: rpc error: manifest "
                  "unknown: manifest unknown"}},
       .cause = "the registry has no image of that tag or digest",
       .remedy =
           "`wasmctl list REPOSITORY` shows the tags; put one that exists into the plugin's `url`",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-102",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{": UNAUTHORIZED: <detail...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: GET "
                  "https://ghcr.io/v2/acme/filter/manifests/v1: UNAUTHORIZED: authentication "
                  "required; [map[Action:pull Class: Name:acme/filter Type:repository]]"},
                 {"401 Unauthorized",
                  "could not fetch Wasm OCI image: could not fetch manifest: unexpected status "
                  "code 401 Unauthorized"}},
       .cause = "the registry wants credentials for the image, and got none or wrong ones",
       .remedy = "make a Secret of type kubernetes.io/dockerconfigjson in the plugin's namespace "
                 "and name it in `imagePullSecret`: `kubectl create secret docker-registry NAME -n "
                 "NAMESPACE --docker-server=REGISTRY ...` (Docker Hub answers so for a repository "
                 "that does not exist, too)",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-103",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{": DENIED: <detail...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: GET "
                  "https://ghcr.io/token?scope=repository%3Aacme%2Ffilter%3Apull&service=ghcr.io: "
                  "DENIED: requested access to the resource is denied"},
                 {"403 Forbidden",
                  "could not fetch Wasm OCI image: could not fetch manifest: unexpected status "
                  "code 403 Forbidden"}},
       .cause = "the registry knows the credentials, or their lack, and refuses the image",
       .remedy = "give the account of `imagePullSecret` the right to pull, or make the package "
                 "public; `wasmctl inspect IMAGE` with the same login shows whether it works",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-104",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{": NAME_UNKNOWN: <detail...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: GET "
                  "https://ghcr.io/v2/acme/filtre/manifests/v1: NAME_UNKNOWN: repository name not "
                  "known to registry"}},
       .cause = "the registry has no repository of that name",
       .remedy = "compare the plugin's `url` with what `wasmctl push` printed",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-105",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{": TOOMANYREQUESTS: <detail...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: GET "
                  "https://index.docker.io/v2/acme/filter/manifests/v1: TOOMANYREQUESTS: You have "
                  "reached your pull rate limit."},
                 {"429 Too Many Requests",
                  "could not fetch Wasm OCI image: could not fetch manifest: unexpected status "
                  "code 429 Too Many Requests"}},
       .cause = "the registry's limit of pulls is used up, as each proxy pulls for itself",
       .remedy = "copy the image to a registry of your own, `wasmctl copy IMAGE IMAGE`, or pull "
                 "with an account: `imagePullSecret`",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-106",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"unexpected status code 404 Not Found",
                  "could not fetch Wasm OCI image: could not fetch manifest: unexpected status "
                  "code 404 Not Found: <html>"},
                 {"unexpected status code 5",
                  "could not fetch Wasm OCI image: could not fetch manifest: unexpected status "
                  "code 503 Service Unavailable"}},
       .cause = "what answers under the image's address does not behave as a registry",
       .remedy = "`wasmctl inspect IMAGE -v` shows who answers: often a proxy in between, or a "
                 "wrong path in `url`",
       .source = kGgcr,
       .confidence = Confidence::likely,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-107",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"server gave HTTP response to HTTPS client",
                  "could not fetch Wasm OCI image: could not fetch manifest: Get "
                  "\"https://registry.local:5000/v2/\": http: server gave HTTP response to HTTPS "
                  "client"}},
       .cause = "the registry speaks plain HTTP, and the proxy asked by HTTPS",
       .remedy =
           "give the registry a certificate, or name it in the proxies' environment: "
           "`WASM_INSECURE_REGISTRIES=HOST:PORT` under meshConfig.defaultConfig.proxyMetadata",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-108",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"x509: <why...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: Get "
                  "\"https://registry.local/v2/\": tls: failed to verify certificate: x509: "
                  "certificate signed by unknown authority"}},
       .cause = "the proxy does not trust the registry's certificate: <why>",
       .remedy =
           "Istio's agent knows no further authority for pulls: serve a certificate of a public "
           "one, mount yours and set `SSL_CERT_FILE` in istio-proxy, or "
           "`WASM_INSECURE_REGISTRIES=HOST`; Envoy Gateway 1.8 and later: `tls.caCertificateRef`",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-109",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"dial tcp: lookup <host> <...>no such host",
                  "could not fetch Wasm OCI image: could not fetch manifest: Get "
                  "\"https://registry.local/v2/\": dial tcp: lookup registry.local on "
                  "10.96.0.10:53: no such host"},
                 {"lookup <host>: no such host",
                  "could not fetch Wasm OCI image: could not fetch manifest: dial tcp: lookup "
                  "registry.local: no such host"},
                 {"lookup <host> <...>server misbehaving",
                  "could not fetch Wasm OCI image: could not fetch manifest: dial tcp: lookup "
                  "registry.local on 10.96.0.10:53: server misbehaving"}},
       .cause =
           "the name <host> cannot be resolved where the module is fetched, in the proxy's pod",
       .remedy = "`kubectl exec POD -c istio-proxy -- curl -sv https://HOST/v2/` asks from there; "
                 "use a name that the cluster's DNS knows",
       .source = "Go, net.DNSError",
       .leads = kNotFetched | kNotDelivered | kNotAccepted},
      {.code = "W-110",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms =
           {{"could not fetch manifest: <...>i/o timeout",
             "could not fetch Wasm OCI image: could not fetch manifest: Get "
             "\"https://registry.local/v2/\": dial tcp 10.0.0.9:443: i/o timeout"},
            {"could not fetch manifest: <...>context deadline exceeded",
             "could not fetch manifest: Get \"https://ghcr.io/v2/\": context deadline exceeded"},
            {"could not fetch manifest: <...>connection refused",
             "could not fetch manifest: Get \"https://registry.local:5000/v2/\": dial tcp "
             "10.0.0.9:5000: connect: connection refused"},
            {"could not fetch manifest: <...>connection reset by peer",
             "could not fetch manifest: Get \"https://ghcr.io/v2/\": read tcp "
             "10.1.0.7:51234->140.82.121.33:443: read: connection reset by peer"},
            {"could not fetch manifest: <...>no route to host",
             "could not fetch manifest: Get \"https://registry.local/v2/\": dial tcp 10.0.0.9:443: "
             "connect: no route to host"},
            {"wasm module download failed after <...>i/o timeout",
             "wasm module download failed after 5 attempts, last error: Get "
             "\"https://files.local/filter.wasm\": dial tcp 10.0.0.9:443: i/o timeout"},
            {"wasm module download failed after <...>connection reset by peer",
             "wasm module download failed after 5 attempts, last error: Get "
             "\"http://files.local/filter.wasm\": read tcp 10.1.0.7:44114->10.0.0.9:80: read: "
             "connection reset by peer"},
            {"wasm module download failed after <...>no route to host",
             "wasm module download failed after 5 attempts, last error: Get "
             "\"http://files.local/filter.wasm\": dial tcp 10.0.0.9:80: connect: no route to host"},
            {"wasm module download failed after <...>connection refused",
             "wasm module download failed after 5 attempts, last error: Get "
             "\"http://files.local/filter.wasm\": dial tcp 10.0.0.9:80: connect: connection "
             "refused"},
            {"wasm module download failed after <...>context deadline exceeded",
             "wasm module download failed after 5 attempts, last error: Get "
             "\"http://files.local/filter.wasm\": context deadline exceeded"}},
       .cause = "the proxy's pod cannot reach the server that has the module within 30 seconds",
       .remedy = "`kubectl exec POD -c istio-proxy -- curl -sv https://HOST/v2/` asks from there; "
                 "look for a NetworkPolicy, an egress rule or a missing HTTP proxy, or deliver the "
                 "module as a file: `wasmctl render --via configmap`",
       .source = "Go, net.OpError",
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-111",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"no child with platform <platform> in index",
                  "could not fetch Wasm OCI image: could not fetch manifest: no child with "
                  "platform linux/amd64 in index registry.local/acme/filter:v1"}},
       .cause =
           "the image is an index without a child for <platform>, the only one that is looked for",
       .remedy = "push a plain image: `wasmctl push FILE IMAGE`",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-112",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"manifest digest: <...>does not match requested digest",
                  "could not fetch Wasm OCI image: could not fetch manifest: manifest digest: "
                  "\"sha256:aaaa\" does not match requested digest: \"sha256:bbbb\" for "
                  "\"registry.local/acme/filter@sha256:bbbb\""},
                 {"error verifying sha256 checksum after reading",
                  "could not fetch Wasm OCI image: could not fetch manifest: error verifying "
                  "sha256 checksum after reading 3492 bytes; got \"aaaa\", want \"bbbb\""}},
       .cause = "the registry, or a mirror before it, gave other bytes than the digest names",
       .remedy = "`wasmctl pull IMAGE@sha256:... -o m.wasm` shows whether it does so here, too; "
                 "copy the image anew: `wasmctl copy`",
       .source = kGgcr,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-113",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"rejected unsafe bearer realm: <why...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: rejected unsafe "
                  "bearer realm: realm targets private/loopback/link-local IP"},
                 {"realm host <host> is a private or link-local address",
                  "could not fetch Wasm OCI image: could not fetch manifest: realm host "
                  "\"10.0.0.9\" is a private or link-local address"}},
       .cause = "Istio's agent refuses the place where the registry says that tokens are to be "
                "had: a private address, or a realm that is no URL",
       .remedy = "let the registry's realm be a public https URL with a host's name; or deliver "
                 "the module as a file: `wasmctl render --via configmap`",
       .versions = "Istio 1.27.8, 1.28.5, 1.29.1, 1.30 and later",
       .source = "istio, pkg/wasm/imagefetcher.go, the check of realms",
       .leads = kNotFetched},
      {.code = "W-114",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"connection blocked: resolved IP <address> <why...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: connection blocked: "
                  "resolved IP 169.254.1.9 is link-local"},
                 {"SSRF protection: redirect from <...>denied",
                  "could not fetch Wasm OCI image: could not fetch manifest: SSRF protection: "
                  "redirect from \"ghcr.io\" to private/link-local host \"10.0.0.9\" denied"}},
       .cause = "the address of the module's server is one that the fetcher never connects to",
       .remedy = "serve the module from another address; of a range of your own see "
                 "`BLOCKED_CIDRS_IN_WASM_FETCH` in istio-proxy",
       .versions = "Istio 1.31 and later",
       .source = "istio, pkg/wasm/ssrf.go",
       .leads = kNotFetched},
      {.code = "W-115",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"challenge scheme <scheme> is not bearer",
                  "could not fetch Wasm OCI image: could not fetch manifest: challenge scheme "
                  "\"Negotiate\" is not bearer"},
                 {"malformed www-authenticate, missing realm",
                  "could not fetch Wasm OCI image: could not fetch manifest: malformed "
                  "www-authenticate, missing realm: map[]"},
                 {"no token in bearer response",
                  "could not fetch Wasm OCI image: could not fetch manifest: no token in bearer "
                  "response:"},
                 {"refusing token-server redirect",
                  "could not fetch Wasm OCI image: could not fetch manifest: refusing token-server "
                  "redirect to \"http://10.0.0.9/token\": scheme"}},
       .cause = "the registry asks for a login in a way that the fetcher does not speak",
       .remedy = "`wasmctl inspect IMAGE -vv` shows the challenge; a registry with Bearer tokens "
                 "or without login works",
       .source = "go-containerregistry, pkg/v1/remote/transport",
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-116",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"cannot fetch Wasm module <plugin>: open <path>: no space left on device",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: open "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: no space left on device"},
                 {"cannot fetch Wasm module <plugin>: open <path>: read-only file system",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: open "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: read-only file system"},
                 {"cannot fetch Wasm module <plugin>: open <path>: permission denied",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: open "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: permission denied"},
                 {"cannot fetch Wasm module <plugin>: mkdir <path>: no space left on device",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: mkdir "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: no space left on device"},
                 {"cannot fetch Wasm module <plugin>: mkdir <path>: read-only file system",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: mkdir "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: read-only file system"},
                 {"cannot fetch Wasm module <plugin>: mkdir <path>: permission denied",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: mkdir "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: permission denied"},
                 {"cannot fetch Wasm module <plugin>: write <path>: no space left on device",
                  "cannot fetch Wasm module oci://ghcr.io/acme/filter:v1: write "
                  "/var/lib/istio/data/1a2b/3c4d.wasm: no space left on device"}},
       .cause = "the agent has the module and cannot write <path>: its disk is full, or the "
                "directory is not one it may write to",
       .remedy = "`kubectl exec POD -c istio-proxy -- df -h /var/lib/istio/data` looks; raise the "
                 "limit of `ephemeral-storage`, or mount an emptyDir there",
       .source = kCache,
       .leads = kNotFetched},
      {.code = "W-117",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"module downloaded from <url> has checksum <got>, which does not match: <want>",
                  "module downloaded from oci://ghcr.io/acme/filter:v1 has checksum 9f86d081, "
                  "which does not match: 60303ae2"}},
       .cause = "`sha256` of the plugin is not what <url> has: it is <got>",
       .remedy = "for an image it is the manifest's digest without `sha256:` (of an index, its "
                 "linux/amd64 child's), for http the module's: `wasmctl push` and `wasmctl render` "
                 "print the right one",
       .source = kCache,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-118",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"fetched Wasm binary from <url> is invalid",
                  "cannot fetch Wasm module default.filter: fetched Wasm binary from "
                  "oci://ghcr.io/acme/filter:v1 is invalid"}},
       .cause = "what <url> gives does not begin as a Wasm module does: an error page, a gzip in a "
                "layer for raw modules, or another file",
       .remedy = "`wasmctl inspect IMAGE` says what is in it; `wasmctl push FILE.wasm IMAGE` makes "
                 "one that loads",
       .source = kCache,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-119",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"plugin.wasm not found in the archive",
                  "could not extract Wasm file from the image as Docker container could not "
                  "extract wasm binary: plugin.wasm not found in the archive"}},
       .cause = "the image's last layer has no file `plugin.wasm`: it has another name, or is in "
                "an earlier layer",
       .remedy = "`wasmctl push FILE.wasm IMAGE`; in a Dockerfile `COPY filter.wasm ./plugin.wasm` "
                 "must be the last step that makes a layer",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-120",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"number of layers must be 2 but got <number>",
                  "could not parse as oci variant: number of layers must be 2 but got 1"},
                 {"number of layers must be greater than zero",
                  "could not parse as compat variant: number of layers must be greater than zero"}},
       .cause = "the image is an artifact in a form that Istio does not take: of one layer, as "
                "`oras push` and wkg make it",
       .remedy = "`wasmctl push FILE.wasm IMAGE` makes one that all consumers take; `wasmctl "
                 "inspect IMAGE` says who loads an image",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-121",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"invalid media type application/vnd.oci.image.layer.v1.tar (expect",
                  "could not parse as compat variant: invalid media type "
                  "application/vnd.oci.image.layer.v1.tar (expect "
                  "application/vnd.oci.image.layer.v1.tar+gzip)"},
                 {"invalid media type application/vnd.oci.image.layer.v1.tar+zstd (expect",
                  "could not parse as compat variant: invalid media type "
                  "application/vnd.oci.image.layer.v1.tar+zstd (expect "
                  "application/vnd.oci.image.layer.v1.tar+gzip)"},
                 {"invalid media type application/vnd.docker.image.rootfs<...>(expect "
                  "application/vnd.oci",
                  "invalid media type application/vnd.docker.image.rootfs.diff.tar.gzip (expect "
                  "application/vnd.oci.image.layer.v1.tar+gzip)"},
                 {"as Docker container <...>invalid media type <type> (expect",
                  "could not extract Wasm file from the image as Docker container invalid media "
                  "type application/vnd.oci.image.layer.v1.tar+gzip (expect "
                  "application/vnd.docker.image.rootfs.diff.tar.gzip)"}},
       .cause = "the image's last layer has a media type that Istio does not read: not gzip, or of "
                "the other kind of image than its manifest",
       .remedy = "build with gzip layers (`--compression gzip`), or `wasmctl push FILE.wasm IMAGE`",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-122",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms =
           {{"could not find the layer of type application/vnd.module.wasm.content.layer.v1+wasm",
             "could not parse as oci variant: could not find the layer of type "
             "application/vnd.module.wasm.content.layer.v1+wasm"}},
       .cause =
           "neither of the artifact's two layers has the media type by which Istio finds a module",
       .remedy = "`wasmctl push --format artifact FILE.wasm IMAGE`",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-123",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"failed to parse layer as tar.gz: <why...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: could not parse as "
                  "compat variant: failed to parse layer as tar.gz: gzip: invalid header"},
                 {"could not extract wasm binary: unexpected EOF",
                  "could not extract wasm binary: unexpected EOF"},
                 {"could not extract wasm binary: archive/tar: invalid tar header",
                  "could not extract wasm binary: archive/tar: invalid tar header"},
                 {"could not extract wasm binary: gzip: invalid checksum",
                  "could not extract wasm binary: gzip: invalid checksum"},
                 {"could not extract wasm binary: flate: corrupt input",
                  "could not extract wasm binary: flate: corrupt input before offset 512"},
                 {"could not extract wasm binary: failed to read plugin.wasm: <...>",
                  "could not extract wasm binary: failed to read plugin.wasm: unexpected EOF"}},
       .cause =
           "the image's last layer says that it is a tar in gzip, and is not, or ends too early",
       .remedy = "`wasmctl inspect IMAGE`; push it again: `wasmctl push FILE.wasm IMAGE`",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-124",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms =
           {{"could not get layer content: <why...>",
             "could not get layer content: unexpected EOF"},
            {"could not fetch layers: <why...>",
             "could not fetch layers: Get \"https://ghcr.io/v2/acme/filter/blobs/sha256:aa\": EOF"},
            {"could not retrieve manifest: <why...>",
             "could not retrieve manifest: unexpected EOF"},
            {"could not get media type: <why...>", "could not get media type: unexpected EOF"},
            {"could not retrieve the media type: <why...>",
             "could not retrieve the media type: unexpected EOF"}},
       .cause = "the manifest of the image came, and its layers did not: <why>",
       .remedy = "`wasmctl pull IMAGE -o m.wasm` shows whether the registry has them; if it lost a "
                 "blob, push again",
       .source = kFetcher,
       .confidence = Confidence::likely,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-125",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"could not parse url in image reference: <why...>",
                  "could not fetch Wasm OCI image: could not parse url in image reference: could "
                  "not parse reference: ghcr.io/Acme/filter:v1"},
                 {"could not parse reference: <url>",
                  "could not parse reference: ghcr.io/Acme/filter:v1"},
                 {"fail to parse Wasm module fetch url: <url>, error: <why...>",
                  "fail to parse Wasm module fetch url: oci://%zz, error: parse \"oci://%zz\": "
                  "invalid URL escape \"%zz\""}},
       .cause = "the plugin's `url` is not a valid reference of an image",
       .remedy = "`wasmctl check -f PLUGIN.yaml` says what is wrong with it: capitals, a missing "
                 "repository, a name of one letter",
       .source = kFetcher,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-126",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"unsupported Wasm module downloading URL scheme: <scheme>",
                  "unsupported Wasm module downloading URL scheme: ftp"}},
       .cause = "the agent fetches by oci, http and https, not by <scheme>",
       .remedy = "`wasmctl render` writes a url that works; `wasmctl check -f PLUGIN.yaml`",
       .source = kCache,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-127",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"cannot fetch Wasm module <plugin>: missing image pulling secret",
                  "cannot fetch Wasm module default.filter: missing image pulling secret"}},
       .cause = "istiod could not read the Secret that the plugin's `imagePullSecret` names",
       .remedy = "`kubectl get secret -n NAMESPACE` : it must be in the plugin's namespace and of "
                 "type kubernetes.io/dockerconfigjson; istiod's log says which of the two is "
                 "wrong: `kubectl logs -n istio-system deploy/istiod | wasmctl explain`",
       .source = kConvert,
       .leads = kNotFetched,
       .follows = kNoSecret},
      {.code = "W-128",
       .producer = Producer::agent,
       .context = "wasm",
       .role = Role::reason,
       .forms = {{"wasm module download request failed: status code <status>",
                  "wasm module download failed after 5 attempts, last error: wasm module download "
                  "request failed: status code 404"}},
       .cause = "the server of the module's url answers <status>",
       .remedy = "`kubectl exec POD -c istio-proxy -- curl -sI URL` asks from where the proxy asks",
       .source = "istio, pkg/wasm/httpfetcher.go",
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-129",
       .producer = Producer::agent,
       .role = Role::wrapper,
       .forms = {{"wasm module download failed after <attempts> attempts, last error: <why...>",
                  "wasm module download failed after 5 attempts, last error: Get "
                  "\"https://files.local/f.wasm\": EOF"},
                 {"could not fetch Wasm binary: <why...>", "could not fetch Wasm binary: EOF"},
                 {"could not fetch manifest: <why...>",
                  "could not fetch Wasm OCI image: could not fetch manifest: EOF"},
                 {"could not fetch image: <why...>",
                  "could not fetch Wasm OCI image: could not fetch image: EOF", "wasm"},
                 {"cannot fetch Wasm module <url>: <why...>",
                  "cannot fetch Wasm module default.filter: EOF"},
                 {"failed to get Wasm module <url> after <attempts> attempts<why...>",
                  "failed to get Wasm module https://files.local/f.wasm after 5 attempts: EOF"}},
       .cause = "the module could not be fetched: <why>",
       .remedy = "`wasmctl inspect IMAGE` asks the same registry from here",
       .source = kConvert,
       .confidence = Confidence::likely,
       .leads = kNotFetched | kNotAccepted},
      {.code = "W-130",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"wasm remote fetch <...> does not have httpUri specified",
                  "wasm remote fetch  does not have httpUri specified"},
                 {"wasm remote fetch <...> does not have httpUri specified for config <plugin>",
                  "wasm remote fetch  does not have httpUri specified for config default.filter"},
                 {"no remote and local load found in Wasm HTTP filter <plugin>",
                  "no remote and local load found in Wasm HTTP filter default.filter"},
                 {"no remote and local load found in Wasm Network filter <plugin>",
                  "no remote and local load found in Wasm Network filter default.filter"}},
       .cause = "the filter's configuration does not say where its code is",
       .remedy = "give the EnvoyFilter `vm_config.code.local.filename` or "
                 "`vm_config.code.remote.http_uri`; `wasmctl check -f FILE`",
       .source = kConvert,
       .leads = kNotFetched},
      {.code = "W-131",
       .producer = Producer::agent,
       .role = Role::cause,
       .forms = {{"failed to unmarshal extension config resource",
                  "failed to unmarshal extension config resource: proto: cannot parse invalid "
                  "wire-format data"},
                 {"into Wasm HTTP filter",
                  "failed to unmarshal extension config filter into Wasm HTTP filter: proto: "
                  "mismatched message type"}},
       .cause = "the agent cannot read the filter's configuration: an EnvoyFilter with a wrong "
                "typed_config, or an agent older than istiod",
       .remedy =
           "`istioctl version` compares the two; `wasmctl check -f FILE` reads the EnvoyFilter",
       .source = kConvert,
       .confidence = Confidence::likely,
       .leads = kNotFetched},
      {.code = "W-133",
       .producer = Producer::agent,
       .role = Role::wrapper,
       .forms = {{"error in converting the wasm config to local: <why...>applying deny RBAC filter",
                  "error in converting the wasm config to local: 1 error occurred: * EOF. applying "
                  "deny RBAC filter"}},
       .cause = "the agent could not get the plugin's module, and put a filter in its place that "
                "denies everything",
       .remedy =
           "the line says what failed; `failStrategy: FAIL_OPEN` would let requests pass instead",
       .effect = kDenied,
       .versions = "Istio 1.26 and later",
       .source = kConvert,
       .leads = kNotFetched},
      {.code = "W-134",
       .producer = Producer::agent,
       .role = Role::wrapper,
       .forms =
           {{"error in converting the wasm config to local: <why...>applying allow RBAC filter",
             "error in converting the wasm config to local: 1 error occurred: * EOF. applying "
             "allow RBAC filter"}},
       .cause = "the agent could not get the plugin's module, and left the plugin out",
       .remedy = "the line says what failed",
       .effect = "requests pass without the plugin, which FAIL_OPEN asks for",
       .versions = "Istio 1.26 and later",
       .source = kConvert,
       .leads = kNotFetched},
      {.code = "W-135",
       .producer = Producer::agent,
       .role = Role::wrapper,
       .forms = {{"convert the wasm config: <why...>",
                  "convert the wasm config: 1 error occurred: * EOF"}},
       .cause = "the agent could not get a plugin's module: the rest of the line says why",
       .remedy = "`wasmctl inspect IMAGE` asks the same registry from here",
       .editions =
           {{0, 24,
             "with FAIL_CLOSE the whole push is refused: every other plugin of this proxy stays as "
             "it was, too"},
            {25, 25,
             "a filter that denies everything is in the plugin's place, without a further line"}},
       .versions = "Istio 1.18 to 1.25",
       .source = kConvert,
       .leads = kNotFetched},
      {.code = "W-136",
       .producer = Producer::agent,
       .role = Role::wrapper,
       .forms =
           {{"error in applying failopen rbac config: <why...>",
             "error in applying failopen rbac config: proto: invalid"},
            {"failed to create allow-all filter as a fallback of <plugin> Wasm Module: <why...>",
             "failed to create allow-all filter as a fallback of default.filter Wasm Module: "
             "proto: invalid"}},
       .cause = "the agent could not get the plugin's module, nor put anything in its place",
       .remedy = "the line says what failed; report it to Istio if it is the second",
       .source = kConvert,
       .leads = kNotFetched},
      {.code = "W-137",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms =
           {{"filter <plugin> is envoy.extensions.filters.http.rbac.v3.RBAC that denies all",
             "filter default.filter is envoy.extensions.filters.http.rbac.v3.RBAC that denies all"},
            {"filter <plugin> is envoy.extensions.filters.network.rbac.v3.RBAC that denies all",
             "filter default.filter is envoy.extensions.filters.network.rbac.v3.RBAC that denies "
             "all"}},
       .cause = "the agent could not get the module of <plugin>, and a filter that denies "
                "everything is in its place",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why",
       .effect = kDenied,
       .editions = {{25, 25,
                     "no line of the log says why: 1.25 logs nothing; ask the registry from here, "
                     "`wasmctl inspect IMAGE`"}},
       .versions = "Istio 1.25 and later",
       .source = kConvert,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-138",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms =
           {{"filter <plugin> is envoy.extensions.filters.http.rbac.v3.RBAC that allows all",
             "filter default.filter is envoy.extensions.filters.http.rbac.v3.RBAC that allows all"},
            {"filter <plugin> is envoy.extensions.filters.network.rbac.v3.RBAC that allows all",
             "filter default.filter is envoy.extensions.filters.network.rbac.v3.RBAC that allows "
             "all"}},
       .cause = "the agent could not get the module of <plugin>, and left the plugin out",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why",
       .effect = "requests pass without the plugin, which FAIL_OPEN asks for",
       .editions = {{25, 25,
                     "no line of the log says why: 1.25 logs nothing; ask the registry from here, "
                     "`wasmctl inspect IMAGE`"}},
       .source = kConvert,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-139",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms =
           {{"istio_agent_wasm_remote_fetch_count{<...>result=\"download_failure\"<...>} <count>",
             "istio_agent_wasm_remote_fetch_count{result=\"download_failure\"} 3"},
            {"istio_agent_wasm_remote_fetch_count{<...>result=\"fetch_failure\"<...>} <count>",
             "istio_agent_wasm_remote_fetch_count{result=\"fetch_failure\"} 1"},
            {"istio_agent_wasm_config_conversion_count{<...>result=\"fetch_failure\"<...>} <count>",
             "istio_agent_wasm_config_conversion_count{result=\"fetch_failure\"} 2"}},
       .cause = "this proxy's agent has failed to fetch a module, <count> times since it started",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why",
       .source = "istio, pkg/wasm/monitoring.go",
       .confidence = Confidence::likely,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-140",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms =
           {{"istio_agent_wasm_remote_fetch_count{<...>result=\"manifest_failure\"<...>} <count>",
             "istio_agent_wasm_remote_fetch_count{result=\"manifest_failure\"} 1"}},
       .cause = "the registry gave this proxy's agent no manifest, <count> times since it started",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why; `wasmctl inspect "
                 "IMAGE` asks the same registry from here",
       .source = "istio, pkg/wasm/monitoring.go",
       .confidence = Confidence::likely,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-141",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms = {{"istio_agent_wasm_remote_fetch_count{<...>result=\"checksum_mismatched\"<...>} "
                  "<count>",
                  "istio_agent_wasm_remote_fetch_count{result=\"checksum_mismatched\"} 1"}},
       .cause = "a plugin's `sha256` is not what its url has, seen <count> times since the agent "
                "started",
       .remedy = "for an image it is the manifest's digest without `sha256:`: `wasmctl render` "
                 "writes the right one",
       .source = "istio, pkg/wasm/monitoring.go",
       .confidence = Confidence::likely,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-142",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms = {{"istio_agent_wasm_config_conversion_count{<...>result=\"no_remote_load\"<...>} "
                  "<count>",
                  "istio_agent_wasm_config_conversion_count{result=\"no_remote_load\"} 1"},
                 {"istio_agent_wasm_config_conversion_count{<...>result=\"unmarshal_failure\"<...>}"
                  " <count>",
                  "istio_agent_wasm_config_conversion_count{result=\"unmarshal_failure\"} 1"},
                 {"istio_agent_wasm_config_conversion_count{<...>result=\"marshal_failure\"<...>} "
                  "<count>",
                  "istio_agent_wasm_config_conversion_count{result=\"marshal_failure\"} 1"}},
       .cause = "the agent could not read the configuration of a Wasm filter, <count> times since "
                "it started",
       .remedy = "`wasmctl check -f FILE` reads the EnvoyFilter or plugin; `istioctl version` "
                 "compares agent and istiod",
       .source = "istio, pkg/wasm/monitoring.go",
       .confidence = Confidence::possible,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-143",
       .producer = Producer::agent,
       .role = Role::remark,
       .forms = {{"failed to purge Wasm module <...>",
                  "failed to purge Wasm module /var/lib/istio/data/aa/bb.wasm: remove: no such "
                  "file or directory"},
                 {"fetching image with plain text from <url>",
                  "fetching image with plain text from oci://registry.local:5000/acme/filter:v1"}},
       .cause = "the agent tidies its cache, or fetches without TLS; neither breaks a plugin",
       .remedy = "nothing",
       .source = kFetcher},
      {.code = "W-144",
       .producer = Producer::agent,
       .role = Role::remark,
       .forms = {{"fetching image <image> from registry <registry> with tag",
                  "fetching image acme/filter from registry ghcr.io with tag v1"}},
       .cause = "the agent began to fetch <image> from <registry>; without a later error it has "
                "it, or still waits (30 seconds at most)",
       .remedy =
           "`istioctl proxy-config ecds POD -o json | wasmctl explain` tells whether it is loaded",
       .source = kFetcher},
      {.code = "W-145",
       .producer = Producer::admin,
       .forms = {{"filter <plugin> has no configuration",
                  "filter default.filter has no configuration"}},
       .cause = "<plugin> came to the proxy as a name without anything in it",
       .remedy = "let the proxy be of istiod's version: `istioctl proxy-status`, `kubectl rollout "
                 "restart`",
       .editions = {{0, 21, "of plugins for waypoints this is a known fault, mended in 1.22"}},
       .source = "Envoy, /config_dump",
       .confidence = Confidence::likely,
       .leads = kNotDelivered},
      {.code = "W-146",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 1,
       .forms =
           {{"istio.io/wasmplugin/<plugin>     <...>envoy.extensions.filters.http.rbac.v3.RBAC",
             "extensions.istio.io/wasmplugin/default.filter     "
             "envoy.extensions.filters.http.rbac.v3.RBAC"},
            {"istio.io/wasmplugin/<plugin>     <...>envoy.extensions.filters.network.rbac.v3.RBAC",
             "extensions.istio.io/wasmplugin/default.filter     "
             "envoy.extensions.filters.network.rbac.v3.RBAC"},
            {"istio.io/trafficextension/<plugin>     "
             "<...>envoy.extensions.filters.http.rbac.v3.RBAC",
             "extensions.istio.io/trafficextension/default.filter     "
             "envoy.extensions.filters.http.rbac.v3.RBAC"},
            {"istio.io/trafficextension/<plugin>     "
             "<...>envoy.extensions.filters.network.rbac.v3.RBAC",
             "extensions.istio.io/trafficextension/default.filter     "
             "envoy.extensions.filters.network.rbac.v3.RBAC"}},
       .cause = "the agent could not get the module of <plugin>, and another filter is in its "
                "place, which denies everything, or with FAIL_OPEN lets everything pass",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why; `istioctl "
                 "proxy-config ecds POD -o json | wasmctl explain` which of the two it is",
       .source = "istioctl, proxy-config ecds; istio, pkg/wasm/convert.go",
       .leads = kNotFetched,
       .follows = kNotFetched},
  };
}

}  // namespace wasmctl::explain
