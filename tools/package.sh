#!/usr/bin/env bash
# From a built `gang` to what people install:
#   FOLDER/gang                        one executable, stripped, that needs nothing but the C library
#   FOLDER/gangline_VERSION_ARCH.deb   the same with man pages and completions
# The same executable and SOURCE_DATE_EPOCH (left out: the time of the commit) give the same bytes.
#
# usage: tools/package.sh GANG FOLDER
set -euo pipefail
umask 022
export LC_ALL=C

oldest_glibc=2.36
maintainer="The Gangline project"
# Whose code is inside the executable; what they ask to be told with it stands in /usr/share/doc/gangline/copyright.
inside=(libboost-dev libcli11-dev libhwloc-dev libncurses-dev libsqlite3-dev libssl-dev libtomlplusplus-dev nlohmann-json3-dev zlib1g-dev)

fail() { printf 'package: %s\n' "$*" >&2; exit 1; }

# Other libraries than the C library's own would be missing on another machine.
check_libraries() {
  local name
  while read -r name; do
    case "$name" in
      libc.so.6 | libm.so.6 | ld-linux*.so.*) ;;
      *) fail "$1 needs $name, which other machines may lack: link it statically (cmake/libraries.cmake)" ;;
    esac
  done < <(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

check_glibc() {
  local version newest
  while read -r version; do
    [ "$version" != ABI_DT_RELR ] || continue
    newest=$(printf '%s\n%s\n' "$version" "$oldest_glibc" | sort -V | tail -1)
    [ "$newest" = "$oldest_glibc" ] ||
      fail "$1 uses what came with glibc $version, so it would not run with glibc $oldest_glibc; build it on Debian 12"
  done < <(readelf -VW "$1" | grep -o 'Name: GLIBC_[A-Za-z0-9._]*' | sed 's/.*GLIBC_//' | sort -u)
}

# A path of the machine that built it says nothing to others.
check_paths() {
  ! grep -qaF "$PWD/" "$1" || fail "$1 has the path of this source tree in it"
}

lay_out() {
  local gang=$1 tree=$2 version=$3 architecture=$4 page name
  local share="$tree/usr/share"
  install -D -m 755 "$gang" "$tree/usr/bin/gang"
  install -d "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d" \
    "$share/man/man1" "$share/doc/gangline" "$tree/DEBIAN"
  "$gang" completion bash >"$share/bash-completion/completions/gang"
  "$gang" completion zsh >"$share/zsh/vendor-completions/_gang"
  "$gang" completion fish >"$share/fish/vendor_completions.d/gang.fish"
  "$gang" internal-manual "$share/man/man1"
  for page in "$share"/man/man1/*.1; do gzip -9n "$page"; done
  gzip -9nc CHANGELOG.md >"$share/doc/gangline/changelog.gz"
  {
    printf 'Gangline, Apache-2.0. On Debian its text is /usr/share/common-licenses/Apache-2.0.\n'
    printf 'The libraries below are linked into /usr/bin/gang.\n'
    for name in "${inside[@]}"; do
      [ -e "/usr/share/doc/$name/copyright" ] || fail "no /usr/share/doc/$name/copyright: is $name not installed?"
      printf '\n== %s\n' "$name"
      cat "/usr/share/doc/$name/copyright"
    done
    # The dashboard's; not there where it was built without.
    name=$(dirname "$gang")/web/page/licences.txt
    if [ -e "$name" ]; then printf '\n== the dashboard\n'; cat "$name"; fi
  } >"$share/doc/gangline/copyright"
  cat >"$tree/DEBIAN/control" <<END
Package: gangline
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(find "$tree/usr" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
Depends: libc6 (>= $oldest_glibc)
Section: admin
Priority: optional
Description: queue for the GPUs and CPUs of a machine
 Gangline's one command, gang, splits a computation into tasks, finds the right
 devices for them, starts them together, keeps them running, and tells why
 something waits. It needs no set-up: the first command starts what it needs,
 and that ends when it is idle.
END
  # Whoever set up the service for all with this program has none to run it by afterwards.
  cat >"$tree/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -e /etc/gangline/config.toml ]; then
  /usr/bin/gang daemon uninstall --now --keep-jobs
fi
END
  # The launcher goes over to the new program when the new service greets it.
  cat >"$tree/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ] && [ -n "$2" ] && [ -z "$DPKG_ROOT" ] && [ -e /etc/gangline/config.toml ]; then
  /usr/bin/gang daemon restart || true
fi
END
  chmod 0755 "$tree/DEBIAN/prerm" "$tree/DEBIAN/postinst"
  (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
}

[ $# = 2 ] || fail "usage: tools/package.sh GANG FOLDER"
gang=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for tool in readelf strip dpkg-deb gzip; do
  command -v "$tool" >/dev/null || fail "there is no $tool here; \`apt-get install binutils dpkg gzip\` has it"
done

work=$(mktemp -d "$folder/tree.XXXXXX")
trap 'rm -rf "$work"' EXIT
strip -o "$work/gang" "$gang"
check_libraries "$work/gang"
check_glibc "$work/gang"
check_paths "$work/gang"

words=$("$work/gang" --version)
version=${words#gang }
architecture=$(dpkg --print-architecture)
deb="$folder/gangline_${version}_$architecture.deb"
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH
mkdir "$work/tree"
lay_out "$work/gang" "$work/tree" "$version" "$architecture"
find "$work/tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$work/tree" "$work/gangline.deb" >/dev/null
mv -f "$work/gang" "$folder/gang"
mv -f "$work/gangline.deb" "$deb"
ls -l "$folder/gang" "$deb"
