# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks, a session each. ``make NAME`` runs one of them, ``make test`` all.

Most run with what ``make setup`` has installed. Linters and importers that do not go together with that have virtual
environments of their own, which nox makes below .cache/nox and keeps.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import nox
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent / "scripts"))

import checkout
import pythons
import site_files

BIN, CACHE, CHECKOUT, GATES = checkout.BIN, checkout.CACHE, checkout.CHECKOUT, checkout.GATES

nox.needs_version = ">=2025.5.1"
nox.options.envdir = str(checkout.NOX)
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "always"
logging.getLogger("markdown_it").setLevel(logging.WARNING)  # nox shows what any library logs

PYTHON = sys.executable
COLLECTION = Path("ansible_collections", "portkeeper", "windows_dns")
SCENARIOS = ("sbs2003", "2008", "2019-dc")
"""Of Molecule, one for each family of Windows; `default` is the first of them."""
SWEEPS = (
    "tests/unit/plugins/module_utils/_facts/test_damage.py",
    "tests/unit/plugins/module_utils/_fleet/test_less_evidence.py",
)
"""Tens of thousands of cases of the pure core. `unit` runs them; with each ansible-core they would show the same."""
PURE_CORE = ("tests/unit/plugins/module_utils/",)

# A check that only runs programs of .venv, or of the session `gates`, has no environment of its own.
check = functools.partial(nox.session, python=False)
gate = functools.partial(nox.session, python=False, requires=["gates"])


def install(session: nox.Session, name: str) -> None:
    """Install requirements/NAME.txt, unless the session's environment was made of the same text."""
    wanted = (CHECKOUT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    stamp = session.env_dir / "installed.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        # Some libraries are built here, for tests only: not to optimize them halves the time.
        session.install("-r", f"requirements/{name}.txt", env={"CFLAGS": "-O0"})
        stamp.write_text(wanted, encoding="utf-8")


def run_all(session: nox.Session, commands: Mapping[str, list[str]], env: Mapping[str, str]) -> None:
    """Run every command, also after one has failed; then fail if one did."""
    failed = []
    for label, command in commands.items():
        session.log(f"== {label}")
        try:
            session.run(*command, env=env)
        except nox.command.CommandFailed:
            failed.append(label)
    if failed:
        session.error(f"failed: {', '.join(failed)}")


def emptied(folder: Path) -> Path:
    """Make a folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@nox.session(default=False)
def gates(session: nox.Session) -> None:
    """Make the environment of the linters, of the site and of a release."""
    install(session, "gates")


@check
def lint(session: nox.Session) -> None:
    """Check style (ruff, yamllint)."""
    session.run(PYTHON, "-m", "ruff", "check", ".")
    session.run(PYTHON, "-m", "yamllint", "--strict", ".")


@check
def types(session: nox.Session) -> None:
    """Check types (mypy strict)."""
    session.run(PYTHON, "scripts/check_types.py")


@check(name="ansible-lint")
def ansible_lint(session: nox.Session) -> None:
    """Run ansible-lint as `.ansible-lint` configures it, on a copy of the collection under its import path."""
    # Linted in place, the collection's own modules would be found only after an installation into the user's home.
    root = CACHE / "ansible-lint"
    checkout.copy_tested_collection(root / COLLECTION)
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(root),
        "ANSIBLE_HOME": str(root / "home"),
        "NO_COLOR": "1",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    with session.chdir(root / COLLECTION):
        session.run(BIN / "ansible-lint", "--offline", "--strict", env=environment)


@gate
def changelog(session: nox.Session) -> None:
    """Lint the changelog's fragments (antsibull-changelog)."""
    session.run(GATES / "antsibull-changelog", "lint")


@gate
def licences(session: nox.Session) -> None:
    """Check that every file carries its licence (REUSE)."""
    session.run(GATES / "reuse", "lint", "--lines")


def copy_documented_collection() -> tuple[Path, dict[str, str]]:
    """Copy the collection below its import path; return its folder, and what makes ansible-core find only it."""
    root = CACHE / "collection-docs"
    checkout.copy_files(root / COLLECTION, leave_out=("lab", "tests"))
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(root), "ANSIBLE_HOME": str(root / "home")}
    return root / COLLECTION, {**environment, "PATH": f"{GATES}:{os.environ['PATH']}"}


