"""The Debian 12 packages that stand in for Bazel Central Registry modules in WORKSPACE mode."""

# Repository name (as in the registry) -> Debian package that serves it.
DEBIAN_PACKAGES = {
    "asio": "libasio-dev",
    "cli11": "libcli11-dev",
    "concurrentqueue": "libconcurrentqueue-dev",
    "enet": "libenet-dev",
    "fmt": "libfmt-dev",
    "google_benchmark": "libbenchmark-dev",
    "googletest": "libgtest-dev",
    "liburing": "liburing-dev",
    "libuv": "libuv1-dev",
    "msgpack-cxx": "libmsgpack-cxx-dev",
    "nlohmann_json": "nlohmann-json3-dev",
    "robin-map": "robin-map-dev",
}

def debian_repositories():
    """Declares one repository per package, each with its BUILD overlay in this directory."""
    for name in DEBIAN_PACKAGES:
        native.new_local_repository(
            name = name,
            build_file = "//third_party:%s.BUILD" % name,
            path = "/usr",
        )
