#!/usr/bin/env bash
# The README's two commands on a new Debian 13 with its own Python 3.13: no MNIST, no browser, nothing beside the
# repository. As root, where debootstrap is installed:
#
#     tests/on_debian13.sh FOLDER [PYTEST OPTIONS]
#
# FOLDER becomes the machine, of 4 GB, and is kept, so that the next call only installs what is new. What is tested is
# what is committed. The packages come from where this machine's come.
set -euo pipefail
cd "$(dirname "$0")/.."
export machine
machine=$(realpath -m "$1")
shift

if [ ! -x "$machine/usr/bin/python3" ] || [ -d "$machine/debootstrap" ]; then
  debootstrap --include=python3,python3-venv,python3-pip,ca-certificates trixie "$machine"
fi
rm -rf "$machine/root/digit-sum-lab" "$machine/root/.keras"
mkdir -p "$machine/root/digit-sum-lab" "$machine/root/.config"
git archive HEAD | tar --extract --directory "$machine/root/digit-sum-lab"
cp --dereference /etc/resolv.conf /etc/hosts "$machine/etc/"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
for configuration in /etc/pip.conf /etc/xdg/pip "$HOME/.config/pip"; do
  if [ -e "$configuration" ]; then
    copy=$machine${configuration/#$HOME//root}
    mkdir -p "$(dirname "$copy")"
    cp --recursive --dereference --no-target-directory "$configuration" "$copy"
  fi
done
cat >"$machine/root/newcomer" <<'COMMANDS'
set -euo pipefail
cd ~/digit-sum-lab
python3 -m venv ~/venv
source ~/venv/bin/activate
pip install --quiet -r requirements.txt && pytest "$@"
COMMANDS

# in namespaces of its own, so that no mount and no process outlives this script
exec unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  mount -t tmpfs tmpfs "$machine/dev/shm"
  # packages on a disk: an index may name files beside it
  for folder in $(python3 -m pip config list | grep --only-matching "/[[:alnum:]_./-]*"); do
    beside=$(dirname "$(realpath -m "$folder")")
    if [ -d "$folder" ] && [ "$beside" != / ]; then
      mkdir -p "$machine$beside"
      mount --rbind "$beside" "$machine$beside"
    fi
  done
  exec env -u CI -u KERAS_HOME HOME=/root PATH=/usr/sbin:/usr/bin chroot "$machine" bash /root/newcomer "$@"
' bash "$@"
