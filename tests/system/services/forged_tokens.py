"""Access tokens as attackers make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import uuid

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def encode(part: dict | bytes) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Key:
    """An RSA key with a name."""

    def __init__(self, kid: str):
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> dict:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return jwk | {"kid": self.kid, "use": "sig", "alg": "RS256"}

    def sign(self, claims: dict, algorithm: str = "RS256", **header) -> str:
        return jwt.encode(claims, self.private, algorithm, headers={"kid": self.kid} | header)


class KeyServer:
    """Publishes keys as auth-service does, and counts who asks."""

    def __init__(self, *keys: Key):
        body = json.dumps({"keys": [key.jwk() for key in keys]}).encode()
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def claims(issuer: str, **changes) -> dict:
    """What a good token of a platform administrator says; `None` leaves a claim out."""
    now = int(time.time())
    good = {
        "iss": issuer,
        "aud": ["event-service", "livekit-service", "live-service"],
        "sub": str(uuid.uuid4()),
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 600,
        "roles": ["platform_admin"],
        "permissions": ["events:read", "events:create"],
        "customer_id": str(uuid.uuid4()),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def by_stranger(token: str, public_jwk: dict, jku: str) -> dict[str, str]:
    """What anybody can make who has seen one good token and the public key: name of the attack → token."""
    header_text, payload, signature = token.split(".")
    header, said = decode(header_text), decode(payload)
    stranger = Key(header["kid"])
    public = jwt.algorithms.RSAAlgorithm.from_jwk(public_jwk)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def with_header(changed: dict, signed_by: str = signature) -> str:
        return f"{encode(changed)}.{payload}.{signed_by}"

    def hmac_with(secret: bytes, algorithm: str = "HS256") -> str:
        message = f"{encode({**header, 'alg': algorithm})}.{payload}"
        return f"{message}.{encode(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"

    certainly_more = encode({**said, "roles": ["platform_admin"], "exp": said["exp"] + 3600})
    last = "A" if signature[-2] != "A" else "B"
    return {
        "alg none": with_header({**header, "alg": "none"}, ""),
        "alg None": with_header({**header, "alg": "None"}, ""),
        "alg nOnE with the signature": with_header({**header, "alg": "nOnE"}),
        "no alg": with_header({"typ": "JWT", "kid": header["kid"]}),
        "alg empty": with_header({**header, "alg": ""}),
        "alg is a list": with_header({**header, "alg": ["RS256", "none"]}),
        "HS256 with the public key (PEM)": hmac_with(pem),
        "HS256 with the public key (PEM, stripped)": hmac_with(pem.strip()),
        "HS256 with the public key (DER)": hmac_with(der),
        "HS256 with the modulus": hmac_with(public_jwk["n"].encode()),
        "HS256 with nothing": hmac_with(b""),
        "RS256 by another key of the same name": stranger.sign(said),
        "RS384 by another key": stranger.sign(said, "RS384"),
        "PS256 by another key": stranger.sign(said, "PS256"),
        "wrong kid": Key("no-such-key").sign(said),
        "no kid": jwt.encode(said, stranger.private, "RS256"),
        "kid is a path": stranger.sign(said, kid="../../../../dev/null"),
        "kid is SQL": stranger.sign(said, kid="x' UNION SELECT 'key"),
        "kid of 5 kB": stranger.sign(said, kid="k" * 5000),
        "kid is a number": with_header({**header, "kid": 1}),
        "jku": Key("attacker").sign(said, jku=jku),
        "jku with our kid": stranger.sign(said, jku=jku),
        "x5u": stranger.sign(said, x5u=jku),
        "jwk": stranger.sign(said, jwk=stranger.jwk()),
        "crit": with_header({**header, "crit": ["exp"]}),
        "other payload, old signature": f"{header_text}.{certainly_more}.{signature}",
        "one bit of the signature": f"{header_text}.{payload}.{signature[:-2]}{last}{signature[-1]}",
        "no signature": f"{header_text}.{payload}.",
        "two parts": f"{header_text}.{payload}",
        "four parts": f"{token}.{signature}",
        "truncated by one": token[:-1],
        "truncated to a half": token[: len(token) // 2],
        "truncated to one": token[:1],
        "padded": token + "==",
        "twice": token + token,
        "100 kB": f"{header_text}.{encode({**said, 'padding': 'x' * 75_000})}.{signature}",
        "100 kB of nothing": "a" * 100_000,
        "no JSON": f"{encode(b'[')}.{payload}.{signature}",
        "dots": "..",
        "a space in it": f"{header_text}. {payload}.{signature}",
    }


def by_issuer(key: Key, issuer: str) -> dict[str, str]:
    """What has a good signature and is yet no access token of ours: name → token."""
    now = int(time.time())

    def sign(**changes) -> str:
        return key.sign(claims(issuer, **changes))

    return {
        "expired": sign(iat=now - 3600, exp=now - 120),
        "not yet valid (nbf)": sign(nbf=now + 120),
        "made in the future (iat)": sign(iat=now + 120),
        "wrong iss": sign(iss="https://elsewhere.example.org"),
        "iss with a slash": sign(iss=issuer + "/"),
        "no iss": sign(iss=None),
        "wrong aud": sign(aud=["live-service"]),
        "aud as text": sign(aud="live-service"),
        "aud that only begins like it": sign(aud=["event-service-2"]),
        "no aud": sign(aud=None),
        "empty aud": sign(aud=[]),
        "no exp": sign(exp=None),
        "exp is text": sign(exp="never"),
        "exp beyond numbers": sign(exp=1e300),
        "no iat": sign(iat=None),
        "no sub": sign(sub=None),
        "sub is no user": sign(sub="root"),
        "a refresh token": sign(token_use="refresh"),
        "an ID token": sign(token_use="id"),
        "a service whose name is another's": sign(
            token_use="service", sub="a", client_id="b", scope="events:read", roles=None, permissions=None
        ),
        "typ of another kind": key.sign(claims(issuer), typ="secevent+jwt"),
        "crit": key.sign(claims(issuer), crit=["exp"]),
        "RS384": key.sign(claims(issuer), "RS384"),
        "RS512": key.sign(claims(issuer), "RS512"),
        "PS256": key.sign(claims(issuer), "PS256"),
    }
