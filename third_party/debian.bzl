"""Repositories that stand in for Bazel Central Registry modules in WORKSPACE mode.

Their files come from Debian 12 packages; debian-packages.txt lists those.
"""

# As named in the registry; enet and msgpack-cxx are not in it.
REPOSITORIES = [
    "asio",
    "cli11",
    "concurrentqueue",
    "enet",
    "fmt",
    "google_benchmark",
    "googletest",
    "liburing",
    "libuv",
    "msgpack-cxx",
    "nlohmann_json",
    "robin-map",
]

def debian_repositories():
    """Declares one repository per library, each with its BUILD overlay in this directory."""
    for name in REPOSITORIES:
        native.new_local_repository(
            name = name,
            build_file = "//third_party:%s.BUILD" % name,
            path = "/usr",
        )