@gate(name="collection-docs")
def collection_docs(session: nox.Session) -> None:
    """Lint the documentation of modules, filters and role (antsibull-docs); every reference must lead somewhere."""
    collection, environment = copy_documented_collection()
    command = [GATES / "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs"]
    command += ["--validate-collection-refs", "all", "--disallow-unknown-collection-refs"]
    session.run(*command, collection, env=environment)


@gate
def docs(session: nox.Session) -> None:
    """Build the site into build/docs/html (antsibull-docs, Sphinx); warnings are errors."""
    environment = copy_documented_collection()[1]
    source, site = CACHE / "docs-source", CHECKOUT / "build" / "docs" / "html"
    checkout.copy_files(source)
    reference = emptied(source / "docs" / "reference")
    command = [GATES / "antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"]
    command += ["--no-add-antsibull-docs-version", "--dest-dir", reference, "portkeeper.windows_dns"]
    session.run(*command, env=environment)
    site_files.write_inventory(source / "ansible.inv", reference)
    command = [GATES / "sphinx-build", "--fail-on-warning", "--keep-going", "-q", "-b", "html"]
    command += ["-d", CACHE / "docs-trees", "-c", source / "docs", source, emptied(site)]
    session.run(*command, env=environment)
    site_files.write_start_page(site)
    session.log(f"{len(list(site.rglob('*.html')))} pages in {site.relative_to(CHECKOUT)}, start at index.html")


@nox.session(name="galaxy-import")
def galaxy_import(session: nox.Session) -> None:
    """Import the built collection as Ansible Galaxy would (galaxy-importer), with its tag rules, without a warning."""
    install(session, "importer")
    folder = emptied(CACHE / "importer")
    artifact = checkout.build_artifact(folder)
    rules = ("CHECK_REQUIRED_TAGS", "REQUIRE_V1_OR_GREATER", "RUN_ANSIBLE_DOC", "RUN_ANSIBLE_LINT")
    config = folder / "importer.cfg"
    config.write_text("\n".join(["[galaxy-importer]", *(f"{rule} = True" for rule in rules), ""]), encoding="utf-8")
    environment = {"ANSIBLE_HOME": str(folder / "home"), "GALAXY_IMPORTER_CONFIG": str(config)}
    with session.chdir(folder):
        output = session.run("python", "-m", "galaxy_importer.main", artifact, env=environment, silent=True)
    if re.search(r"^(WARNING|ERROR|CRITICAL)\b", output, re.MULTILINE) or "completed successfully" not in output:
        session.error(output)
    session.log(f"{artifact.name} is accepted: {output.count('Loading ')} files of content, no finding")


def write_build_context(session: nox.Session, source: Path, folder: Path) -> Path:
    """Copy a definition into a folder, and let ansible-builder write its build context there; return the context."""
    definition = shutil.copy(source / "execution-environment.yml", folder)
    context = folder / "context"
    command = [GATES / "ansible-builder", "create", "--file", definition, "--context", context]
    session.run(*command, "--output-filename", "Containerfile", silent=True)
    return context


def write_example_context(session: nox.Session, folder: Path) -> Path:
    """Build the collection's archive into a folder, and the build context of the documented example beside it."""
    checkout.build_artifact(folder)
    return write_build_context(session, CHECKOUT / "docs" / "examples", folder)


