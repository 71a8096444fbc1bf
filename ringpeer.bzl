"""Build rules of this project: one place for compiler options and include paths."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Warnings become errors in this project's own .bazelrc, not here: a consumer's
# newer compiler must not fail on a warning that did not exist yet.
COPTS = [
    "-std=c++20",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wcast-align",
]

LINUX_ONLY = ["@platforms//os:linux"]

def ringpeer_library(name, include_prefix, copts = [], **kwargs):
    """A library whose headers are included as "<include_prefix>/x.h".

    The prefix keeps names like engine/ and codec/ out of the include paths of
    whoever depends on this project.

    Args:
      name: target name.
      include_prefix: "ringpeer" for the public headers, "ringpeer/net" and so on below.
      copts: further compiler options.
      **kwargs: passed to cc_library.
    """
    cc_library(
        name = name,
        copts = COPTS + copts,
        include_prefix = include_prefix,
        linkstatic = True,  # one compilation of each file, not one more for a shared library
        strip_include_prefix = "/" + native.package_name(),
        target_compatible_with = LINUX_ONLY,
        **kwargs
    )

def ringpeer_sources():
    """The room's files as "sources", for tests of the pages that speak of them."""
    native.filegroup(
        name = "sources",
        srcs = ["BUILD.bazel"] + native.glob(["*.cc", "*.h"]),
        visibility = ["//tests/docs:__pkg__"],
    )

def ringpeer_test(name, copts = [], deps = [], **kwargs):
    """A GoogleTest binary.

    Args:
      name: target name, ends in _test.
      copts: further compiler options.
      deps: libraries under test; GoogleTest's main is added.
      **kwargs: passed to cc_test.
    """
    cc_test(
        name = name,
        copts = COPTS + copts,
        linkstatic = True,
        target_compatible_with = LINUX_ONLY,
        deps = deps + ["@googletest//:gtest_main"],
        **kwargs
    )

def ringpeer_binary(name, copts = [], **kwargs):
    """A program.

    Args:
      name: target name.
      copts: further compiler options.
      **kwargs: passed to cc_binary.
    """
    cc_binary(
        name = name,
        copts = COPTS + copts,
        target_compatible_with = LINUX_ONLY,
        **kwargs
    )
