#include "sign/build_record.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace wasmctl::sign {

namespace {

const std::string kDigits64(64, 'a');
const std::string kDigits40(40, 'b');

BuildRecord small_record() {
  BuildRecord record;
  record.name = "auth";
  record.version = "1.2.0";
  record.module_sha256 = kDigits64;
  record.module_sha1 = kDigits40;
  record.sources = {{"src/auth.cc", std::string(64, 'c'), std::string(40, 'd')}};
  record.parts = {{"proxy-wasm", "0.2.2", "pkg:cargo/proxy-wasm@0.2.2", std::string(64, 'e')}};
  record.tools = {{"clang", "22.1.8", "", ""}};
  record.wasmctl_version = "0.1.0";
  record.flags = "-O 2";
  record.source_url = "https://github.com/acme/auth";
  record.revision = "0123abcd";
  record.created = "2026-11-27T00:00:00Z";
  return record;
}

}  // namespace

TEST_CASE("SHA-1, which SPDX asks for") {
  CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST_CASE("a bill of materials in SPDX 2.3") {
  CHECK(spdx_document(small_record()).dump(1) == R"({
 "SPDXID": "SPDXRef-DOCUMENT",
 "creationInfo": {
  "created": "2026-11-27T00:00:00Z",
  "creators": [
   "Tool: wasmctl-0.1.0"
  ]
 },
 "dataLicense": "CC0-1.0",
 "documentNamespace": "urn:wasmctl:spdx:auth:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
 "files": [
  {
   "SPDXID": "SPDXRef-File-1",
   "checksums": [
    {
     "algorithm": "SHA1",
     "checksumValue": "dddddddddddddddddddddddddddddddddddddddd"
    },
    {
     "algorithm": "SHA256",
     "checksumValue": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
    }
   ],
   "copyrightText": "NOASSERTION",
   "fileName": "./src/auth.cc",
   "licenseConcluded": "NOASSERTION",
   "licenseInfoInFiles": [
    "NOASSERTION"
   ]
  }
 ],
 "name": "auth",
 "packages": [
  {
   "SPDXID": "SPDXRef-Module",
   "checksums": [
    {
     "algorithm": "SHA256",
     "checksumValue": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    {
     "algorithm": "SHA1",
     "checksumValue": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
   ],
   "copyrightText": "NOASSERTION",
   "downloadLocation": "NOASSERTION",
   "filesAnalyzed": false,
   "licenseConcluded": "NOASSERTION",
   "licenseDeclared": "NOASSERTION",
   "name": "auth",
   "versionInfo": "1.2.0"
  },
  {
   "SPDXID": "SPDXRef-Part-1",
   "checksums": [
    {
     "algorithm": "SHA256",
     "checksumValue": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
    }
   ],
   "copyrightText": "NOASSERTION",
   "downloadLocation": "NOASSERTION",
   "externalRefs": [
    {
     "referenceCategory": "PACKAGE-MANAGER",
     "referenceLocator": "pkg:cargo/proxy-wasm@0.2.2",
     "referenceType": "purl"
    }
   ],
   "filesAnalyzed": false,
   "licenseConcluded": "NOASSERTION",
   "licenseDeclared": "NOASSERTION",
   "name": "proxy-wasm",
   "versionInfo": "0.2.2"
  },
  {
   "SPDXID": "SPDXRef-Tool-1",
   "copyrightText": "NOASSERTION",
   "downloadLocation": "NOASSERTION",
   "filesAnalyzed": false,
   "licenseConcluded": "NOASSERTION",
   "licenseDeclared": "NOASSERTION",
   "name": "clang",
   "versionInfo": "22.1.8"
  }
 ],
 "relationships": [
  {
   "relatedSpdxElement": "SPDXRef-Module",
   "relationshipType": "DESCRIBES",
   "spdxElementId": "SPDXRef-DOCUMENT"
  },
  {
   "relatedSpdxElement": "SPDXRef-Part-1",
   "relationshipType": "CONTAINS",
   "spdxElementId": "SPDXRef-Module"
  },
  {
   "relatedSpdxElement": "SPDXRef-Module",
   "relationshipType": "BUILD_TOOL_OF",
   "spdxElementId": "SPDXRef-Tool-1"
  },
  {
   "relatedSpdxElement": "SPDXRef-File-1",
   "relationshipType": "GENERATED_FROM",
   "spdxElementId": "SPDXRef-Module"
  }
 ],
 "spdxVersion": "SPDX-2.3"
})");
}

TEST_CASE("a bill of materials in CycloneDX 1.6") {
  CHECK(cyclonedx_document(small_record()).dump(1) == R"({
 "bomFormat": "CycloneDX",
 "components": [
  {
   "bom-ref": "part-1",
   "hashes": [
    {
     "alg": "SHA-256",
     "content": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
    }
   ],
   "name": "proxy-wasm",
   "purl": "pkg:cargo/proxy-wasm@0.2.2",
   "type": "library",
   "version": "0.2.2"
  },
  {
   "bom-ref": "tool-1",
   "name": "clang",
   "scope": "excluded",
   "type": "application",
   "version": "22.1.8"
  },
  {
   "bom-ref": "file-1",
   "hashes": [
    {
     "alg": "SHA-256",
     "content": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
    }
   ],
   "name": "src/auth.cc",
   "type": "file"
  }
 ],
 "dependencies": [
  {
   "dependsOn": [
    "part-1",
    "file-1"
   ],
   "ref": "module"
  }
 ],
 "metadata": {
  "component": {
   "bom-ref": "module",
   "hashes": [
    {
     "alg": "SHA-256",
     "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    }
   ],
   "name": "auth",
   "type": "application",
   "version": "1.2.0"
  },
  "timestamp": "2026-11-27T00:00:00Z",
  "tools": {
   "components": [
    {
     "name": "wasmctl",
     "type": "application",
     "version": "0.1.0"
    }
   ]
  }
 },
 "specVersion": "1.6",
 "version": 1
})");
}

TEST_CASE("SLSA provenance") {
  CHECK(slsa_provenance(small_record()).dump(1) == R"({
 "buildDefinition": {
  "buildType": "urn:wasmctl:build:v1",
  "externalParameters": {
   "flags": "-O 2",
   "plugin": "auth",
   "source": {
    "digest": {
     "gitCommit": "0123abcd"
    },
    "uri": "git+https://github.com/acme/auth"
   }
  },
  "resolvedDependencies": [
   {
    "digest": {
     "gitCommit": "0123abcd"
    },
    "uri": "git+https://github.com/acme/auth"
   },
   {
    "digest": {
     "sha256": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
    },
    "name": "src/auth.cc"
   },
   {
    "annotations": {
     "version": "0.2.2"
    },
    "digest": {
     "sha256": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
    },
    "name": "proxy-wasm",
    "uri": "pkg:cargo/proxy-wasm@0.2.2"
   },
   {
    "annotations": {
     "version": "22.1.8"
    },
    "name": "clang"
   }
  ]
 },
 "runDetails": {
  "builder": {
   "id": "urn:wasmctl:builder:v1",
   "version": {
    "wasmctl": "0.1.0"
   }
  },
  "byproducts": [
   {
    "digest": {
     "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "name": "auth.wasm"
   }
  ],
  "metadata": {
   "finishedOn": "2026-11-27T00:00:00Z"
  }
 }
})");
}

TEST_CASE("of a file of which nothing is known, no more is said") {
  BuildRecord record;
  record.name = "auth";
  record.module_sha256 = kDigits64;
  record.module_sha1 = kDigits40;
  record.wasmctl_version = "0.1.0";
  CHECK(spdx_document(record)["creationInfo"]["created"] == "1970-01-01T00:00:00Z");
  CHECK(spdx_document(record)["files"].empty());
  CHECK_FALSE(cyclonedx_document(record)["metadata"].contains("timestamp"));
  CHECK(slsa_provenance(record)["buildDefinition"]["externalParameters"].dump() ==
        R"({"plugin":"auth"})");
  CHECK_FALSE(slsa_provenance(record)["runDetails"].contains("metadata"));
}

}  // namespace wasmctl::sign
