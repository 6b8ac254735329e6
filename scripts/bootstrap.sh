# Sourced by the commands in this folder; defines ROOT, VENV and use_venv.
#
#   source "$(dirname "${BASH_SOURCE[0]}")/bootstrap.sh"
#   use_venv                                  # or: use_venv --dev
#   exec python -m scripts.something "$@"
#
# use_venv prepares var/venv for this clone's lock files with bootstrap.py; if it is ready already,
# that takes a millisecond. Outside the clone, only Python 3.11 or newer is needed.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/var/venv

use_venv() {
  local lock=requirements.lock python
  [[ ${1:-} == --dev ]] && lock=requirements-dev.lock
  if ! venv_is_ready "$lock"; then
    python=$(find_python) || exit 1
    "$python" "$ROOT/scripts/bootstrap.py" "$lock" || exit $?
  fi
  # So that the Procfile's commands and their children find the same tools and code.
  export PATH=$VENV/bin:$PATH PYTHONPATH=$ROOT PYTHONNOUSERSITE=1 VIRTUAL_ENV=$VENV
  unset PYTHONHOME
}

# bootstrap.py stores the clone's path and copies of the installed lock files in ready/.
venv_is_ready() {
  [[ -x $VENV/bin/python ]] &&
    [[ $(cat "$VENV/ready/root" 2>/dev/null) == "$ROOT" ]] &&
    cmp -s "$ROOT/$1" "$VENV/ready/$1"
}

find_python() {
  local candidate without_venv=
  for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
    without_venv=$candidate
  done
  if [[ -n $without_venv ]]; then
    echo "$without_venv has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv) and run this again." >&2
  else
    echo "Python 3.11 or newer is needed and was not found on PATH: install it and run this again." >&2
  fi
  return 1
}
