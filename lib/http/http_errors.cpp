#include "http/http_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/text.hpp"
#include "http/no_proxy.hpp"

namespace wasmctl::http {

namespace {

using Kind = TransportError::Kind;

TransportError fail(Kind kind, const std::string& message, const std::string& cause = "",
                    const std::string& hint = "") {
  Error error(kind == Kind::malformed ? Code::bad_input : Code::network, message);
  if (!cause.empty()) error.because(cause);
  if (!hint.empty()) error.hint(hint);
  return {kind, std::move(error)};
}

TransportError tls_failure(const std::string& server, const std::string& detail) {
  // What OpenSSL says when the first bytes of the answer are text.
  const bool plain = detail.find("wrong version number") != std::string::npos ||
                     detail.find("packet length too long") != std::string::npos;
  return fail(Kind::tls, fmt::format("no TLS connection to `{}`", server),
              plain ? "the server speaks plain HTTP" : detail,
              plain ? "if that is intended, say so with --plain-http" : "");
}

// What is wrong about a certificate, by libcurl's or OpenSSL's words for it.
struct CertificateFault {
  std::string_view sign;
  const char* what;
  const char* hint;
};

constexpr CertificateFault kCertificateFaults[] = {
    {"certificate has expired", "has expired",
     "the registry's owner must renew it, or this machine's clock is wrong"},
    {"certificate is not yet valid", "is not valid yet",
     "this machine's clock is wrong, or the registry's owner must replace it"},
    {"subject name", "is for another name",
     "check the registry's name; where it is right, the registry's owner must have it certified"},
    {"", "is not trusted", "name the authority that signed it with --ca-file"},  // any other
};

TransportError certificate_failure(const std::string& server, std::string detail) {
  for (const std::string_view prefix : {"SSL certificate problem: ", "SSL: "}) {
    if (detail.starts_with(prefix)) detail.erase(0, prefix.size());
  }
  const auto* fault = std::ranges::find_if(kCertificateFaults, [&](const CertificateFault& each) {
    return detail.find(each.sign) != std::string::npos;
  });
  return fail(Kind::certificate, fmt::format("the certificate of `{}` {}", server, fault->what),
              detail, fault->hint);
}

// Under TLS 1.3 that alert comes after the handshake.
bool wants_certificate(std::string_view detail) {
  return detail.find("certificate required") != std::string_view::npos ||
         detail.find("alert bad certificate") != std::string_view::npos;
}

TransportError no_certificate(const std::string& server, const std::string& detail) {
  return fail(Kind::certificate,
              fmt::format("`{}` takes no client without a certificate that it trusts", server),
              detail, "name yours with --cert-file and --key-file");
}

// "the proxy `proxy.example:3128`", without its password.
std::string name_of_proxy(const std::string& address) {
  const bool has_scheme = address.find("://") != std::string::npos;
  const auto url = parse_url(base::without_logins(has_scheme ? address : "http://" + address));
  return url ? fmt::format("the proxy `{}`", url->authority) : "the proxy";
}

// How long nothing, or next to nothing, came or went.
TransportError stall(const std::string& server, const Options& options, const Failure& failure) {
  const std::string_view detail = failure.detail;
  const bool unsent = failure.unsent;
  constexpr char kAgain[] = "the network or the registry is stuck: try again";
  if (detail.starts_with("Operation timed out")) {
    return fail(Kind::stalled, fmt::format("`{}` takes too long", server),
                fmt::format("its answer was not whole after {} seconds", options.document.count()),
                kAgain);
  }
  // The other time that is measured is that of connecting, in several wordings.
  const auto seconds =
      detail.starts_with("Operation too slow") ? options.stall.count() : kConnectTime.count();
  return fail(
      Kind::stalled,
      fmt::format("`{}` {}", server, unsent ? "takes no more of what is sent" : "does not answer"),
      fmt::format("nothing {} for {} seconds", unsent ? "went there" : "came", seconds), kAgain);
}

// Where none of them could be used.
TransportError unusable_authorities(const TlsOptions& tls, const std::string& detail) {
  if (!tls.ca_file.empty()) {
    return fail(Kind::tls, "cannot read the certificates of --ca-file", detail);
  }
  if (!tls.authorities.empty()) {
    return fail(Kind::tls, "cannot read the certificates of certs.d", detail);
  }
  return fail(Kind::tls, fmt::format("cannot read the certificates of `{}`", tls.system_file),
              detail, "SSL_CERT_FILE names it: let it name a PEM file of authorities, or unset it");
}

}  // namespace

TransportError proxy_refusal(const Request& request, const Options& options, long status) {
  const auto& server = request.url.authority;
  const bool forbidden = status == 403 || status == 407;
  Error error(forbidden ? Code::denied : Code::network,
              fmt::format("{} does not connect to `{}`: it answered {}",
                          name_of_proxy(proxy_for(request.url, options.proxy)), server, status));
  const bool is_gateway_error = status == 502 || status == 503 || status == 504;
  if (status == 407) {
    error.hint(kProxyLoginHint);
  } else if (is_gateway_error) {
    error.hint(fmt::format("it does not reach `{}`: check the name, or try again later", server));
  } else {
    error.hint(
        fmt::format("it does not let this machine reach `{}`: ask its owner, or name the host in "
                    "NO_PROXY where there is a way without it",
                    server));
  }
  return {Kind::refused, std::move(error)};
}

TransportError to_error(Failure failure, const Request& request, const Options& options) {
  auto& detail = failure.detail;
  const auto& server = request.url.authority;
  const bool is_tls = request.url.scheme == "https";
  const auto* const variable = is_tls ? "HTTPS_PROXY" : "HTTP_PROXY";
  // libcurl's text has the whole address in it, with the password.
  if (detail.starts_with("Unsupported proxy")) {
    return fail(Kind::malformed, fmt::format("the address in {} cannot be read", variable), "",
                "it is http://[USER:PASSWORD@]HOST:PORT; what is no letter or digit in a password "
                "is written as %23 for #, and so on");
  }
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return fail(Kind::unresolved, fmt::format("there is no host `{}`", server), detail,
                  "check the name, and that the network is up");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail(Kind::unresolved, "there is no host of the proxy's name", detail,
                  "check HTTPS_PROXY and HTTP_PROXY");
    case CURLE_COULDNT_CONNECT: {
      const bool proxied = !proxy_for(request.url, options.proxy).empty();
      return fail(Kind::unconnected, fmt::format("cannot connect to `{}`", server),
                  failure.os_error == 0 ? detail : std::strerror(failure.os_error),
                  proxied
                      ? fmt::format("check that the proxy of {} is up, and the registry", variable)
                      : "check that the registry is up, and its port");
    }
    case CURLE_OPERATION_TIMEDOUT:
      return stall(server, options, failure);
    case CURLE_SSL_CONNECT_ERROR:
      if (wants_certificate(detail)) return no_certificate(server, detail);
      return tls_failure(server, detail);
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_failure(server, std::move(detail));
    case CURLE_SSL_CERTPROBLEM:
      return fail(Kind::tls,
                  fmt::format("cannot use the client certificate `{}` with the key `{}`",
                              options.tls.cert_file, options.tls.key_file),
                  detail);
    case CURLE_SSL_CACERT_BADFILE:
      return unusable_authorities(options.tls, detail);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
      return fail(Kind::silent,
                  fmt::format("`{}` closed the connection without an answer", server));
    case CURLE_ABORTED_BY_CALLBACK:
      return fail(Kind::stopped, "stopped");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return fail(Kind::malformed, fmt::format("the answer of `{}` is no HTTP", server));
    default:
      if (wants_certificate(detail)) return no_certificate(server, detail);
      return fail(Kind::broken, fmt::format("the connection to `{}` broke", server), detail);
  }
}

TransportError too_long(const Request& request) {
  return fail(Kind::malformed, fmt::format("the answer of `{}` is longer than {} bytes",
                                           request.url.authority, request.max_answer_bytes));
}

std::string proxy_for(const Url& url, const ProxyOptions& proxy) {
  if (is_loopback(url.authority) || is_without_proxy(url, proxy.exceptions)) return "";
  return url.scheme == "https" ? proxy.https : proxy.http;
}

}  // namespace wasmctl::http
