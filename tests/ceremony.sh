#!/bin/sh
# A release sealed by "2 of 3 release identities and 1 assessor" at two sites that share nothing but the files carried between them
# (docs/ceremony.md), from a fresh clone:
#   desk       the build server: no release key is here
#   site one   `hsm`, whose keys never leave a PKCS#11 token (kryoptic), and the assessor, in encrypted files
#   site two   `files`, in encrypted files, and `pyca`, made and used by pyca/cryptography without this project's code
# Every two of the three seal once; a device takes each. What must be refused on the way is tried, too. Prints each step; the first that
# does not go as it must ends the run.
#   sh tests/ceremony.sh
# Needs what `sh tests/kryoptic.sh` needs, and Python with what tests/independent/requirements.txt lists (TWINSEAL_PYTHON).
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
cd "$repository"
python=${TWINSEAL_PYTHON:-python3}
if ! "$python" -c 'from cryptography.hazmat.primitives.asymmetric import mldsa' 2>/dev/null; then
  echo "needs Python with ML-DSA: python3 -m venv target/python && target/python/bin/pip install -r tests/independent/requirements.txt," >&2
  echo "then TWINSEAL_PYTHON=target/python/bin/python sh tests/ceremony.sh" >&2
  exit 2
fi
python=$(command -v "$python" | xargs realpath -s)
cargo build --locked --quiet -p twinseal
PATH=$repository/${CARGO_TARGET_DIR:-target}/debug:$PATH
module=${TWINSEAL_KRYOPTIC:-$(sh tests/kryoptic.sh)}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
umask 077
mkdir "$place/desk" "$place/one" "$place/two"
steps=0 refusals=0

step() { steps=$((steps + 1)); echo; echo "== $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
run() { echo "\$ $*"; "$@"; }

# What must be refused (exit code 1) in these words, and write nothing: refuses WORDS FILE COMMAND...
refuses() {
  words=$1 file=$2
  shift 2
  echo "\$ $*"
  code=0
  said=$("$@" 2>&1) || code=$?
  echo "$said" | sed 's/^/  /'
  [ $code -eq 1 ] || fail "exit code $code instead of 1"
  case $said in *"$words"*) ;; *) fail "it does not say: $words" ;; esac
  [ ! -e "$file" ] || fail "it wrote $file"
  refusals=$((refusals + 1))
}

