// The configuration of api-key.
#pragma once

#include "proxy_wasm_config.h"

struct Client {
  std::string name;
  std::string key;

  static constexpr auto fields() {
    using proxy_wasm::required;
    return std::tuple{required("name", &Client::name, "Who it is: passed on to the upstream."),
                      required("key", &Client::key, "The secret.")};
  }
};

struct Config {
  std::string header = "x-api-key";
  std::string client_header = "x-client";
  std::vector<Client> clients;

  static constexpr auto fields() {
    using proxy_wasm::field, proxy_wasm::required;
    return std::tuple{
        field("header", &Config::header, "The header that carries the key. It is not passed on."),
        field("client_header", &Config::client_header,
              "The header that tells the upstream the client's name."),
        required("clients", &Config::clients, "Who is let in.")};
  }
};
