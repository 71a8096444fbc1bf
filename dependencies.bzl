"""What //:ringpeer needs, for WORKSPACE files on Debian 12 with its Bazel 4:

    load("@ringpeer//:dependencies.bzl", "ringpeer_dependencies")

    ringpeer_dependencies()

Every library is a Debian package, so nothing is fetched. Bazel 7 and newer read MODULE.bazel.
"""

load("//third_party:debian.bzl", "debian_libraries", "debian_rules")

def ringpeer_dependencies():
    """Declares the repositories that //:ringpeer needs, but those that the workspace has by then.

    Packages: libconcurrentqueue-dev, liburing-dev, and those of Bazel itself: bazel-bootstrap,
    bazel-platforms, bazel-skylib, bazel-rules-java, bazel-rules-proto.
    """
    debian_rules()
    debian_libraries([
        "concurrentqueue",
        "liburing",
    ])

def ringpeer_dev_dependencies():
    """The rest, for this project's own tools, tests and benchmarks."""
    debian_libraries([
        "asio",
        "cli11",
        "enet",  # not in the Bazel Central Registry, as msgpack-cxx
        "fmt",
        "google_benchmark",
        "googletest",
        "libpcap",
        "libuv",
        "msgpack-cxx",
        "nlohmann_json",
        "robin-map",
    ])
