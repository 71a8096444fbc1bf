"""Stub of rules_cc for Bazel 4, where the C++ rules are still built in.

Debian's bazel-rules-cc package does not load in Debian's Bazel 4.2.3. BUILD files
load from @rules_cc//cc:defs.bzl, the one form that works in Bazel 4 to 9; in Bazel
7 and newer the real rules_cc from MODULE.bazel answers instead of this file.
"""

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_test = native.cc_test

# Bazel's own @bazel_tools loads the rest from here too.
cc_proto_library = native.cc_proto_library
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
