"""Repositories that stand in for Bazel Central Registry modules in WORKSPACE mode.

Their files come from Debian 12 packages; debian-packages.txt lists those. They have the names and
targets of the registry, so that one set of BUILD files serves both modes. Each macro leaves out
what the workspace has by then.
"""

# Rules that Bazel 4 loads, whatever is built, and where Debian has them.
_RULES = {
    "bazel_skylib": "tools/skylib",
    "platforms": "tools/platforms",
    "rules_java": "rules/java",
    "rules_proto": "rules/proto",
}

def _stub_repository_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    for file, path in ctx.attr.files.items():
        ctx.symlink(file, path)
        build = path.rpartition("/")[0] + "/BUILD.bazel"
        if path != "BUILD.bazel":
            ctx.file(build.lstrip("/"))

_stub_repository = repository_rule(
    implementation = _stub_repository_impl,
    attrs = {"files": attr.label_keyed_string_dict(allow_files = True)},
    local = True,
)

def _is_new(name):
    return native.existing_rule(name) == None

def debian_rules():
    """Rules of Bazel 4."""
    for name, path in _RULES.items():
        if _is_new(name):
            native.local_repository(
                name = name,
                path = "/usr/share/bazel/" + path,
            )

    # Debian's own rules_cc does not load in its Bazel 4.
    if _is_new("rules_cc"):
        _stub_repository(
            name = "rules_cc",
            files = {Label("//third_party:rules_cc.bzl"): "cc/defs.bzl"},
        )
    if _is_new("remote_coverage_tools"):
        _stub_repository(
            name = "remote_coverage_tools",
            files = {Label("//third_party:remote_coverage_tools.BUILD"): "BUILD.bazel"},
        )

def debian_libraries(names):
    """A repository for each, with its BUILD overlay in this folder.

    Args:
      names: of the repositories.
    """
    for name in names:
        if _is_new(name):
            native.new_local_repository(
                name = name,
                build_file = str(Label("//third_party:%s.BUILD" % name)),
                path = "/usr",
            )
