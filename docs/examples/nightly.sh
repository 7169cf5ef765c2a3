#!/bin/sh
# SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: nightly.sh INVENTORY FOLDER [option of ansible-playbook]...
# Checks all hosts of the inventory, compares them with the run before and ends with the code of drift.yml: 0, 2 or 4.
# FOLDER/latest leads to the artifacts of the newest run, and to its reports.
set -eu
inventory=$1
folder=$2
shift 2
run=$(date -u +%Y%m%dT%H%M%SZ)
earlier=$(readlink "$folder/latest" || true)
if [ -n "$earlier" ] && [ -d "$folder/$earlier" ]; then
    set -- -e "{\"drift_earlier\": \"$folder/$earlier\"}" "$@"
fi
code=0
ansible-playbook -i "$inventory" portkeeper.windows_dns.drift \
    -e "{\"reserve_ports_artifacts_dir\": \"$folder\", \"reserve_ports_run_id\": \"$run\"}" "$@" || code=$?
if [ -d "$folder/$run" ]; then
    ln -sfn "$run" "$folder/latest"
elif [ "$code" -eq 0 ]; then
    echo "nightly.sh: no host was checked; does the inventory name any?" >&2
    code=2
fi
exit "$code"
