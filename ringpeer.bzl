"""Build rules of this project: one place for compiler options and include paths."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Warnings become errors in this project's own .bazelrc, not here: a consumer's
# newer compiler must not fail on a warning that did not exist yet.
#
# With exceptions, whatever a consumer's flags say: this is how running out of memory becomes an
# Error (codec/base/exceptions.h).
COPTS = [
    "-std=c++20",
    "-fexceptions",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wcast-align",
]

LINUX_ONLY = ["@platforms//os:linux"]

# The public door: what applications include, and where it stands in this repository. Any other
# header is included as "ringpeer/" and its path: "ringpeer/engine/net/wakeup.h". So are these by
# the repository itself, but for those whose public name has no folder. docs/api.md documents all.
PUBLIC_HEADERS = {
    "ringpeer/admission_options.h": "engine/admission/admission_options.h",
    "ringpeer/codec/arena_decode.h": "codec/wire/arena_decode.h",
    "ringpeer/codec/array.h": "codec/value/array.h",
    "ringpeer/codec/compact_vector.h": "codec/value/compact_vector.h",
    "ringpeer/codec/container_type.h": "codec/value/container_type.h",
    "ringpeer/codec/decode.h": "codec/wire/decode.h",
    "ringpeer/codec/dictionary.h": "codec/value/dictionary.h",
    "ringpeer/codec/dictionary_view.h": "codec/view/dictionary_view.h",
    "ringpeer/codec/encode.h": "codec/wire/encode.h",
    "ringpeer/codec/error.h": "codec/base/error.h",
    "ringpeer/codec/handle_types.h": "codec/value/handle_types.h",
    "ringpeer/codec/math_types.h": "codec/value/math_types.h",
    "ringpeer/codec/node_path.h": "codec/value/node_path.h",
    "ringpeer/codec/object.h": "codec/value/object.h",
    "ringpeer/codec/options.h": "codec/wire/options.h",
    "ringpeer/codec/packed_array.h": "codec/value/packed_array.h",
    "ringpeer/codec/packet_view.h": "codec/view/packet_view.h",
    "ringpeer/codec/text.h": "codec/text/text.h",
    "ringpeer/codec/variant.h": "codec/value/variant.h",
    "ringpeer/codec/variant_string.h": "codec/value/variant_string.h",
    "ringpeer/codec/variant_view.h": "codec/view/variant_view.h",
    "ringpeer/codec/view_values.h": "codec/view/view_values.h",
    "ringpeer/codec/view_walk.h": "codec/view/view_walk.h",
    "ringpeer/codec/wire_format.h": "codec/base/wire_format.h",
    "ringpeer/drain_batch.h": "engine/core/drain_batch.h",
    "ringpeer/engine.h": "engine/core/engine.h",
    "ringpeer/inherited_sockets.h": "engine/api/inherited_sockets.h",
    "ringpeer/latency_budget.h": "engine/wait/latency_budget.h",
    "ringpeer/net/datagram_size.h": "engine/net/datagram_size.h",
    "ringpeer/net/endpoint.h": "engine/net/endpoint.h",
    "ringpeer/net/ip_address.h": "engine/net/ip_address.h",
    "ringpeer/net/local_address.h": "engine/net/local_address.h",
    "ringpeer/net/socket.h": "engine/net/socket.h",
    "ringpeer/packet_peer.h": "engine/api/packet_peer.h",
    "ringpeer/packet_peer_extension.h": "engine/api/packet_peer_extension.h",
    "ringpeer/packet_peer_stream.h": "engine/stream/packet_peer_stream.h",
    "ringpeer/packet_peer_udp.h": "engine/api/packet_peer_udp.h",
    "ringpeer/socket_options.h": "engine/core/socket_options.h",
    "ringpeer/source_list.h": "engine/admission/source_list.h",
    "ringpeer/stats/counters.h": "engine/stats/counters.h",
    "ringpeer/stream_peer.h": "engine/stream/stream_peer.h",
    "ringpeer/stream_peer_buffer.h": "engine/stream/stream_peer_buffer.h",
    "ringpeer/stream_peer_tcp.h": "engine/stream/stream_peer_tcp.h",
    "ringpeer/udp_server.h": "engine/api/udp_server.h",
    "ringpeer/wait_report.h": "engine/wait/wait_report.h",
}

def _include_tree_impl(ctx):
    links = []
    for header, names in ctx.attr.headers.items():
        for name in names.split(" "):
            link = ctx.actions.declare_file(ctx.label.name + "/" + name)
            ctx.actions.symlink(output = link, target_file = header.files.to_list()[0])
            links.append(link)
    return [DefaultInfo(files = depset(links))]

# A folder of the target's name with each header under the names, between spaces, that it is
# included by. One library then has them all, as layering_check wants: whoever includes a header
# depends on what has it.
_include_tree = rule(
    implementation = _include_tree_impl,
    attrs = {"headers": attr.label_keyed_string_dict(allow_files = [".h"])},
)

def _headers_by_names(name, headers, target_compatible_with, testonly = False, **kwargs):
    """A library whose headers are included by the names given.

    Keeps names like engine/ and codec/ out of the include paths of whoever depends on this project.

    Args:
      name: of the library.
      headers: the names of each.
      target_compatible_with: as everywhere.
      testonly: as everywhere.
      **kwargs: passed to cc_library.
    """
    tree = name + "_include"
    _include_tree(
        name = tree,
        headers = {header: " ".join(names) for header, names in headers.items()},
        target_compatible_with = target_compatible_with,
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    cc_library(
        name = name,
        hdrs = [":" + tree],
        strip_include_prefix = tree,
        target_compatible_with = target_compatible_with,
        testonly = testonly,
        **kwargs
    )

def _headers_by_path(name, hdrs, **kwargs):
    cc_library(
        name = name,
        hdrs = hdrs,
        include_prefix = "ringpeer/" + native.package_name(),
        strip_include_prefix = "/" + native.package_name(),
        **kwargs
    )

def _names_of(header):
    """By which this package's header is included: its path, and its public name if it has one."""
    path = native.package_name() + "/" + header
    return ["ringpeer/" + path] + [
        name
        for name, public in PUBLIC_HEADERS.items()
        if public == path and name != "ringpeer/" + path
    ]

