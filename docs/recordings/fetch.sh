#!/bin/sh
# Recordings that anyone may use, for `drasp simulate --speech` and `--music`, from Debian packages.
#
#   docs/recordings/fetch.sh speech runs/speech    # four hours: actors (Czech, Dutch), letters, syllables, words; 158 MB
#   docs/recordings/fetch.sh music runs/music      # three hours: orchestral, ambient; 205 MB
#   docs/recordings/fetch.sh test-music runs/test-music    # a game's music, to measure with and never to train on; 248 MB
#
# Speech is under the GPL, version 2 or later, music under that or CC BY-SA; the copyright files come along.
# DEBIAN_MIRROR names another mirror. Needs curl, ar, tar, xz and sha256sum. What is there already is not fetched again.
set -eu
kind=${1:-} out=${2:-}
case $kind in
speech) packages='
3ecef99b9456f1c80c9625c6f2418642b52d58e7167a46bad7a412db17991b14 f/fillets-ng-data/fillets-ng-data-cs_1.0.1-1.1_all.deb
afb4443fda9ab507dee578b75be857d121718a1cd6017a474f30e0eb13dc9d10 f/fillets-ng-data/fillets-ng-data-nl_1.0.1-1.1_all.deb
1186d257a19e84230856baea0b0b1ded8be9195080fcdb2588970b5cd937f5a8 k/klettres/klettres-data_22.12.3-1_all.deb
fba44c875bfa31ea488dadd9263e87a4dcaea0bd47d28817f6c0dc6d2af970ed k/ktuberling/ktuberling-data_22.12.3-1_all.deb' ;;
music) packages='
f9bc3cde92b4ab30db5d7b85f89b4bcc3d788dd92602956d0347250850bf59bb w/wesnoth-1.16/wesnoth-1.16-music_1.16.9-1_all.deb
139ba1e408eeb0a72f1fff3760ca46558b9f81bed97dc8c0efa108c4007f4845 s/singularity-music/singularity-music_007-2_all.deb' ;;
test-music) packages='
ff49ea196d0f57c80d4cd4509c030240cbe632881f8c5b2a1265dd3e3795f100 u/unknown-horizons/unknown-horizons_2019.1-6_all.deb' ;;
*) echo "usage: $0 speech|music|test-music FOLDER" >&2 && exit 2 ;;
esac
[ -n "$out" ] || { echo "usage: $0 $kind FOLDER" >&2 && exit 2; }
mkdir -p "$out"
echo "$packages" | while read -r sum path; do
    name=$(basename "$path" | cut -d_ -f1)
    if [ -z "$sum" ] || [ -d "$out/$name" ]; then continue; fi
    address=${DEBIAN_MIRROR:-http://deb.debian.org/debian}/pool/main/$path
    echo "fetching $address" >&2
    curl --fail --silent --show-error --location --output "$out/.deb" "$address"
    echo "$sum  $out/.deb" | sha256sum --check --quiet
    rm -rf "$out/.unpacking" && mkdir "$out/.unpacking"
    ar p "$out/.deb" data.tar.xz | tar -xJ -C "$out/.unpacking"
    mv "$out/.unpacking" "$out/$name" && rm "$out/.deb"
done
