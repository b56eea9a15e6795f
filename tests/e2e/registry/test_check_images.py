"""wasmctl check --images: what only the registry knows."""

import json

import pytest


def test_images(wasmctl, module, registry, tmp_path):
    image = f"{registry.host}/acme/header-logger"
    pinned = wasmctl("-q", "push", module, f"{image}:v1").stdout.strip()
    pushed = wasmctl("push", module, f"{image}:all", "--format", "universal")
    child, index = pushed.stdout.strip(), pushed.stderr.split("the index itself is ")[1].split()[0]

    def check(url, status=0, more=""):
        (tmp_path / "plugin.yaml").write_text(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\n"
            f"spec: {{url: 'oci://{url}'{more}}}\n")
        done = wasmctl("-q", "check", "-f", "plugin.yaml", "--images", "--json", status=status)
        return [(f["rule"], f["line"]) for f in json.loads(done.stdout)]

    assert check(pinned) == []
    assert check(child) == []
    assert check(f"{image}:all@{index}", 3) == [("index-pin", 4)]
    assert check(f"{image}:all", 3, f", sha256: {index.split(':')[1]}") == [("index-pin", 4)]
    assert check(f"{image}:v1", 3, f", sha256: '{'0' * 64}'") == [("image-digest", 4)]
    assert check(f"{image}:v2@sha256:{'0' * 64}", 3) == [("image-absent", 4)]


def test_modules_of_images(wasmctl, module, registry, root, tmp_path):
    """An image that Istio fetches, and Envoy refuses; and one that Istio does not even fetch."""
    (tmp_path / "no_abi.wasm").write_bytes(b"\0asm\1\0\0\0")
    image = f"{registry.host}/acme/odd"
    pinned = wasmctl("-q", "push", "--no-lint", tmp_path / "no_abi.wasm", f"{image}:no-abi").stdout.strip()

    def check(url):
        (tmp_path / "plugin.yaml").write_text(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\n"
            f"spec: {{url: 'oci://{url}'}}\n")
        return wasmctl("-q", "check", "-f", tmp_path / "plugin.yaml", "--images", status=3).stdout.splitlines()

    where = f"{tmp_path}/plugin.yaml:4:13: error: "
    assert check(pinned)[0].startswith(where + "the image's module ") and check(pinned)[0].endswith("[image-module]")
    cncf = wasmctl("-q", "push", "--format", "wasm", module, f"{image}:cncf").stdout.strip()
    assert check(cncf) == [
        where + "Istio does not load the image: it has 1 layer; an artifact must have two, one of them "
        "application/vnd.module.wasm.content.layer.v1+wasm [image-module]",
        "  hint: `wasmctl push` makes images that it loads"]


@pytest.mark.parametrize("flags", [
    ["--selector", "app=web"], ["--kind", "TrafficExtension", "--selector", "app=web"],
    ["--kind", "EnvoyExtensionPolicy", "--target-ref", "Gateway/g", "--set", 'a.b=[1, "x"]', "--env-from-host", "A",
     "--fail-strategy", "FAIL_OPEN", "--plugin-name", "root", "--pull-policy", "IfNotPresent"]],
    ids=["WasmPlugin", "TrafficExtension", "EnvoyExtensionPolicy"])
def test_what_render_made_is_clean(wasmctl, module, registry, flags):
    image = f"{registry.host}/acme/clean:v1"
    wasmctl("-q", "push", module, image)
    stream = wasmctl("-q", "render", image, "-n", "default", *flags).stdout
    done = wasmctl("check", "-f", "-", "--images", stdin=stream)
    assert (done.stdout, done.stderr) == ("", "1 plugin and 0 workloads in 1 file: 0 errors, 0 warnings\n")


def test_render_refuses_an_image_that_its_reader_does_not_load(wasmctl, module, registry):
    image = f"{registry.host}/acme/for-others"
    for tag, image_format, flags, reader, why in [
        ("cncf", "wasm", ["--selector", "a=b"], "Istio", "it has 1 layer; an artifact must have two, one of them "
         "application/vnd.module.wasm.content.layer.v1+wasm"),
        ("cncf", "wasm", ["--kind", "EnvoyExtensionPolicy", "--target-ref", "Gateway/a"], "Envoy Gateway",
         "it has 1 layer; an artifact must have two, one of them application/vnd.module.wasm.content.layer.v1+wasm"),
        ("solo", "artifact", ["--selector", "a=b", "--via", "image-volume"], "Kubernetes image volume",
         "its config is application/vnd.module.wasm.config.v1+json, which is not an image's"),
    ]:
        wasmctl("-q", "push", "--format", image_format, module, f"{image}:{tag}")
        assert wasmctl("render", f"{image}:{tag}", *flags, status=6).stderr == (
            f"error: {image}:{tag} is not an image for {reader}: {why}\n"
            "hint: push the module as what all of them load: `wasmctl pull`, then `wasmctl push`\n")


def test_an_image_is_fetched_once(wasmctl, module, registry, tmp_path):
    """Its manifest and its layer, whatever a command asks of it."""
    pushed = wasmctl("-q", "push", module, f"{registry.host}/acme/once:v1").stdout.strip()
    (tmp_path / "plugin.yaml").write_text(wasmctl("-q", "render", pushed, "--selector", "app=web").stdout)
    check = ["check", "-f", tmp_path / "plugin.yaml", "--images"]
    for command in (["inspect", pushed], ["inspect", "--json", pushed], ["lint", pushed], ["pull", pushed],
                    ["render", pushed, "--selector", "app=web"], check, [*check, "--module", pushed]):
        registry.requests()
        wasmctl("-q", *command)
        asked = [request for request in registry.requests() if "/acme/once/" in request]
        assert [request.split("/")[4] for request in asked] == ["manifests", "blobs"], command


def test_render_judges_the_module_of_an_image(wasmctl, registry, tmp_path):
    (tmp_path / "no_abi.wasm").write_bytes(b"\0asm\1\0\0\0")
    image = f"{registry.host}/acme/refused:v1"
    wasmctl("-q", "push", "--no-lint", tmp_path / "no_abi.wasm", image)
    done = wasmctl("render", image, "--selector", "app=web", status=6)
    assert (done.stdout, done.stderr.splitlines()[0]) == ("", f"error: {image}: Envoy would refuse it for 3 reasons")
    assert "kind: WasmPlugin" in wasmctl("render", "--no-lint", image, "--selector", "app=web").stdout