@gate(name="execution-environment")
def execution_environment(session: nox.Session) -> None:
    """Let ansible-builder read the metadata for execution environments, and the example of the documentation."""
    root = emptied(CACHE / "execution-environment")
    checkout.copy_files(root / COLLECTION, leave_out=("lab", "tests"))
    command = [GATES / "ansible-builder", "introspect", root]
    needs = yaml.safe_load(session.run(*command, silent=True, stderr=None))["python"]
    if not any(line.startswith("pywinrm") for line in needs):
        session.error(f"ansible-builder does not find that the collection needs pywinrm: {needs}")
    # The metadata names its files from the collection's top; as a definition of its own it is read from there.
    write_build_context(session, CHECKOUT / "meta", root / COLLECTION)
    context = write_example_context(session, root / "example")
    containerfile = (context / "Containerfile").read_text(encoding="utf-8")
    asked = {path.name: path.read_text(encoding="utf-8") for path in context.rglob("*.txt")}
    # The collections are installed in the copy of this folder, so the archive is looked for there.
    built = context / "_build"
    collections = yaml.safe_load((built / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    lost = [row["name"] for row in collections if not (built / row["name"]).is_file()]
    if lost or "ansible-galaxy collection install" not in containerfile:
        session.error(f"the example's build context does not carry and install the collection: {lost}")
    wanted = {"requirements.txt": ("pypsrp[kerberos]", "pywinrm[kerberos]")}
    wanted["bindep.txt"] = ("krb5-user", "openssh-client", "sshpass")
    for name, packages in wanted.items():
        lacks = [package for package in packages if package not in asked.get(name, "")]
        if lacks:
            session.error(f"the example's {name} lacks {lacks}")


@nox.session(name="execution-environment-built", default=False, python=False, requires=["gates"])
def execution_environment_built(session: nox.Session) -> None:
    """Build the documented execution environment with buildah, and use the collection inside it on a lab host."""
    context = write_example_context(session, emptied(CACHE / "execution-environment-context"))
    # Interrupted, the script stops its lab host and removes its images; nox would kill it after half a second.
    session.run(PYTHON, "scripts/execution_environment.py", context, interrupt_timeout=None)


JUDGED = {
    "unit": (("--cov", "--cov-report=", "-m", "not no_cover"), ("-m", "no_cover")),
    "contract": (("--cov", "--cov-report="),),
}
"""The runs whose coverage is judged. A test that is not measured needs a run of its own to be as fast as it can be."""


def add_tests(name: str, description: str, *arguments: str) -> None:
    """Add a session of pytest; COVERED=yes measures those that are judged by the session coverage."""

    def tests(session: nox.Session) -> None:
        environment = {"COVERAGE_FILE": str(CACHE / "coverage" / name)}
        for run in JUDGED[name] if os.environ.get("COVERED") and name in JUDGED else ((),):
            command = [PYTHON, "-m", "pytest", "-q", "--durations=10", *run, *arguments, *session.posargs]
            # Interrupted, the tests shut down their lab hosts; nox would kill them after half a second.
            session.run(*command, env=environment, interrupt_timeout=None)

    tests.__doc__ = description
    check(tests, name=name)


add_tests("unit", "Run the unit tests.", "-n2", "tests/unit")
add_tests("contract", "Run the contract tests.", "-n2", "tests/contract")


@check
def coverage(session: nox.Session) -> None:
    """Judge how much of plugins/ `make unit contract COVERED=yes` has run."""
    session.run(PYTHON, "scripts/report_coverage.py")


add_tests("report-tests", "Look at the HTML report in a browser.", "-n2", "--dist=loadfile", "tests/report")
add_tests("lab-tests", "Run the lab's own tests.", "-n4", "--dist=worksteal", "lab/tests")
KERBEROS = "tests/integration/test_kerberos.py"
CORE_TEST = "tests/integration/test_cores.py"
ON_HOSTS = ("-n4", "--dist=loadfile", "--no-loadscope-reorder", "tests/integration")
add_tests("integration", "Run the integration tests on lab hosts.", *ON_HOSTS, f"--ignore={KERBEROS}")


@nox.session
def kerberos(session: nox.Session) -> None:
    """Run the integration tests with Kerberos, in an environment that has its libraries."""
    install(session, "kerberos")
    session.run("python", "-m", "pytest", "-q", KERBEROS, *session.posargs, interrupt_timeout=None)


FAULTS = "Cut the connection everywhere and break what can break, on lab hosts; PORTKEEPER_FAULTS=full for every point."
add_tests("faults", FAULTS, "-n6", "--dist=worksteal", "tests/faults")


@check
def molecule(session: nox.Session) -> None:
    """Run the Molecule scenarios, one for each family of Windows, as `molecule test -s NAME` does."""
    home = emptied(CACHE / "molecule")
    environment = {
        "ANSIBLE_HOME": str(home / "home"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(home / "ephemeral"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    arguments = session.posargs or ["test"]
    run_all(session, {name: [str(BIN / "molecule"), *arguments, "-s", name] for name in SCENARIOS}, environment)


def make_core(session: nox.Session, label: str) -> tuple[pythons.Interpreter, Path]:
    """Make or update the environment of an ansible-core that CORES names; return its Python and its folder."""
    core = pythons.CORES[label]
    python = pythons.choose(core)
    if python is None:
        session.error(f"NOT RUN: {core.requirement}: no Python {' or '.join(core.pythons)} here")
    venv = CACHE / f"ansible-test-{label}-{python.version}"
    if not (venv / "bin" / "ansible-test").exists():
        session.run(*python.prefix, python.path, "-m", "venv", venv)
    command = [*python.prefix, venv / "bin" / "python", "-m", "pip", "install", "-q", "--upgrade"]
    session.run(*command, core.requirement, *pythons.UNITS_NEED, "-r", CHECKOUT / "tests/unit/requirements.txt")
    return python, venv


def run_ansible_test(session: nox.Session, label: str) -> None:
    """Run ansible-test on a release: units, and sanity where it is the oldest or the newest."""
    python, venv = make_core(session, label)
    # ansible-test refuses a checkout outside ansible_collections/NAMESPACE/NAME.
    collection = CACHE / f"ansible-test-{label}" / COLLECTION
    checkout.copy_tested_collection(collection)
    home = CACHE / f"ansible-test-home-{label}"
    pythons.seed_pip(home, venv)
    environment = {
        "ANSIBLE_HOME": str(home / ".ansible"),
        "HOME": str(home),
        "NO_COLOR": "1",
        "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "",
    }
    enter = [*python.prefix, "sh", "-c", 'cd "$0" && exec "$@"', str(collection), str(venv / "bin" / "ansible-test")]
    options = ["--local", "--python", python.version, "--color", "no"]
    # Tests of the pure core, which knows no ansible-core, show nothing new on a Python on which they run anyway.
    is_new = label in pythons.ENDS and python.version != "{}.{}".format(*sys.version_info)
    excluded = {"units": [part for name in (SWEEPS if is_new else PURE_CORE) for part in ("--exclude", name)]}
    commands = {
        f"{kind}, Python {python.version}": [*enter, kind, *options, *excluded.get(kind, ())]
        for kind in session.posargs or (["sanity", "units"] if label in pythons.ENDS else ["units"])
    }
    run_all(session, commands, environment)


def run_on_a_host(session: nox.Session, label: str) -> None:
    """Run the playbooks on a lab host, over each connection, on a release."""
    python, venv = make_core(session, label)
    # What the controller writes and reads lies below the checkout, the only folder that the lab's root shows.
    folder = CACHE / f"cores-{label}"
    programs = emptied(folder / "bin")
    for name in ("ansible-galaxy", "ansible-playbook"):
        command = shlex.join([*python.prefix, str(venv / "bin" / name)])
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    command = [PYTHON, "-m", "pytest", "-q", "-s", f"--basetemp={folder / 'tmp'}", CORE_TEST, *session.posargs]
    session.run(*command, env={"PORTKEEPER_PROGRAMS": str(programs)}, interrupt_timeout=None)


def add_core(label: str) -> None:
    """Add the two sessions of a release of ansible-core."""

    def ansible_test(session: nox.Session) -> None:
        run_ansible_test(session, label)

    def core(session: nox.Session) -> None:
        run_on_a_host(session, label)

    ansible_test.__doc__ = f"Run ansible-test on the ansible-core {label}."
    core.__doc__ = f"Run the playbooks on a lab host with the ansible-core {label}."
    check(ansible_test, name=f"ansible-test-{label}")
    check(core, name=f"core-{label}")


for release in pythons.CORES:
    add_core(release)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz the readers of foreign text, guided by coverage (FUZZ_SECONDS=60 in all); damage full pools."""
    install(session, "fuzz")
    session.run("python", "tests/fuzz/fuzz.py")
    command = [PYTHON, "-m", "pytest", "-q", "-n2", "tests/unit/plugins/module_utils/_facts/test_damage.py"]
    session.run(*command, env={"PORTKEEPER_DAMAGE": "full"}, external=True)