# Only verifying keys go from a site to the desk.
publish() { mkdir "$place/desk/$2"; cp "$place/$1/$2"/*.pub.pem "$place/desk/$2"; }

step "site one: a token makes two keys that it never gives out, and they become the identity hsm"
cd "$place/one"
printf '[[slots]]\nslot = 7\ndbtype = "sqlite"\ndbargs = "%s"\n' "$place/one/token.sql" >token.conf
export KRYOPTIC_CONF=$place/one/token.conf
(cd "$repository" && MODULE=$module cargo test --locked --quiet -p twinseal --test tokens -- --exact token::make_token --ignored) >make.log 2>&1 \
  || { cat make.log; fail "no token"; }
echo planted-pin-58142 >pin
uri="?module-path=$module&pin-source=file:$place/one/pin"
run twinseal key adopt --key "pkcs11:token=release;object=ed$uri" --key "pkcs11:token=release;object=ml$uri" --out hsm

step "site one: the assessor's keys, in encrypted files"
echo "assessor's own words" >words
run twinseal keygen --out assessor --new-passphrase-source file:words

step "site two: the identity files, encrypted"
cd "$place/two"
echo "other words" >words
run twinseal keygen --out files --new-passphrase-source file:words

step "site two: the identity pyca, made by pyca/cryptography; and a stranger"
mkdir pyca
"$python" - <<'PYTHON'
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
keys = {"ed25519": ed25519.Ed25519PrivateKey.generate(), "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate()}
for name, key in keys.items():
    secret = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    open(f"pyca/{name}.key.pem", "wb").write(secret)
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    open(f"pyca/{name}.pub.pem", "wb").write(public)
    print("made:", name)
PYTHON
run twinseal keygen --out stranger

step "desk: a policy of verifying keys, for the devices: 2 of 3 and 1 assessor"
publish one hsm
publish one assessor
publish two files
publish two pyca
cd "$place/desk"
run twinseal trust make --out trust.cbor --vendor acme.example --model thermostat --release hsm --release files --release pyca \
  --require release=2 --assessor assessor --require assessor=1
cp "$repository/device/sample/thermostat.bin" app.bin
cat >release.toml <<'TOML'
[release]
vendor = "acme.example"
model = "thermostat"
version = "1.4.0"
sequence-number = 42
security-version = 3
[[component]]
id = "app"
path = "app.bin"
TOML
cat >device.toml <<'TOML'
vendor = "acme.example"
model = "thermostat"
components = ["app"]
rollback-counter = 3
TOML
run twinseal journal new signing.journal

step "desk: the request goes out to both sites, as a file"
run twinseal ceremony request --release release.toml --trust trust.cbor --out request.json
digest=$(twinseal ceremony show request.json --format json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["digest"])')
cp request.json "$place/one"
cp request.json "$place/two"
cp request.json "$place/two/pyca"

step "site one: the request is shown, and the digest compared aloud: $digest"
cd "$place/one"
run twinseal ceremony show request.json

step "site one: what is not what was compared is not answered"
refuses "another one was confirmed" answer.json twinseal ceremony respond request.json --identity hsm --confirm sha-384:00 --out answer.json
"$python" -c 'import json
request = json.load(open("request.json"))
request["summary"]["sequence_number"] = 41
json.dump(request, open("altered.json", "w"))'
refuses "summary" answer.json twinseal ceremony respond altered.json --identity hsm --confirm "$digest" --out answer.json
"$python" -c 'import json
request = json.load(open("request.json"))
request["signers"][0]["keys"][0]["to_be_signed"] = "00" * 100
json.dump(request, open("altered.json", "w"))'
refuses "to_be_signed" answer.json twinseal ceremony respond altered.json --identity hsm --confirm "$digest" --out answer.json

step "site one: hsm answers out of its token, the assessor out of its files"
run twinseal ceremony respond request.json --identity hsm --confirm "$digest" --out hsm.json
run twinseal ceremony respond request.json --identity assessor --passphrase-source file:words --confirm "$digest" --out assessor.json

step "site two: files answers; so does pyca, with the commands of docs/ceremony.md and no code of this project"
cd "$place/two"
run twinseal ceremony respond request.json --identity files --passphrase-source file:words --confirm "$digest" --out files.json
(cd pyca && sed -n '/^```python$/,/^```$/p' "$repository/docs/ceremony.md" | grep -v '^```' | "$python" -)
mv pyca/answer.json pyca.json
"$python" -c 'import json
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load
request = json.load(open("request.json"))
# Somebody whose own answer does not come along: else that one is what is doubled.
victim = next(signer for signer in request["signers"] if signer["label"] == "files")
def answer(out, anchor):
    seals = [{"anchor_id": anchor, "algorithm": key["algorithm"],
              "signature": load(open("stranger/" + key["algorithm"] + ".key.pem", "rb").read(), None)
                  .sign(bytes.fromhex(key["to_be_signed"])).hex()} for key in victim["keys"]]
    json.dump({"schema": "twinseal.signing-answer/1", "object": "release", "digest": request["digest"], "seals": seals}, open(out, "w"))
answer("stranger.json", "5" * 64)
answer("impostor.json", victim["anchor_id"])'
echo "(a stranger made two answers, one of them in the name of a release identity)"

step "desk: the answers come back; what is not enough, not asked for or doubled is refused"
cd "$place/desk"
cp "$place/one/hsm.json" "$place/one/assessor.json" "$place/two/files.json" "$place/two/pyca.json" "$place/two/stranger.json" \
  "$place/two/impostor.json" .
assemble() {
  out=$1
  shift
  set -- $(for answer in "$@"; do echo "--answer $answer.json"; done)
  twinseal ceremony assemble request.json "$@" --release release.toml --trust trust.cbor --journal signing.journal --out "$out"
}
refuses "MISSING: 1 of the 2 release" none assemble none hsm assessor
refuses "MISSING: 0 of the 1 assessor" none assemble none hsm files
refuses "stranger" none assemble none hsm stranger assessor
refuses "the signature is not valid" none assemble none hsm impostor assessor
refuses "given twice" none assemble none hsm hsm assessor
sed 's/"ml-dsa-65"/"ml-dsa-87"/' files.json >half.json
refuses "no such key" none assemble none hsm half assessor
"$python" -c 'import json
answer = json.load(open("files.json"))
answer["seals"] = answer["seals"][:1]
json.dump(answer, open("half.json", "w"))'
refuses "MISSING: 1 of the 2 release" none assemble none hsm half assessor

step "desk: every two of the three, with the assessor, seal; the device's code takes each"
for pair in "hsm files" "hsm pyca" "files pyca"; do
  set -- $pair
  echo "\$ assemble $pair assessor"
  assemble "$1-$2.twinseal" "$1" "$2" assessor
  run twinseal verify "$1-$2.twinseal" --trust trust.cbor --device device.toml --independent
done
refuses "admit.security-rollback" none twinseal verify hsm-pyca.twinseal --trust trust.cbor --device /dev/stdin <<'TOML'
vendor = "acme.example"
model = "thermostat"
components = ["app"]
rollback-counter = 4
TOML

step "desk: the journal names who sealed"
run twinseal journal show signing.journal
[ "$(grep -c release_id signing.journal)" -eq 3 ] || fail "not three lines"

echo
echo "a ceremony at two sites: $steps steps, $refusals refusals, 3 bundles that a device takes"
[ $refusals -eq 11 ] || fail "not every refusal was tried"
