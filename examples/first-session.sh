#!/bin/sh
# A first session with a Solid pod, with curl and openssl alone: sign in with client credentials and DPoP, write a
# document, read it back, open it to everyone, read it as a stranger, and clean up.
#
#   sh examples/first-session.sh http://localhost:3000/ alice CLIENT_ID CLIENT_SECRET
#
# `freehold account add-client alice` gives the id and the secret.
set -eu

base_url=${1:?the URL of the server, with its last slash}
name=${2:?the name of the account}
client_id=${3:?the client id}
client_secret=${4:?the client secret}

pod="${base_url}${name}/"
web_id="${pod}profile/card#me"
note="${pod}first-session.ttl"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# -- A key of our own. Tokens are bound to it, so a stolen token is of no use without it. ------------------------------

openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"
# The public key ends in two coordinates of 32 bytes each.
openssl ec -in "$work/key.pem" -pubout -outform DER 2>/dev/null | tail -c 64 >"$work/point"
x=$(head -c 32 "$work/point" | base64url)
y=$(tail -c 32 "$work/point" | base64url)
jwk="{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"$x\",\"y\":\"$y\"}"

# openssl signs in DER, SEQUENCE { INTEGER r, INTEGER s }; a JWT wants r and s as 32 bytes each.
integer() { # prints the hexadecimal digits of one INTEGER, padded or cut to 64
    digits=$(openssl asn1parse -in "$work/signature" -inform DER | awk -F: '/INTEGER/ { print $NF }' | sed -n "$1p")
    printf '%064s' "$digits" | tr ' ' '0' | tail -c 64
}

# proof METHOD URL: says, signed with our key, that this request is ours and new.
proof() {
    header=$(printf '{"typ":"dpop+jwt","alg":"ES256","jwk":%s}' "$jwk" | base64url)
    claims=$(printf '{"jti":"%s","htm":"%s","htu":"%s","iat":%s}' "$(openssl rand -hex 16)" "$1" "$2" "$(date +%s)" | base64url)
    printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign "$work/key.pem" -out "$work/signature"
    signature=$(for part in 1 2; do integer $part; done | tr 'a-f' 'A-F' | fold -w 2 | while read -r byte || [ -n "$byte" ]; do
        # shellcheck disable=SC2059 -- the format is the byte, in octal
        printf "\\$(printf '%03o' "0x$byte")"
    done | base64url)
    printf '%s.%s.%s' "$header" "$claims" "$signature"
}

# -- Signing in --------------------------------------------------------------------------------------------------------

say "Where to sign in"
endpoint=$(curl -fsS "${base_url}.well-known/openid-configuration" | sed 's/.*"token_endpoint": *"\([^"]*\)".*/\1/')
echo "$endpoint"

say "Sign in"
answer=$(curl -fsS -u "$client_id:$client_secret" -H "DPoP: $(proof POST "$endpoint")" \
    -d grant_type=client_credentials -d scope=webid "$endpoint")
token=$(printf '%s' "$answer" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
echo "got an access token of ${#token} characters"

# as_me METHOD URL [CURL OPTIONS]: a request as the account's owner.
as_me() {
    method=$1 url=$2
    shift 2
    curl -fsS -X "$method" -H "Authorization: DPoP $token" -H "DPoP: $(proof "$method" "$url")" "$@" "$url"
}

# -- Reading and writing -----------------------------------------------------------------------------------------------

say "Write $note"
as_me PUT "$note" -H 'Content-Type: text/turtle' -o /dev/null -w '%{http_code}\n' \
    --data-binary '<#it> <http://purl.org/dc/terms/title> "My first note".'

say "Read it back"
as_me GET "$note"

say "The same as JSON-LD"
as_me GET "$note" -H 'Accept: application/ld+json'

say "A stranger may not read it"
curl -sS -o /dev/null -w '%{http_code}\n' "$note"

say "Open it to everyone"
as_me PUT "$note.acl" -H 'Content-Type: text/turtle' -o /dev/null -w '%{http_code}\n' --data-binary "
@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <$web_id>; acl:accessTo <$note>; acl:mode acl:Read, acl:Write, acl:Control.
<#public> a acl:Authorization; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>; acl:accessTo <$note>; acl:mode acl:Read."

say "Now a stranger may"
curl -fsS "$note"

say "What is in the pod"
as_me GET "$pod"

say "Clean up"
as_me DELETE "$note" -o /dev/null -w '%{http_code}\n'
