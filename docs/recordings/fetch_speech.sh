#!/bin/sh
# Recorded speech that anyone may use, for `drasp simulate --speech`: four hours of actors (Czech, Dutch) and of letters,
# syllables and words (many languages), from four Debian packages under the GPL, version 2 or later. 158 MB to fetch.
#
#   docs/recordings/fetch_speech.sh runs/speech
set -eu
out=${1:?where to? For instance: $0 runs/speech}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$out"
while read -r sum path; do
    name=$(basename "$path" | cut -d_ -f1)
    if [ -d "$out/$name" ]; then continue; fi
    echo "fetching $mirror/$path" >&2
    curl --fail --silent --show-error --location --output "$out/.deb" "$mirror/$path"
    echo "$sum  $out/.deb" | sha256sum --check --quiet
    rm -rf "$out/.unpacking" && mkdir "$out/.unpacking"
    ar p "$out/.deb" data.tar.xz | tar -xJ -C "$out/.unpacking"
    mv "$out/.unpacking" "$out/$name" && rm "$out/.deb"
done <<'END'
3ecef99b9456f1c80c9625c6f2418642b52d58e7167a46bad7a412db17991b14 pool/main/f/fillets-ng-data/fillets-ng-data-cs_1.0.1-1.1_all.deb
afb4443fda9ab507dee578b75be857d121718a1cd6017a474f30e0eb13dc9d10 pool/main/f/fillets-ng-data/fillets-ng-data-nl_1.0.1-1.1_all.deb
1186d257a19e84230856baea0b0b1ded8be9195080fcdb2588970b5cd937f5a8 pool/main/k/klettres/klettres-data_22.12.3-1_all.deb
fba44c875bfa31ea488dadd9263e87a4dcaea0bd47d28817f6c0dc6d2af970ed pool/main/k/ktuberling/ktuberling-data_22.12.3-1_all.deb
END