def ringpeer_door(name, folders, deps, **kwargs):
    """A library of the public headers that lie below the folders, by their public names alone.

    Args:
      name: target name.
      folders: of the repository.
      deps: the libraries that have them.
      **kwargs: passed to cc_library.
    """
    headers = {}
    for public, path in PUBLIC_HEADERS.items():
        package, _, header = path.rpartition("/")
        if package.split("/")[0] in folders:
            headers.setdefault("//%s:%s" % (package, header), []).append(public)
    _headers_by_names(name = name, headers = headers, deps = deps, **kwargs)

def ringpeer_library(
        name,
        hdrs = [],
        copts = [],
        tags = [],
        target_compatible_with = None,
        testonly = False,
        **kwargs):
    """A library whose headers are included as "ringpeer/" and their path in the repository.

    Those of PUBLIC_HEADERS can be included by their public names, too.

    Args:
      name: target name.
      hdrs: headers.
      copts: further compiler options.
      tags: as everywhere.
      target_compatible_with: as everywhere; unless told any system for the codec, else Linux.
      testonly: as everywhere.
      **kwargs: passed to cc_library.
    """
    if target_compatible_with == None:
        is_codec = native.package_name().startswith("codec/")
        target_compatible_with = [] if is_codec else LINUX_ONLY
    names = {header: _names_of(header) for header in hdrs}
    public = [
        header
        for header in hdrs
        if native.package_name() + "/" + header in PUBLIC_HEADERS.values()
    ]
    common = dict(
        name = name,
        copts = COPTS + copts,
        linkstatic = True,  # one compilation of each file, not one more for a shared library
        tags = tags,
        target_compatible_with = target_compatible_with,
        testonly = testonly,
        **kwargs
    )
    if public:
        native.exports_files(public, visibility = ["//:__pkg__"])
        _headers_by_names(headers = names, **common)
    else:
        _headers_by_path(hdrs = hdrs, **common)

def _own_headers(name, srcs, **kwargs):
    """Splits srcs of a program into its sources and the label of a library of its own headers.

    Args:
      name: of the program.
      srcs: its sources and headers.
      **kwargs: passed to cc_library.

    Returns:
      The sources that are no headers, and the labels of what has the headers.
    """
    headers = [source for source in srcs if source.endswith(".h")]
    if not headers:
        return srcs, []
    _headers_by_path(
        name = name + "_headers",
        hdrs = headers,
        target_compatible_with = LINUX_ONLY,
        visibility = ["//visibility:private"],
        **kwargs
    )
    return [source for source in srcs if not source.endswith(".h")], [":" + name + "_headers"]

def ringpeer_sources(name = "sources"):
    """The room's files, for tests that read them: of pages that speak of them, and of the house.

    Args:
      name: another one where "sources" is something else.
    """
    native.filegroup(
        name = name,
        srcs = ["BUILD.bazel"] + native.glob(
            [
                "**/*.cc",
                "**/*.h",
            ],
            allow_empty = True,
        ),
        visibility = ["//tests:__subpackages__"],
    )

def ringpeer_test(name, srcs, copts = [], deps = [], tags = [], **kwargs):
    """A GoogleTest binary.

    Args:
      name: target name, ends in _test.
      srcs: sources, and headers that nobody else includes.
      copts: further compiler options.
      deps: libraries under test; GoogleTest's main is added.
      tags: as everywhere.
      **kwargs: passed to cc_test.
    """
    sources, headers = _own_headers(name, srcs, tags = tags, testonly = True)
    cc_test(
        name = name,
        srcs = sources,
        copts = COPTS + copts,
        linkstatic = True,
        tags = tags,
        target_compatible_with = LINUX_ONLY,
        deps = deps + headers + [
            "@googletest//:gtest",
            "@googletest//:gtest_main",
        ],
        **kwargs
    )

def ringpeer_binary(name, srcs = [], copts = [], deps = [], tags = [], testonly = False, **kwargs):
    """A program.

    Args:
      name: target name.
      srcs: sources, and headers that nobody else includes.
      copts: further compiler options.
      deps: libraries that it needs.
      tags: as everywhere.
      testonly: as everywhere.
      **kwargs: passed to cc_binary.
    """
    sources, headers = _own_headers(name, srcs, tags = tags, testonly = testonly)
    cc_binary(
        name = name,
        srcs = sources,
        copts = COPTS + copts,
        tags = tags,
        target_compatible_with = LINUX_ONLY,
        testonly = testonly,
        deps = deps + headers,
        **kwargs
    )
